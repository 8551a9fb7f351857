"""A picture from words: prompt, guidance, negative prompt, steps and seed reach the pipeline."""

import copy
import functools

import pytest
import torch

from kata import expect, pipelines, tiny_pipelines
from kata.describe import describe
from kata.verdict import Wrong

STEPS = 2
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
LOST = "{} does not reach the pipeline, where a misspelled keyword is ignored in silence."


@pytest.fixture
def pipeline(seed):
    return tiny_pipelines.text_to_image(seed)


@pytest.fixture
def library(seed):
    """The same once more, for the library's own pictures. No learner gets it."""
    return library_of(seed)


library_of = functools.cache(tiny_pipelines.text_to_image)


@pytest.fixture
def prompt(rng):
    """A butterfly whose two colours are drawn anew."""
    first, second = torch.randperm(len(COLOURS), generator=rng)[:2].tolist()
    return f"a {COLOURS[first]} butterfly with {COLOURS[second]} hindwings on a pale ground"


# Loading


@pytest.fixture
def folder(seed, tmp_path):
    """A folder with UNet and VAE in half precision, as the shipped one has them."""
    tiny_pipelines.write(files(seed), tmp_path)
    return str(tmp_path)


@functools.cache
def files(seed):
    return tiny_pipelines.files_of(half_precise(seed))


def half_precise(seed):
    pipeline = tiny_pipelines.text_to_image(seed)
    pipeline.unet.half()
    pipeline.vae.half()
    return pipeline


def loaded(exercise, *arguments, cuda_on_meta=False, **keywords):
    """Call the learner's function and look at what came back."""
    result = exercise.call("load_text_to_image", arguments, keywords, cuda_on_meta=cuda_on_meta)
    return expect.instance(result, "StableDiffusionPipeline")


def check_parts(pipeline, wanted):
    """Every part is there, as the folder has it."""
    for name, part in wanted.components.items():
        if part is not None:
            pipelines.same_part(getattr(pipeline, name), part, f"the part `{name}`")


def check_precision(pipeline, dtype, device):
    for name in ("unet", "vae", "text_encoder"):
        given, right = (
            str(one).removeprefix("torch.") for one in (getattr(pipeline, name).dtype, dtype)
        )
        expect.that(
            given == right,
            f"on the device {device!r}, the part `{name}` is {given}",
            f"{right}: half precision (float16) on CUDA devices, and there alone",
        )


@pytest.mark.points(2)
def test_the_pipeline_of_the_folder_is_loaded(exercise, folder, seed):
    """All parts are those of the folder, and on a CPU the models are float32."""
    pipeline = loaded(exercise, folder)
    pipelines.on_device(pipeline, "cpu")
    check_precision(pipeline, torch.float32, "cpu")
    check_parts(pipeline, half_precise(seed).to(torch.float32))


def test_the_pipeline_lies_on_the_device(exercise, folder):
    """All models are moved to the device: here it is "meta", which every torch has."""
    with pipelines.device_maps_left_out():
        pipeline = loaded(exercise, folder, "meta")
        pipelines.on_device(pipeline, "meta")
        check_precision(pipeline, torch.float32, "meta")


@pytest.mark.points(2)
def test_on_cuda_it_is_half_precision(exercise, folder):
    """On "cuda:1", which this test pretends to have, UNet, VAE and text encoder are float16."""
    pipeline = loaded(exercise, folder, "cuda:1", cuda_on_meta=True)
    check_precision(pipeline, torch.float16, "cuda:1")


def test_the_device_decides_not_the_machine(exercise, folder):
    """Whoever asks for "cpu" gets float32 there, also on a machine with a GPU."""
    pipeline = loaded(exercise, folder, "cpu", cuda_on_meta=True)
    pipelines.on_device(pipeline, "cpu")
    check_precision(pipeline, torch.float32, "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_on_a_gpu_it_is_half_precision(exercise, folder, device):
    """On a CUDA device all models are float16, however the device is called."""
    pipeline = loaded(exercise, folder, device)
    pipelines.on_device(pipeline, "cuda")
    check_precision(pipeline, torch.float16, device)


# Painting


def painted(exercise, pipeline, prompt, **options):
    """Call the learner's function and look at what came back: one RGB picture."""
    with pipelines.slips_told():
        image = exercise.paint(pipeline, prompt, **options)
    if isinstance(image, (list, tuple)):
        hint = "`.images` is a list, also where there is one picture: take its first."
        raise Wrong(f"the result is {describe(image)}", "one PIL image", hint)
    pipelines.no_numbers(image, "the result")
    return expect.image(image, "RGB", (8, 8))


def library_image(pipeline, prompt, seed=0, num_inference_steps=STEPS, **options):
    generator = torch.Generator().manual_seed(seed)
    output = pipeline(
        prompt, num_inference_steps=num_inference_steps, generator=generator, **options
    )
    return output.images[0]


def check_image(image, pipeline, prompt, **options):
    """The picture is the one that the pipeline gives for these arguments."""

    def mistaken_images():
        return {
            hint: [library_image(pipeline, **{"prompt": prompt, **options, **changed})]
            for hint, changed in slips(prompt, options).items()
        }

    right = library_image(pipeline, prompt, **options)
    pipelines.same_pictures([image], [right], mistaken_images)


def slips(prompt, options):
    """What well-known slips hand to the pipeline in the place of the arguments."""
    lost = f"{LOST} It took {{}}."
    negative = options.get("negative_prompt")
    found = {
        lost.format("`guidance_scale`", "its own 7.5"): {"guidance_scale": 7.5},
        lost.format("`num_inference_steps`", "its own 50"): {"num_inference_steps": 50},
        lost.format("`negative_prompt`", "none"): {"negative_prompt": None},
        lost.format("`prompt`", "an empty one"): {"prompt": ""},
        "The seed is always 0: `seed` does not reach the generator.": {"seed": 0},
        "The seed is always 42: `seed` does not reach the generator.": {"seed": 42},
    }
    if negative is not None:
        swapped = {"prompt": negative, "negative_prompt": prompt}
        found["Prompt and negative prompt changed places."] = swapped
        for link in (", no ", " no ", ", not ", " without ", ", "):
            words = f"{prompt}{link}{negative}"
            hint = f"The negative prompt stands in the prompt, {words!r}: it has an argument."
            found[hint] = {"prompt": words, "negative_prompt": None}
    return found


def number(rng, low, high):
    return int(torch.randint(low, high, (1,), generator=rng))


@pytest.mark.points(3)
def test_the_picture_is_the_librarys(exercise, pipeline, library, prompt, rng):
    """All that was asked for reaches the pipeline: the picture is the one that it gives then."""
    options = {
        "guidance_scale": number(rng, 20, 45) / 10,
        "negative_prompt": "a pink butterfly with bands on a meadow ground",
        "seed": number(rng, 100, 10**6),
    }
    image = painted(exercise, pipeline, prompt, num_inference_steps=STEPS, **options)
    check_image(image, library, prompt, **options)


def check_different(image, other, what, hint=""):
    expect.that(
        pipelines.levels_apart(image, other) > pipelines.LEVELS,
        f"the same picture for {what}",
        "two different pictures",
        hint,
    )


@pytest.mark.points(2)
def test_the_prompt_steers(exercise, pipeline, library, seed):
    """Another prompt makes another picture of the same noise."""
    prompts = ["a red butterfly on a pale ground", "a blue butterfly on a pale ground"]
    red, blue = (
        painted(exercise, pipeline, prompt, num_inference_steps=STEPS, seed=seed)
        for prompt in prompts
    )
    check_different(red, blue, "a red and for a blue butterfly", "The prompt plays no part.")
    for image, prompt in zip([red, blue], prompts, strict=True):
        check_image(image, library, prompt, seed=seed)


@pytest.mark.points(2)
def test_guidance_steers(exercise, pipeline, library, prompt, seed):
    """With guidance 7.5 the prompt pulls harder than with guidance 1, where it only conditions."""
    options = {"guidance_scale": 1.0, "seed": seed}
    weak = painted(exercise, pipeline, prompt, num_inference_steps=STEPS, **options)
    strong = library_image(library, prompt, guidance_scale=7.5, seed=seed)
    what = "the guidance scales 1 and 7.5"
    check_different(weak, strong, what, LOST.format("`guidance_scale`"))
    check_image(weak, library, prompt, **options)


def test_guidance_0_is_a_number_too(exercise, pipeline, library, prompt, seed):
    """Guidance 0 is none, as with every scale up to 1: the prompt only conditions."""
    options = {"guidance_scale": 0.0, "seed": seed}
    image = painted(exercise, pipeline, prompt, num_inference_steps=STEPS, **options)
    check_image(image, library, prompt, **options)


def test_the_negative_prompt_leads_away(exercise, pipeline, library, prompt, seed):
    """What shall not be seen takes part in the guidance."""
    options = {"negative_prompt": "a white butterfly", "seed": seed}
    image = painted(exercise, pipeline, prompt, num_inference_steps=STEPS, **options)
    other = library_image(library, prompt, seed=seed)
    what = "no negative prompt and the negative prompt 'a white butterfly'"
    check_different(image, other, what, LOST.format("`negative_prompt`"))
    check_image(image, library, prompt, **options)


def test_it_takes_as_many_steps_as_were_asked_for(exercise, pipeline, library, prompt, rng, seed):
    """The number of steps from noise to picture is the caller's."""
    steps = number(rng, 5, 9)
    image = painted(exercise, pipeline, prompt, num_inference_steps=steps, seed=seed)
    check_image(image, library, prompt, num_inference_steps=steps, seed=seed)


def test_the_seed_decides(exercise, pipeline, prompt, seed):
    """The same seed gives the same picture, another seed gives another one."""
    first, again, other = (
        painted(exercise, pipeline, prompt, num_inference_steps=1, seed=number)
        for number in (seed, seed, seed + 1)
    )
    expect.that(
        pipelines.levels_apart(first, again) <= pipelines.LEVELS,
        f"two calls with the seed {seed} gave different pictures",
        "the same picture for the same seed",
        "Some random numbers come from elsewhere: the pipeline takes a `generator`.",
    )
    hint = "`seed` does not reach the generator."
    check_different(first, other, f"the seeds {seed} and {seed + 1}", hint)


def test_the_global_random_state_stays_as_it_was(exercise, pipeline, prompt, seed):
    """Whatever else draws random numbers does not notice that a picture was made."""
    painted(exercise, pipeline, prompt, num_inference_steps=1, seed=seed)
    pipelines.global_state_unmoved(exercise.last.drew)


def test_the_pipeline_stays_as_it_was(exercise, pipeline, library, prompt, seed):
    """Whoever lent the pipeline finds its parts as they were."""
    painted(exercise, pipeline, prompt, num_inference_steps=1, seed=seed)
    pipelines.left_as_it_was(pipeline, library)


def test_the_generator_lies_on_the_cpu(exercise, pipeline, prompt, seed):
    """Wherever the pipeline lies, and whatever the machine has: here it lies on "meta"."""
    options = {"num_inference_steps": 1, "seed": seed}
    painted(exercise, pipeline, prompt, **options)
    arguments = [pipeline.to("meta"), prompt]
    with pipelines.slips_told(), pipelines.without_numbers():
        exercise.call("paint", arguments, options, cuda_on_meta=True)


def test_prompt_alone_is_enough(exercise, pipeline, library, prompt):
    """Without more there are 50 steps, guidance 7.5, no negative prompt and seed 0."""
    image = painted(exercise, pipeline, prompt)
    check_image(image, library, prompt, num_inference_steps=50)


@pytest.mark.gpu
def test_it_paints_on_a_gpu(exercise, pipeline, library, prompt, seed):
    """The noise is drawn on the CPU and goes to where the pipeline lies."""
    library = copy.deepcopy(library)
    for one in (pipeline, library):
        one.to("cuda", torch.float16)
    image = painted(exercise, pipeline, prompt, num_inference_steps=STEPS, seed=seed)
    check_image(image, library, prompt, seed=seed)
