"""Wrong and right answers to make_pipeline."""

import copy
import json
import os
from pathlib import Path

import safetensors.torch
import torch
from diffusers import (
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiffusionPipeline,
    UNet2DModel,
)

from kata.zoo import mistake, variant

PARTS = "test_the_pipeline_has_the_model_and_the_scheduler"
PRECISION = "test_the_model_keeps_its_precision"
LAYOUT = "test_the_folder_has_the_layout_of_diffusers"
IN_THEIR_PRECISION = "test_weights_are_saved_in_their_precision"
REPLACED = "test_an_earlier_pipeline_is_replaced"
AS_BEFORE = "test_the_model_that_was_given_learns_as_before"
AS_IT_IS = "test_saving_leaves_the_pipeline_as_it_is"
ANEW = "test_a_folder_is_read_anew_at_each_call"
LOADED = "test_what_the_library_saved_is_loaded"
READY = "test_a_loaded_pipeline_is_ready_to_sample"
BUTTERFLIES = "test_the_butterflies_are_loaded"


# make_pipeline


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="calls its parts `unet`")
def model_by_the_name_model(model, scheduler):
    """The part is called `unet`."""
    return DDPMPipeline(model=model, scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddim]", says="calls its parts `unet`")
def scheduler_by_the_name_noise_scheduler(model, scheduler):
    """The part is called `scheduler`."""
    return DDPMPipeline(unet=model, noise_scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="changed places")
def parts_swapped(model, scheduler):
    """The UNet comes first."""
    return DDPMPipeline(scheduler, model)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="expected a `DDPMPipeline`")
def a_pipeline_of_ddim(model, scheduler):
    """Another class, which turns every scheduler into one of DDIM."""
    return DDIMPipeline(unet=model, scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="expected a `DDPMPipeline`")
def a_tuple_of_parts(model, scheduler):
    """Both parts, and no pipeline."""
    return model, scheduler


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="did you forget it")
def not_returned(model, scheduler):
    """The pipeline is made and lost."""
    DDPMPipeline(unet=model, scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="was the setting passed on?")
def a_scheduler_of_its_own(model, scheduler):
    """A scheduler with the library's settings, not those of the training."""
    return DDPMPipeline(unet=model, scheduler=DDPMScheduler())


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddim]", says="The class of a scheduler belongs")
def always_a_scheduler_of_ddpm(model, scheduler):
    """The class of the scheduler is changed."""
    return DDPMPipeline(unet=model, scheduler=DDPMScheduler.from_config(scheduler.config))


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="a copy is exact")
def a_model_without_its_weights(model, scheduler):
    """A model of the same configuration, new and untrained."""
    return DDPMPipeline(unet=UNet2DModel.from_config(model.config), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=PRECISION, says="weights in float32")
def always_in_single_precision(model, scheduler):
    """The pipeline is moved to float32."""
    return DDPMPipeline(unet=copy.deepcopy(model).float(), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{AS_BEFORE}[training]", says="in evaluation mode")
def model_put_into_evaluation_mode(model, scheduler):
    """The model is made ready to sample; the training goes on without dropout."""
    return DDPMPipeline(unet=model.eval(), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{AS_BEFORE}[evaluation]", says="in training mode")
def model_put_into_training_mode(model, scheduler):
    """The mode is set, whatever it was."""
    return DDPMPipeline(unet=model.train(), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=AS_BEFORE, says="`requires_grad` as it was")
def model_frozen(model, scheduler):
    """A pipeline does not learn, and the model does not any more."""
    return DDPMPipeline(unet=model.requires_grad_(False), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=AS_BEFORE, says="`requires_grad` as it was")
def model_thawed(model, scheduler):
    """All parameters learn, those too that were frozen."""
    return DDPMPipeline(unet=model.requires_grad_(True), scheduler=scheduler)


# save


@mistake("save", rejected_by=LAYOUT, says="Weights in a pickle run code")
def saved_as_a_pickle(pipeline, folder):
    """The format of before safetensors."""
    pipeline.save_pretrained(folder, safe_serialization=False)


@mistake("save", rejected_by=LAYOUT, says="Weights in a pickle run code")
def state_dict_saved(pipeline, folder):
    """The weights alone, by `torch.save`."""
    os.makedirs(folder, exist_ok=True)
    torch.save(pipeline.unet.state_dict(), os.path.join(folder, "model.pt"))


@mistake("save", rejected_by=LAYOUT, says="`torch.save` writes one file")
def pipeline_saved_by_torch(pipeline, folder):
    """A file where a folder is wanted."""
    torch.save(pipeline, folder)


@mistake("save", rejected_by=LAYOUT, says="a file of the name `folder`")
def weights_in_a_file_of_this_name(pipeline, folder):
    """Safetensors are one file; a pipeline is several."""
    safetensors.torch.save_file(pipeline.unet.state_dict(), folder)


@mistake("save", rejected_by=LAYOUT, says="A pickle runs code")
def a_pickle_beside_it(pipeline, folder):
    """The right folder, and the weights once more as a pickle."""
    pipeline.save_pretrained(folder)
    torch.save(pipeline.unet.state_dict(), os.path.join(folder, "unet", "weights.pt"))


@mistake("save", rejected_by=LAYOUT, says="the folder of a model")
def only_the_model(pipeline, folder):
    """The scheduler is not saved, nor is there an index."""
    pipeline.unet.save_pretrained(folder)


@mistake("save", rejected_by=LAYOUT, says="no files in the folder")
def nothing_saved(pipeline, folder):
    """The folder is made, and that is all."""
    os.makedirs(folder, exist_ok=True)


@mistake("save", rejected_by=LAYOUT, says="the index alone")
def only_the_index(pipeline, folder):
    """`save_config` writes the index without the parts."""
    pipeline.save_config(folder)


@mistake("save", rejected_by=LAYOUT, says="nothing says what they make up")
def parts_without_an_index(pipeline, folder):
    """Each part in its folder, but nothing says what they make up."""
    pipeline.unet.save_pretrained(os.path.join(folder, "unet"))
    pipeline.scheduler.save_pretrained(os.path.join(folder, "scheduler"))


@mistake("save", rejected_by=LAYOUT, says="use `folder` itself")
def saved_one_level_deeper(pipeline, folder):
    """A folder in the folder."""
    pipeline.save_pretrained(os.path.join(folder, "pipeline"))


@mistake("save", rejected_by=LAYOUT, says="The files of a variant")
def saved_as_a_variant(pipeline, folder):
    """Weights of a variant have another name, and are only found by it."""
    pipeline.save_pretrained(folder, variant="fp16")


@mistake("save", rejected_by=REPLACED, says="the earlier pipeline still lies")
def an_earlier_one_is_kept(pipeline, folder):
    """A folder that is there is left alone."""
    if not os.path.exists(folder):
        pipeline.save_pretrained(folder)


@mistake("save", rejected_by=REPLACED, says="makes folders itself")
def folder_must_be_new(pipeline, folder):
    """`mkdir` complains about a folder that is there."""
    Path(folder).mkdir(parents=True)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by="test_missing_folders_are_made", says="makes folders itself")
def folders_above_must_be_there(pipeline, folder):
    """`mkdir` makes one level, not those above it."""
    if not os.path.exists(folder):
        os.mkdir(folder)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=f"{IN_THEIR_PRECISION}[half]", says="in float32")
def saved_in_single_precision(pipeline, folder):
    """The weights are converted before they are saved."""
    unet = copy.deepcopy(pipeline.unet).float()
    DDPMPipeline(unet=unet, scheduler=pipeline.scheduler).save_pretrained(folder)


@mistake("save", rejected_by=f"{IN_THEIR_PRECISION}[single]", says="in float16")
def saved_in_half_precision(pipeline, folder):
    """Half the file, and half of each number."""
    pipeline.unet.half()
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=AS_IT_IS, says="`requires_grad` as it was")
def saved_and_frozen(pipeline, folder):
    """What is saved is finished, one might think."""
    pipeline.unet.requires_grad_(False)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=AS_IT_IS, says="expected None")
def folder_returned(pipeline, folder):
    """The path is returned, which whoever called has."""
    pipeline.save_pretrained(folder)
    return folder


@mistake("save", rejected_by=AS_IT_IS, says="evaluation mode")
def mode_changed(pipeline, folder):
    """The model of whoever called is put into evaluation mode."""
    pipeline.unet.eval()
    pipeline.save_pretrained(folder)


# load


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="was the setting passed on?")
def scheduler_with_default_settings(folder):
    """The weights from the folder, the betas from the library."""
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet")
    return DDPMPipeline(unet=unet, scheduler=DDPMScheduler())


@mistake("load", rejected_by=f"{LOADED}[ddim]", says="The class of a scheduler belongs")
def scheduler_of_another_class(folder):
    """The scheduler's configuration is loaded by a class of one's own choice."""
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet")
    scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    return DDPMPipeline(unet=unet, scheduler=scheduler)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="expected a `DDPMPipeline`")
def only_the_unet(folder):
    """A model is not a pipeline."""
    return UNet2DModel.from_pretrained(folder, subfolder="unet")


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="expected a `DDPMPipeline`")
def loaded_as_ddim(folder):
    """Another class than the one that was saved."""
    return DDIMPipeline.from_pretrained(folder)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="a copy is exact")
def configuration_without_weights(folder):
    """The model is built as it was, but its weights are new."""
    unet = UNet2DModel.from_config(UNet2DModel.load_config(folder, subfolder="unet"))
    scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    return DDPMPipeline(unet=unet.eval(), scheduler=scheduler)


@mistake("load", rejected_by=f"{LOADED}[ddim]", says="weights in float16")
def loaded_in_half_precision(folder):
    """Half precision is for GPUs."""
    return DDPMPipeline.from_pretrained(folder).to(torch.float16)


@mistake("load", rejected_by=READY, says="weights in float16")
def loaded_in_the_precision_of_the_file(folder):
    """The dtype of the file is kept."""
    pipeline = DDPMPipeline.from_pretrained(folder)
    if "half" in _precision(folder):
        pipeline.unet.half()
    return pipeline


def _precision(folder):
    """The header of a safetensors file is text, and names the dtype of each tensor."""
    data = (Path(folder) / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return "half" if any(v.get("dtype") == "F16" for v in header.values()) else "single"


@mistake("load", rejected_by=READY, says="a model in training mode")
def left_in_training_mode(folder):
    """Loaded, and then made ready to be trained on."""
    pipeline = DDPMPipeline.from_pretrained(folder)
    pipeline.unet.train()
    return pipeline


@mistake("load", rejected_by=BUTTERFLIES, says="did you forget it")
def loaded_and_not_returned(folder):
    """Loaded and lost."""
    DDPMPipeline.from_pretrained(folder)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="`use_safetensors=False` asks for")
def pickles_asked_for(folder):
    """The weights are sought in a pickle, and there is none."""
    return DDPMPipeline.from_pretrained(folder, use_safetensors=False)


LOADED_BEFORE = {}


@mistake("load", rejected_by=ANEW, says="at the first call")
def kept_by_the_name_of_the_folder(folder):
    """What was loaded once is not loaded again, though another pipeline lies there."""
    if folder not in LOADED_BEFORE:
        LOADED_BEFORE[folder] = DDPMPipeline.from_pretrained(folder)
    return LOADED_BEFORE[folder]


# Right answers


@variant("make_pipeline")
def by_position(model, scheduler):
    """The UNet comes first, the scheduler second."""
    return DDPMPipeline(model, scheduler).to("cpu")


@variant("make_pipeline")
def a_copy_in_evaluation_mode(model, scheduler):
    """A copy of the model is made ready to sample."""
    unet = copy.deepcopy(model).eval().requires_grad_(False)
    pipeline = DDPMPipeline(unet=unet, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@variant("save")
def folder_made_first(pipeline, folder):
    """The folder is made by hand, and what the library says by itself is said."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return pipeline.save_pretrained(Path(folder), safe_serialization=True)


@variant("save")
def part_by_part(pipeline, folder):
    """Each part in its folder, and the index."""
    pipeline.unet.save_pretrained(os.path.join(folder, "unet"))
    pipeline.scheduler.save_pretrained(os.path.join(folder, "scheduler"))
    pipeline.save_config(folder)


@variant("load")
def by_the_general_class(folder):
    """The index names the class, so the general one finds it."""
    return DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)


@variant("load")
def part_by_part_from_the_index(folder):
    """Each part by itself; the index names the class of the scheduler."""
    classes = {"DDPMScheduler": DDPMScheduler, "DDIMScheduler": DDIMScheduler}
    index = json.loads((Path(folder) / "model_index.json").read_text())
    scheduler = classes[index["scheduler"][1]].from_pretrained(folder, subfolder="scheduler")
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet")
    return DDPMPipeline(unet=unet, scheduler=scheduler)
