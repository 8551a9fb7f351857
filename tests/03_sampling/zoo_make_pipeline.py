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

from kata.zoo import mistake, rewrite, variant

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


# make_pipeline


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="calls its parts `unet`")
def model_by_the_name_model(model, scheduler):
    """The model is passed under the name `model`; the pipeline's part is called `unet`."""
    return DDPMPipeline(model=model, scheduler=scheduler)


@rewrite(model_by_the_name_model)
def model_by_the_name_model_in_a_dict(model, scheduler):
    """The parts are collected in a dict under names of one's own."""
    parts = {"scheduler": scheduler, "model": model}
    pipeline = DDPMPipeline(**parts)
    return pipeline


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddim]", says="calls its parts `unet`")
def scheduler_by_the_name_noise_scheduler(model, scheduler):
    """The scheduler is passed under the name `noise_scheduler`; the pipeline's part is called
    `scheduler`.
    """
    return DDPMPipeline(unet=model, noise_scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="changed places")
def parts_swapped(model, scheduler):
    """Model and scheduler change places: by position the UNet comes first."""
    return DDPMPipeline(scheduler, model)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="expected a `DDPMPipeline`")
def a_pipeline_of_ddim(model, scheduler):
    """DDIMPipeline is used, which turns every scheduler into one of DDIM."""
    return DDIMPipeline(unet=model, scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="expected a `DDPMPipeline`")
def a_tuple_of_parts(model, scheduler):
    """Model and scheduler are returned in a tuple, and no pipeline."""
    return model, scheduler


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="did you forget it")
def not_returned(model, scheduler):
    """The pipeline is made, but `return` is missing."""
    DDPMPipeline(unet=model, scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="was the setting passed on?")
def a_scheduler_of_its_own(model, scheduler):
    """The scheduler is a new one with the library's defaults, not the one that was given."""
    return DDPMPipeline(unet=model, scheduler=DDPMScheduler())


@rewrite(a_scheduler_of_its_own)
def a_scheduler_of_its_own_from_nothing(model, scheduler):
    """A scheduler of an empty configuration, which replaces the other one."""
    pipeline = DDPMPipeline(unet=model, scheduler=scheduler)
    pipeline.register_modules(scheduler=DDPMScheduler())
    return pipeline


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddim]", says="The class of a scheduler belongs")
def always_a_scheduler_of_ddpm(model, scheduler):
    """The scheduler is turned into a DDPMScheduler, whatever class it had."""
    return DDPMPipeline(unet=model, scheduler=DDPMScheduler.from_config(scheduler.config))


@mistake("make_pipeline", rejected_by=f"{PARTS}[ddpm]", says="a copy is exact")
def a_model_without_its_weights(model, scheduler):
    """The model is built from its configuration, so its weights are random."""
    return DDPMPipeline(unet=UNet2DModel.from_config(model.config), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=PRECISION, says="weights in float32")
def always_in_single_precision(model, scheduler):
    """The model is converted to float32."""
    return DDPMPipeline(unet=copy.deepcopy(model).float(), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=f"{AS_BEFORE}[training]", says="in evaluation mode")
def model_put_into_evaluation_mode(model, scheduler):
    """The model is put into evaluation mode, where its mode should stay as it was."""
    return DDPMPipeline(unet=model.eval(), scheduler=scheduler)


@rewrite(model_put_into_evaluation_mode)
def model_put_into_evaluation_mode_afterwards(model, scheduler):
    """The pipeline's model, which is the one that was given, is switched over."""
    pipeline = DDPMPipeline(model, scheduler)
    pipeline.unet.train(mode=False)
    return pipeline


@mistake("make_pipeline", rejected_by=f"{AS_BEFORE}[evaluation]", says="in training mode")
def model_put_into_training_mode(model, scheduler):
    """The model is put into training mode, where its mode should stay as it was."""
    return DDPMPipeline(unet=model.train(), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=AS_BEFORE, says="`requires_grad` as it was")
def model_frozen(model, scheduler):
    """The model is frozen by `requires_grad_(False)`."""
    return DDPMPipeline(unet=model.requires_grad_(False), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=AS_BEFORE, says="`requires_grad` as it was")
def model_thawed(model, scheduler):
    """All parameters are made to require gradients, also those that were frozen."""
    return DDPMPipeline(unet=model.requires_grad_(True), scheduler=scheduler)


@mistake("make_pipeline", rejected_by=AS_BEFORE, says="expected a `DDPMPipeline`")
def nothing_made(model, scheduler):
    """No pipeline is made."""


# save


@mistake("save", rejected_by=LAYOUT, says="Weights in a pickle run code")
def saved_as_a_pickle(pipeline, folder):
    """The weights are saved as a pickle, the format of before safetensors."""
    pipeline.save_pretrained(folder, safe_serialization=False)


@rewrite(saved_as_a_pickle)
def saved_as_a_pickle_part_by_part(pipeline, folder):
    """The index and both parts are written one by one."""
    pipeline.save_config(folder)
    target = Path(folder)
    pipeline.scheduler.save_pretrained(target / "scheduler")
    pipeline.unet.save_pretrained(target / "unet", safe_serialization=False)


@mistake("save", rejected_by=LAYOUT, says="Weights in a pickle run code")
def state_dict_saved(pipeline, folder):
    """Only the weights are saved, by `torch.save`."""
    os.makedirs(folder, exist_ok=True)
    torch.save(pipeline.unet.state_dict(), os.path.join(folder, "model.pt"))


@mistake("save", rejected_by=LAYOUT, says="`torch.save` writes one file")
def pipeline_saved_by_torch(pipeline, folder):
    """`torch.save` writes one file, where a folder is wanted."""
    torch.save(pipeline, folder)


@mistake("save", rejected_by=LAYOUT, says="a file of the name `folder`")
def weights_in_a_file_of_this_name(pipeline, folder):
    """The weights are saved in one file, where a folder is wanted."""
    safetensors.torch.save_file(pipeline.unet.state_dict(), folder)


@mistake("save", rejected_by=LAYOUT, says="A pickle runs code")
def a_pickle_beside_it(pipeline, folder):
    """The weights are saved once more as a pickle."""
    pipeline.save_pretrained(folder)
    torch.save(pipeline.unet.state_dict(), os.path.join(folder, "unet", "weights.pt"))


@mistake("save", rejected_by=LAYOUT, says="the folder of a model")
def only_the_model(pipeline, folder):
    """Only the model is saved, without the scheduler and the index."""
    pipeline.unet.save_pretrained(folder)


@mistake("save", rejected_by=LAYOUT, says="no files in the folder")
def nothing_saved(pipeline, folder):
    """The folder is made, and nothing is saved in it."""
    os.makedirs(folder, exist_ok=True)


@mistake("save", rejected_by=LAYOUT, says="the index alone")
def only_the_index(pipeline, folder):
    """`save_config` writes the index without the parts."""
    pipeline.save_config(folder)


@mistake("save", rejected_by=LAYOUT, says="nothing says what they make up")
def parts_without_an_index(pipeline, folder):
    """The parts are saved, but no `model_index.json` that says what they make up."""
    pipeline.unet.save_pretrained(os.path.join(folder, "unet"))
    pipeline.scheduler.save_pretrained(os.path.join(folder, "scheduler"))


@mistake("save", rejected_by=LAYOUT, says="use `folder` itself")
def saved_one_level_deeper(pipeline, folder):
    """The pipeline is saved in a subfolder of the folder."""
    pipeline.save_pretrained(os.path.join(folder, "pipeline"))


@mistake("save", rejected_by=LAYOUT, says="The files of a variant")
def saved_as_a_variant(pipeline, folder):
    """The weights are saved as a variant, under another file name."""
    pipeline.save_pretrained(folder, variant="fp16")


@mistake("save", rejected_by=REPLACED, says="the earlier pipeline still lies")
def an_earlier_one_is_kept(pipeline, folder):
    """A folder that is there already is left as it is, with the earlier pipeline."""
    if not os.path.exists(folder):
        pipeline.save_pretrained(folder)


@mistake("save", rejected_by=REPLACED, says="makes folders itself")
def folder_must_be_new(pipeline, folder):
    """`mkdir` fails for a folder that is there already."""
    Path(folder).mkdir(parents=True)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by="test_missing_folders_are_made", says="makes folders itself")
def folders_above_must_be_there(pipeline, folder):
    """`mkdir` makes one folder, not those above it."""
    if not os.path.exists(folder):
        os.mkdir(folder)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=f"{IN_THEIR_PRECISION}[half]", says="in float32")
def saved_in_single_precision(pipeline, folder):
    """The weights are converted to float32 before they are saved."""
    unet = copy.deepcopy(pipeline.unet).float()
    DDPMPipeline(unet=unet, scheduler=pipeline.scheduler).save_pretrained(folder)


@mistake("save", rejected_by=f"{IN_THEIR_PRECISION}[single]", says="in float16")
def saved_in_half_precision(pipeline, folder):
    """The weights are converted to float16 before they are saved."""
    pipeline.unet.half()
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=AS_IT_IS, says="`requires_grad` as it was")
def saved_and_frozen(pipeline, folder):
    """The model is frozen by `requires_grad_(False)`."""
    pipeline.unet.requires_grad_(False)
    pipeline.save_pretrained(folder)


@mistake("save", rejected_by=AS_IT_IS, says="no files in the folder")
def nothing_done(pipeline, folder):
    """Nothing is written to the folder."""


@mistake("save", rejected_by=AS_IT_IS, says="expected None")
def folder_returned(pipeline, folder):
    """The path is returned, where nothing is asked for."""
    pipeline.save_pretrained(folder)
    return folder


@mistake("save", rejected_by=AS_IT_IS, says="evaluation mode")
def mode_changed(pipeline, folder):
    """The caller's model is put into evaluation mode."""
    pipeline.unet.eval()
    pipeline.save_pretrained(folder)


# load


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="was the setting passed on?")
def scheduler_with_default_settings(folder):
    """The scheduler is a new one with the library's defaults, not the folder's."""
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet")
    return DDPMPipeline(unet=unet, scheduler=DDPMScheduler())


@rewrite(scheduler_with_default_settings)
def scheduler_with_default_settings_afterwards(folder):
    """The whole pipeline is loaded, and gets another scheduler."""
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.scheduler = DDPMScheduler()
    return pipeline


@mistake("load", rejected_by=f"{LOADED}[ddim]", says="The class of a scheduler belongs")
def scheduler_of_another_class(folder):
    """The scheduler is loaded by a class that is written into the function, not the one that was
    saved.
    """
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet")
    scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    return DDPMPipeline(unet=unet, scheduler=scheduler)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="expected a `DDPMPipeline`")
def only_the_unet(folder):
    """Only the UNet is loaded, which is no pipeline."""
    return UNet2DModel.from_pretrained(folder, subfolder="unet")


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="expected a `DDPMPipeline`")
def loaded_as_ddim(folder):
    """DDIMPipeline loads the folder, whatever class was saved."""
    return DDIMPipeline.from_pretrained(folder)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="a copy is exact")
def configuration_without_weights(folder):
    """The model is built from its configuration, so its weights are random."""
    unet = UNet2DModel.from_config(UNet2DModel.load_config(folder, subfolder="unet"))
    scheduler = DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    return DDPMPipeline(unet=unet.eval(), scheduler=scheduler)


@mistake("load", rejected_by=f"{LOADED}[ddim]", says="weights in float16")
def loaded_in_half_precision(folder):
    """The weights are converted to float16."""
    return DDPMPipeline.from_pretrained(folder).to(torch.float16)


@mistake("load", rejected_by=READY, says="weights in float16")
def loaded_in_the_precision_of_the_file(folder):
    """The weights keep the dtype of the file, where float32 is asked for."""
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
    """The model is put into training mode after it was loaded."""
    pipeline = DDPMPipeline.from_pretrained(folder)
    pipeline.unet.train()
    return pipeline


@rewrite(left_in_training_mode)
def left_in_training_mode_from_parts(folder):
    """The model is loaded by itself and switched over before there is a pipeline."""
    unet = UNet2DModel.from_pretrained(os.path.join(folder, "unet"))
    for module in unet.modules():
        module.training = True
    scheduler = DDPMScheduler.from_pretrained(os.path.join(folder, "scheduler"))
    return DDPMPipeline(unet=unet, scheduler=scheduler)


@mistake("load", rejected_by=READY, says="did you forget it")
def loaded_and_not_returned(folder):
    """The pipeline is loaded, but `return` is missing."""
    DDPMPipeline.from_pretrained(folder)


@mistake("load", rejected_by=f"{LOADED}[ddpm]", says="`use_safetensors=False` asks for")
def pickles_asked_for(folder):
    """`use_safetensors=False` looks for the weights in a pickle, and there is none."""
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
