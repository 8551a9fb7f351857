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

from kata.zoo import mistake, rewrite, variant

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
    """The models are in half precision (float16) on a CPU, where float32 is right."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, torch.float16)


@rewrite(always_half)
def always_half_when_loading(model_dir, device="cpu"):
    """The precision is named when loading, and the class is found by Diffusers."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir, torch_dtype=torch.float16)
    pipeline.to(device)
    return pipeline


@mistake("load_text_to_image", rejected_by=FOLDER, says="is float16")
def the_wrong_way_round(model_dir, device="cpu"):
    """The models are in half precision (float16) on a CPU, where float32 is right."""
    dtype = torch.float32 if "cuda" in device else torch.float16
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@mistake("load_text_to_image", rejected_by=FOLDER, says="the part `unet` is bfloat16")
def the_other_half(model_dir, device="cpu"):
    """The models are in bfloat16, where a CPU should have float32."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, torch.bfloat16)


@mistake("load_text_to_image", rejected_by=HALF, says="the part `unet` is float32")
def never_half(model_dir, device="cpu"):
    """The models stay in float32, also on a CUDA device."""
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device)


@mistake("load_text_to_image", rejected_by=HALF, says="on the device 'cuda:1'")
def half_by_one_name(model_dir, device="cpu"):
    """The device is compared with "cuda" alone, but "cuda:1" is one of CUDA, too."""
    dtype = torch.float16 if device == "cuda" else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir, torch_dtype=dtype).to(device)


@mistake("load_text_to_image", rejected_by=HALF, says="the part `vae` is float32")
def half_a_unet(model_dir, device="cpu"):
    """Only the UNet is converted to half precision; VAE and text encoder are not."""
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir).to(device)
    if "cuda" in device:
        pipeline.unet.half()
    return pipeline


@mistake("load_text_to_image", rejected_by=HALF, says="is bfloat16")
def the_other_half_on_cuda(model_dir, device="cpu"):
    """The models are in bfloat16 on CUDA, where float16 is asked for."""
    dtype = torch.bfloat16 if "cuda" in device else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@mistake("load_text_to_image", rejected_by=MACHINE, says="on the device 'cpu'")
def half_where_there_is_a_gpu(model_dir, device="cpu"):
    """The precision depends on whether the machine has a GPU, not on the device that was asked
    for.
    """
    dtype = torch.float16 if torch.cuda.is_available() else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


@rewrite(half_where_there_is_a_gpu)
def half_where_there_is_a_gpu_part_by_part(model_dir, device="cpu"):
    """Each model is converted by itself, inside an `if`."""
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir)
    if torch.cuda.is_available():
        for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
            part.half()
    return pipeline.to(device)


@mistake("load_text_to_image", rejected_by=DEVICE, says="`pipeline.to(device)` moves")
def never_moved(model_dir, device="cpu"):
    """The pipeline is never moved to the device."""
    return StableDiffusionPipeline.from_pretrained(model_dir)


@mistake("load_text_to_image", rejected_by=DEVICE, says="Supported strategies are: cpu")
def every_other_device_refused(model_dir, device="cpu"):
    """Every device but the CPU is refused by an error of the function's own."""
    if device != "cpu":
        raise NotImplementedError(f"{device} not supported. Supported strategies are: cpu")
    return StableDiffusionPipeline.from_pretrained(model_dir)


@mistake("load_text_to_image", rejected_by=DEVICE, says="the part `vae` lies on 'cpu'")
def only_the_unet_moved(model_dir, device="cpu"):
    """Only the UNet is moved to the device; VAE and text encoder stay behind."""
    pipeline = StableDiffusionPipeline.from_pretrained(model_dir)
    pipeline.unet.to(device)
    return pipeline


@mistake("load_text_to_image", rejected_by=FOLDER, says="did you forget it?")
def load_returns_nothing(model_dir, device="cpu"):
    """The pipeline is loaded, but `return` is missing."""
    StableDiffusionPipeline.from_pretrained(model_dir).to(device)


@mistake("load_text_to_image", rejected_by=FOLDER, says="the result is UNet2DConditionModel")
def only_the_unet(model_dir, device="cpu"):
    """Only the UNet is loaded, which is no pipeline."""
    return UNet2DConditionModel.from_pretrained(model_dir, subfolder="unet").to(device)


@mistake("load_text_to_image", rejected_by=FOLDER, says="architecture")
def always_the_shipped_one(model_dir, device="cpu"):
    """A folder is written into the function, whatever `model_dir` says."""
    folder = "data/models/butterflies-text-to-image"
    return StableDiffusionPipeline.from_pretrained(folder).to(device)


@mistake("paint", rejected_by=PROMPT, says="The prompt plays no part")
def prompt_written_down(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """A prompt is written into the function, and the one that was given is ignored."""
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
    """`guidance_scale` never reaches the pipeline: it is left out, or goes under a keyword that
    the pipeline ignores.
    """
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@rewrite(guidance_forgotten)
def guidance_forgotten_in_the_settings(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The settings are collected in a dict, and the result is a tuple."""
    generator = torch.Generator(device="cpu")
    generator.manual_seed(seed)
    settings = {
        "prompt": [prompt],
        "num_inference_steps": num_inference_steps,
        "generator": [generator],
        "return_dict": False,
    }
    if negative_prompt is not None:
        settings["negative_prompt"] = [negative_prompt]
    images = pipeline(**settings)[0]
    return images[0]


@mistake("paint", rejected_by=NEGATIVE, says="`negative_prompt` does not reach the pipeline")
def negative_prompt_forgotten(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The negative prompt is not handed on to the pipeline."""
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
    """Prompt and negative prompt change places."""
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
    """A guidance of 0 is false in Python, so 7.5 is taken in its place."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale or 7.5,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@rewrite(nothing_is_the_default)
def nothing_is_the_default_in_an_if(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """`if not` in the place of `or`."""
    if not guidance_scale:
        guidance_scale = 7.5
    rng = torch.Generator()
    rng.manual_seed(seed)
    result = pipeline(
        prompt=prompt,
        negative_prompt=negative_prompt,
        guidance_scale=guidance_scale,
        num_inference_steps=num_inference_steps,
        generator=rng,
    )
    (picture,) = result["images"]
    return picture


@mistake("paint", rejected_by=LEFT, says="what is changed in it stays so")
def another_scheduler(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The caller's pipeline gets another scheduler, and keeps it."""
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
    """The generator lies on the pipeline's device, where a seed means other numbers than on the
    CPU.
    """
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
    """The generator lies on the GPU if the machine has one, where a seed means other numbers."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.Generator(device).manual_seed(seed),
    ).images[0]


@mistake("paint", rejected_by=ON_CPU, says="there is no GPU")
def on_a_gpu_alone(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """Where the pipeline lies on no GPU, an error is raised in the place of a picture."""
    if pipeline.device.type != "cuda":
        raise RuntimeError("there is no GPU")
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=seeded(seed),
    ).images[0]


@mistake("paint", rejected_by=ON_CPU, says="the pipeline was moved")
def moved_to_the_cpu(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The caller's pipeline is moved to the CPU."""
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
    """The picture is returned as an array of numbers, not as a PIL image."""
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
    """The negative prompt is written into the prompt with a "no", which the text encoder does
    not understand.
    """
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
    """The number of steps is not handed on, so that there are always fifty."""
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
    """The pipeline gets no generator, so it draws from torch's global state."""
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
    """A seed is written into the function, and the one that was given is ignored."""
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
    """`torch.manual_seed` seeds the global generator, from which everybody draws."""
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.manual_seed(seed),
    ).images[0]


@rewrite(global_seed)
def global_seed_without_a_generator(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """The global state is seeded in a line of its own, and no generator is handed over."""
    torch.random.manual_seed(seed)
    output = pipeline(
        prompt,
        negative_prompt=negative_prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
    )
    return output.images[0]


@mistake("paint", rejected_by=PROMPT, says="take its first")
def a_list_of_one(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """`.images` is a list, even with one picture in it, and is returned as it is."""
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
    """The pipeline's whole output is returned: the picture is never taken out of it."""
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
    """`.image` is asked of the pipeline's output, whose field is called `images`."""
    return pipeline(prompt, num_inference_steps=num_inference_steps, generator=seeded(seed)).image


@mistake("paint", rejected_by=PROMPT, says="are height and width")
def arguments_in_the_wrong_place(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """Steps and guidance are given by position, where the pipeline takes them for height and
    width.
    """
    return pipeline(prompt, num_inference_steps, guidance_scale, generator=seeded(seed)).images[0]


@mistake("paint", rejected_by=GUIDANCE, says="a misspelled keyword is ignored in silence")
def a_keyword_that_is_none(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """`guidance_scale` never reaches the pipeline: it is left out, or goes under a keyword that
    the pipeline ignores.
    """
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
    """The seed itself is handed over where a generator belongs."""
    return pipeline(prompt, generator=seed).images[0]


@mistake("paint", rejected_by=ALONE, says="differs by up to")
def weaker_by_default(
    pipeline, prompt, num_inference_steps=50, guidance_scale=3.0, negative_prompt=None, seed=0
):
    """The default of `guidance_scale` is no longer 7.5."""
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


@mistake("load_text_to_image", rejected_by=HALF, says="cuda:1 not supported")
def by_a_device_map(model_dir, device="cpu"):
    """`device_map` knows "cuda" and "cpu", but no device with a number, such as "cuda:1"."""
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
