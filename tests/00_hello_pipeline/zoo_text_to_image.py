"""Wrong and right answers to text_to_image."""

import numpy as np
import torch
from diffusers import (
    AutoPipelineForText2Image,
    DDIMScheduler,
    DiffusionPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from PIL import Image

from kata.zoo import mistake, variant

FOLDER = "test_the_pipeline_of_the_folder_is_loaded"
DEVICE = "test_the_pipeline_lies_on_the_device"
HALF = "test_on_cuda_it_is_half_precision"
MACHINE = "test_the_device_decides_not_the_machine"
ZERO = "test_guidance_0_is_a_number_too"
LEFT = "test_the_pipeline_stays_as_it_was"
ON_CPU = "test_the_generator_lies_on_the_cpu"
LIBRARY = "test_the_picture_is_the_librarys"
PROMPT = "test_the_prompt_steers"
GUIDANCE = "test_guidance_steers"
NEGATIVE = "test_the_negative_prompt_leads_away"
STEPS = "test_it_takes_as_many_steps_as_were_asked_for"
SEED = "test_the_seed_decides"
GLOBAL = "test_the_global_random_state_stays_as_it_was"
ALONE = "test_prompt_alone_is_enough"


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@mistake("load_text_to_image", rejected_by=FOLDER, says="half precision (float16) on CUDA devices")
def always_half(model_dir, device="cpu"):
    """Half precision everywhere: most operations on a CPU are slow with it, or missing."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, torch.float16)


@mistake("load_text_to_image", rejected_by=FOLDER, says="is float16")
def the_wrong_way_round(model_dir, device="cpu"):
    """The two branches of the condition are swapped."""
    dtype = torch.float32 if "cuda" in device else torch.float16
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@mistake("load_text_to_image", rejected_by=FOLDER, says="the part `unet` is bfloat16")
def the_other_half(model_dir, device="cpu"):
    """bfloat16, because a CPU can do that."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, torch.bfloat16)


@mistake("load_text_to_image", rejected_by=HALF, says="the part `unet` is float32")
def never_half(model_dir, device="cpu"):
    """Full precision everywhere."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device)


@mistake("load_text_to_image", rejected_by=HALF, says="on the device 'cuda:1'")
def half_by_one_name(model_dir, device="cpu"):
    """A device of CUDA has other names than "cuda"."""
    dtype = torch.float16 if device == "cuda" else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir, torch_dtype=dtype).to(device)


@mistake("load_text_to_image", rejected_by=HALF, says="the part `vae` is float32")
def half_a_unet(model_dir, device="cpu"):
    """Only the largest of the models is converted."""
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir).to(device)
    if "cuda" in device:
        pipeline.unet.half()
    return pipeline


@mistake("load_text_to_image", rejected_by=HALF, says="is bfloat16")
def the_other_half_on_cuda(model_dir, device="cpu"):
    """bfloat16 is another half precision."""
    dtype = torch.bfloat16 if "cuda" in device else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@mistake("load_text_to_image", rejected_by=MACHINE, says="on the device 'cpu'")
def half_where_there_is_a_gpu(model_dir, device="cpu"):
    """The machine is asked, not the device."""
    dtype = torch.float16 if torch.cuda.is_available() else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@mistake("load_text_to_image", rejected_by=DEVICE, says="`pipeline.to(device)` moves")
def never_moved(model_dir, device="cpu"):
    """The device is ignored."""
    return StableDiffusionPipeline.from_pretrained(model_dir)


@mistake("load_text_to_image", rejected_by=DEVICE, says="the part `vae` lies on 'cpu'")
def only_the_unet_moved(model_dir, device="cpu"):
    """One of the models is moved."""
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir)
    pipeline.unet.to(device)
    return pipeline


@mistake("load_text_to_image", rejected_by=FOLDER, says="did you forget it?")
def load_returns_nothing(model_dir, device="cpu"):
    """`return` is missing."""
    StableDiffusionPipeline.from_pretrained(model_dir).to(device)


@mistake("load_text_to_image", rejected_by=FOLDER, says="the result is UNet2DConditionModel")
def only_the_unet(model_dir, device="cpu"):
    """A model is no pipeline."""
    return UNet2DConditionModel.from_pretrained(model_dir, subfolder="unet").to(device)


@mistake("load_text_to_image", rejected_by=FOLDER, says="architecture")
def always_the_shipped_one(model_dir, device="cpu"):
    """The folder is written into the function."""
    folder = "data/models/butterflies-text-to-image"
    return StableDiffusionPipeline.from_pretrained(folder).to(device)


@mistake("paint", rejected_by=PROMPT, says="The prompt plays no part")
def prompt_written_down(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The prompt is written into the function."""
    return pipeline(
        "a butterfly",
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=GUIDANCE, says="`guidance_scale` does not reach the pipeline")
def guidance_forgotten(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The guidance is always the pipeline's own."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=NEGATIVE, says="`negative_prompt` does not reach the pipeline")
def negative_prompt_forgotten(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """What shall not be seen is not handed on."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=LIBRARY, says="changed places")
def prompts_swapped(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """What shall be seen is what shall not be."""
    if negative_prompt is not None:
        prompt, negative_prompt = negative_prompt, prompt
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=ZERO, says="It took its own 7.5")
def nothing_is_the_default(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """0 is false in Python."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale or 7.5,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=LEFT, says="what is changed in it stays so")
def another_scheduler(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The caller's pipeline gets a faster scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, eta=0)
    pipeline.scheduler.register_to_config(timestep_spacing="trailing")
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=ON_CPU, says="a generator of the CPU, wherever")
def a_generator_of_the_device(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The numbers of a seed are others on a GPU."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.Generator(pipeline.device).manual_seed(seed),
    ).images[0]


@mistake("paint", rejected_by=ON_CPU, says="a generator of the CPU, wherever")
def a_generator_of_the_gpu(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The best device of the machine."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.Generator(device).manual_seed(seed),
    ).images[0]


@mistake("paint", rejected_by=ON_CPU, says="the pipeline was moved")
def moved_to_the_cpu(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The caller's pipeline is moved."""
    pipeline.to("cpu")
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=PROMPT, says='with `output_type="np"`')
def numbers_for_a_picture(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The picture as an array of numbers."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
        output_type="np",
    ).images[0]


@mistake("paint", rejected_by=NEGATIVE, says="The negative prompt stands in the prompt")
def negation_in_the_prompt(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """A text encoder does not understand "no"."""
    words = prompt if negative_prompt is None else f"{prompt}, no {negative_prompt}"
    return pipeline(
        words,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=STEPS, says="`num_inference_steps` does not reach the pipeline")
def steps_forgotten(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """There are always fifty steps."""
    return pipeline(
        prompt,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=SEED, says="takes a `generator`")
def no_generator(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The pipeline draws from torch's global state."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
    ).images[0]


@mistake("paint", rejected_by=SEED, says="`seed` does not reach the generator")
def seed_ignored(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The seed is written into the function."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(42),
    ).images[0]


@mistake("paint", rejected_by=GLOBAL, says="seeds it for everybody")
def global_seed(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """`torch.manual_seed` seeds and returns the global generator."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.manual_seed(seed),
    ).images[0]


@mistake("paint", rejected_by=PROMPT, says="take its first")
def a_list_of_one(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """`.images` is a list, even with one picture in it."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images


@mistake("paint", rejected_by=PROMPT, says="`.images` of a pipeline")
def the_whole_output(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The picture is never taken out of what the pipeline returns."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    )


@mistake("paint", rejected_by=PROMPT, says="`.images`")
def image_in_the_singular(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The output has no field `image`."""
    return pipeline(prompt, num_inference_steps=num_inference_steps, generator=seeded(seed)).image


@mistake("paint", rejected_by=PROMPT, says="are height and width")
def arguments_in_the_wrong_place(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """By position, steps and guidance are taken for height and width."""
    return pipeline(prompt, num_inference_steps, guidance_scale, generator=seeded(seed)).images[0]


@mistake("paint", rejected_by=GUIDANCE, says="a misspelled keyword is ignored in silence")
def a_keyword_that_is_none(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The pipeline knows no `cfg_scale`, and does not complain."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        cfg_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=PROMPT, says="where the pipeline wants its `generator`")
def a_seed_for_a_generator(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """A number is no generator."""
    return pipeline(prompt, generator=seed).images[0]


@mistake("paint", rejected_by=ALONE, says="differs by up to")
def weaker_by_default(
    pipeline, prompt, num_inference_steps=50, guidance_scale=3.0, negative_prompt=None, seed=0
):
    """The default of the stub was changed."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@variant("load_text_to_image")
def by_the_general_class(model_dir, device="cpu"):
    """DiffusionPipeline finds out the class; the precision is named when loading."""
    half = str(device).startswith("cuda")
    return DiffusionPipeline.from_pretrained(
        model_dir, torch_dtype=torch.float16 if half else torch.float32
    ).to(device)


@variant("load_text_to_image")
def by_task(model_dir, device="cpu"):
    """The class for the task, then one step after the other."""
    pipeline = AutoPipelineForText2Image.from_pretrained(model_dir)
    pipeline.to(device)
    if "cuda" in device:
        pipeline.to(torch.float16)
    return pipeline


@variant("load_text_to_image")
def by_a_device_map(model_dir, device="cpu"):
    """The library loads the weights to where they shall lie."""
    dtype = torch.float16 if torch.device(device).type == "cuda" else torch.float32
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir, device_map=device)
    for name in ("unet", "vae", "text_encoder"):
        getattr(pipeline, name).to(dtype=dtype)
    return pipeline


@variant("paint")
def a_list_of_one_prompt(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """Lists everywhere, a tuple in the place of the output, an empty text in the place of None."""
    images, _ = pipeline(
        prompt=[prompt],
        negative_prompt=[negative_prompt or ""],
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        generator=[seeded(seed)],
        return_dict=False,
    )
    return images[0]


@variant("paint")
def from_embeddings(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The text is encoded first; the pipeline gets its embeddings."""
    embeddings, negative = pipeline.encode_prompt(
        prompt, pipeline.device, 1, guidance_scale > 1, negative_prompt
    )
    output = pipeline(
        prompt_embeds=embeddings,
        negative_prompt_embeds=negative,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        generator=seeded(seed),
    )
    return output["images"][0]


@variant("paint")
def by_way_of_an_array(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The pipeline gives numbers, which are made a picture here; the noise is drawn before."""
    size = pipeline.unet.config.sample_size
    latents = torch.randn(1, 4, size, size, generator=seeded(seed), dtype=pipeline.unet.dtype)
    pixels = pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        latents=latents.to(pipeline.device),
        output_type="np",
    ).images[0]
    return Image.fromarray((pixels * 255).round().astype(np.uint8))
