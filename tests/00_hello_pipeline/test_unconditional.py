"""Somebody else's pipeline: loaded, run from a seed, and its pictures saved."""

import copy

import pytest
import torch
from diffusers import DDPMScheduler
from PIL import Image

from kata import draw, expect, pipelines, tiny_pipelines
from kata.probes import GaussianUNet, tiny_unet
from kata.verdict import Wrong

STEPS = 6


@pytest.fixture
def scheduler(rng):
    """A schedule of less than 1000 timesteps: whoever asks for the default of 1000 is told."""
    length = int(torch.randint(60, 90, (1,), generator=rng))
    return DDPMScheduler(num_train_timesteps=length, beta_start=0.002, beta_end=0.15)


@pytest.fixture
def oracle(scheduler):
    """A pipeline whose model is no UNet, but remembers what it was shown, and takes no time."""
    keys = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")
    model = GaussianUNet(**{key: scheduler.config[key] for key in keys})
    return tiny_pipelines.unconditional(model, scheduler)


@pytest.fixture
def pipeline(seed, scheduler):
    """A pipeline with a UNet."""
    unet = tiny_unet(seed=seed, **tiny_pipelines.SMALLEST)
    return tiny_pipelines.unconditional(unet, scheduler)


@pytest.fixture
def library(pipeline):
    """A copy for the library's own pictures, whatever becomes of the one that the learner gets."""
    return copy.deepcopy(pipeline)


# Loading


@pytest.fixture
def folder(seed, scheduler, tmp_path):
    """The folder of a pipeline with weights and settings that nobody knows beforehand.

    The weights are in half precision, as the shipped ones are.
    """
    unet = tiny_pipelines.plain_unet(seed).half()
    tiny_pipelines.unconditional(unet, scheduler).save_pretrained(tmp_path)
    return str(tmp_path)


def loaded(exercise, *arguments, **keywords):
    """Call the learner's function and look at what came back."""
    result = exercise.load_pipeline(*arguments, **keywords)
    return expect.instance(result, "DDPMPipeline")


def check_parts(pipeline, unet, scheduler):
    pipelines.same_part(pipeline.unet, unet, "the UNet", of_weights=pipelines.FROM_CONFIG)
    pipelines.same_part(pipeline.scheduler, scheduler, "the scheduler")


@pytest.mark.points(2)
def test_the_pipeline_of_the_folder_is_loaded(exercise, folder, seed, scheduler):
    """The weights, now in float32, and the noise schedule are those that lie in the folder."""
    unet = tiny_pipelines.plain_unet(seed).half().float()
    check_parts(loaded(exercise, folder), unet, scheduler)


def test_the_pipeline_lies_on_the_device(exercise, folder):
    """The UNet is moved to the device; "meta" is one that every torch has."""
    pipelines.on_device(loaded(exercise, folder, "cpu"), "cpu")
    with pipelines.device_maps_left_out():
        pipelines.on_device(loaded(exercise, folder, "meta"), "meta")


@pytest.mark.gpu
def test_the_pipeline_lies_on_the_gpu(exercise, folder):
    """With a GPU the UNet is moved there."""
    pipelines.on_device(loaded(exercise, folder, device="cuda"), "cuda")


# Generating


def generated(exercise, pipeline, **options):
    """Call the learner's function and look at what came back: a list of RGB pictures."""
    pipeline.unet.calls = []
    size = (pipeline.unet.config.sample_size,) * 2
    with pipelines.slips_told():
        images = exercise.generate(pipeline, **options)
    pipelines.no_numbers(images, "the result")
    expect.sequence(images, options.get("batch_size", 8), "the list of pictures")
    for number, image in enumerate(images):
        pipelines.no_numbers(image, f"picture {number}")
        expect.image(image, "RGB", size, f"picture {number}")
    return images


def check_passes(calls, steps, batch_size):
    """The UNet has seen all pictures together, once in each step."""
    sizes = [len(call["sample"]) for call in calls]
    hint = ""
    if sizes == [1] * (steps * batch_size):
        hint = "The pipeline was called once for each picture: `batch_size` makes them together."
    shown = " or ".join(map(str, sorted(set(sizes)))) or "no"
    expect.that(
        sizes == [batch_size] * steps,
        f"the UNet was called {len(sizes)} times, with {shown} pictures at a time",
        f"{steps} times, with all {batch_size} pictures: one call of the pipeline",
        hint,
    )


def library_images(pipeline, generator, batch_size):
    return pipeline(batch_size, generator, num_inference_steps=STEPS).images


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def mistaken_images(pipeline, seed, count):
    """What well-known slips make of the seed: {slip: pictures}."""
    slips = {
        "Each picture has a generator of its own; one for all of them was asked for.": [
            seeded(seed + number) for number in range(count)
        ],
        "Each picture begins from the same seed, so that all are alike: one generator for all.": [
            seeded(seed) for _ in range(count)
        ],
    }
    for other in (0, 42):
        slips[f"The seed is always {other}: `seed` does not reach the generator."] = seeded(other)
    return {hint: library_images(pipeline, generator, count) for hint, generator in slips.items()}


@pytest.mark.points(2)
@pytest.mark.parametrize(("batch_size", "steps"), [(8, STEPS), (3, 4), (1, 5)])
def test_all_pictures_come_from_one_call(exercise, oracle, seed, batch_size, steps):
    """As many pictures as were asked for, made together in as many steps as were asked for."""
    options = {"batch_size": batch_size, "num_inference_steps": steps, "seed": seed}
    generated(exercise, oracle, **options)
    check_passes(oracle.unet.calls, steps, batch_size)


@pytest.mark.points(3)
def test_the_pictures_are_the_librarys(exercise, pipeline, library, rng):
    """The seed leads to the very pictures that the pipeline gives for it."""
    seed = int(torch.randint(100, 10**6, (1,), generator=rng))
    images = generated(exercise, pipeline, batch_size=4, num_inference_steps=STEPS, seed=seed)
    right = library_images(library, seeded(seed), 4)
    pipelines.same_pictures(images, right, lambda: mistaken_images(library, seed, 4))


def test_the_seed_decides(exercise, oracle, seed):
    """The same seed gives the same pictures, another seed gives others."""
    options = {"batch_size": 2, "num_inference_steps": STEPS}
    first, again, other = (
        generated(exercise, oracle, **options, seed=number) for number in (seed, seed, seed + 1)
    )
    expect.that(
        max(map(pipelines.levels_apart, first, again)) <= pipelines.LEVELS,
        f"two calls with the seed {seed} gave different pictures",
        "the same pictures for the same seed",
        "Some random numbers come from elsewhere: the pipeline takes a `generator`.",
    )
    expect.that(
        max(map(pipelines.levels_apart, first, other)) > pipelines.LEVELS,
        f"the seeds {seed} and {seed + 1} gave the same pictures",
        "other pictures for another seed",
        "`seed` does not reach the generator.",
    )


def test_the_global_random_state_stays_as_it_was(exercise, oracle, seed):
    """Whatever else draws random numbers does not notice that pictures were made."""
    generated(exercise, oracle, batch_size=2, num_inference_steps=STEPS, seed=seed)
    pipelines.global_state_unmoved(exercise.last.drew)


def test_the_pipeline_stays_as_it_was(exercise, pipeline, library, seed):
    """Whoever lent the pipeline finds its parts as they were."""
    generated(exercise, pipeline, batch_size=1, num_inference_steps=STEPS, seed=seed)
    pipelines.left_as_it_was(pipeline, library)


def test_the_generator_lies_on_the_cpu(exercise, pipeline, seed):
    """Wherever the pipeline lies, and whatever the machine has: here it lies on "meta"."""
    options = {"batch_size": 1, "num_inference_steps": 1, "seed": seed}
    generated(exercise, pipeline, **options)
    with pipelines.slips_told(), pipelines.without_numbers():
        exercise.call("generate", [pipeline.to("meta")], options, cuda_on_meta=True)


def test_eight_pictures_in_fifty_steps_are_the_default(exercise, oracle):
    """Nothing but the pipeline is needed: then there are eight pictures, made in fifty steps."""
    generated(exercise, oracle)
    check_passes(oracle.unet.calls, 50, 8)


def test_seed_0_is_the_default(exercise, oracle):
    """Without a seed the pictures are those of seed 0: the same today and tomorrow."""
    right = library_images(oracle, seeded(0), 2)
    images = generated(exercise, oracle, batch_size=2, num_inference_steps=STEPS)
    pipelines.same_pictures(images, right)


@pytest.mark.gpu
def test_a_seed_means_the_same_on_a_gpu(exercise, pipeline, library, seed):
    """The noise is drawn on the CPU, so that the pictures hardly depend on the device."""
    right = library_images(library, seeded(seed), 2)
    images = exercise.generate(pipeline.to("cuda"), 2, STEPS, seed)
    # Other noise makes other pictures, by 50 levels and more; rounding on a GPU does not.
    pipelines.same_pictures(images, right, within=20)


# Saving


def saved(exercise, images, path, *columns):
    """Call the learner's function and open what it left there."""
    try:
        exercise.save_pictures(images, str(path), *columns)
    except IsADirectoryError as error:
        raise Wrong(
            f"IsADirectoryError: {path.name} is a folder",
            "a PNG file at `path`",
            "The file's own name was made a folder: `Path(path).parent` is the folder around it."
            if path.is_dir()
            else "",
        ) from error
    expect.that(
        path.is_file(),
        f"no file at {path.name} in the folder {path.parent.name}",
        "a PNG file at `path`",
    )
    try:
        picture = Image.open(path)
        picture.load()
    except OSError as error:
        raise Wrong(f"a file that is no picture: {error}", "a PNG file at `path`") from error
    expect.that(picture.format == "PNG", f"a file of format {picture.format}", "a PNG file")
    return picture


def cell(sheet, number, columns, size):
    left, top = number % columns * size[0], number // columns * size[1]
    return sheet.crop((left, top, left + size[0], top + size[1]))


def check_sheet(sheet, images, columns):
    """The pictures lie row by row, edge to edge, and the places that are left are black."""
    width, height = size = images[0].size
    rows = -(-len(images) // columns)
    whole = (columns * width, rows * height)
    expect.image(sheet, "RGB", whole, "the saved picture", _size_hint(sheet, images, columns))
    shown = [cell(sheet, number, columns, size).tobytes() for number in range(rows * columns)]
    right = [image.tobytes() for image in images]
    for number, pixels in enumerate(right):
        expect.that(
            shown[number] == pixels,
            f"place {number} of the saved picture shows {_which(shown[number], right)}",
            f"picture {number}, pixel by pixel: row by row from the upper left",
        )
    for number in range(len(images), rows * columns):
        black = not any(shown[number])
        expect.that(black, f"place {number} is not black", "black where no picture is left")


def _size_hint(sheet, images, columns):
    width, height = images[0].size
    count = len(images)
    rows, across = -(-count // columns), min(columns, count)
    hints = {
        ((rows + 1) * height, columns * width): (
            f"A row too many: {count} pictures, {columns} in a row, need {rows}. Round up."
        ),
        (rows * (height + 2) + 2, across * (width + 2) + 2): (
            "torchvision's `save_image` draws a frame of two pixels around each picture: `padding`."
        ),
        (count // columns * height, columns * width): "The last, incomplete row is missing.",
        (rows * height, across * width): (
            "The width is that of `columns` pictures, also when there are fewer."
        ),
        (columns * height, rows * width): "Rows and columns are swapped.",
    }
    return hints.get((sheet.height, sheet.width), "")


def _which(pixels, right):
    return f"picture {right.index(pixels)}" if pixels in right else "none of the pictures"


@pytest.mark.points(2)
@pytest.mark.parametrize(
    ("count", "columns"), [(8, 4), (7, 3), (2, 5), (3, 1)], ids=["full", "rest", "few", "one"]
)
def test_the_pictures_lie_row_by_row(exercise, rng, tmp_path, count, columns):
    """Every picture has its place, also where the last row is not full."""
    images = [draw.image(rng, 7, 5) for _ in range(count)]
    check_sheet(saved(exercise, images, tmp_path / "sheet.png", columns), images, columns)


def test_four_in_a_row_is_the_default(exercise, rng, tmp_path):
    """Without `columns` there are four pictures in a row."""
    images = [draw.image(rng, 5, 5) for _ in range(6)]
    check_sheet(saved(exercise, images, tmp_path / "sheet.png"), images, 4)


def test_missing_folders_are_made(exercise, rng, tmp_path):
    """The folders on the way to the file need not be there."""
    images = [draw.image(rng, 5, 5) for _ in range(2)]
    try:
        sheet = saved(exercise, images, tmp_path / "runs" / "first" / "sheet.png", 2)
    except FileNotFoundError as error:
        raise Wrong(
            f"FileNotFoundError: {error.strerror}",
            "folders that are made where they are missing",
            "`Path(path).parent.mkdir(parents=True, exist_ok=True)` makes them.",
        ) from error
    check_sheet(sheet, images, 2)


def test_a_file_that_is_there_is_replaced(exercise, rng, tmp_path):
    """Saving again to the same place leaves the newer pictures there."""
    path = tmp_path / "sheet.png"
    for _ in range(2):
        images = [draw.image(rng, 5, 5) for _ in range(4)]
        check_sheet(saved(exercise, images, path, 2), images, 2)


def test_the_pictures_stay_as_they_were(exercise, rng, tmp_path):
    """Neither the list nor a picture in it is changed: one may save them elsewhere, too."""
    saved(exercise, [draw.image(rng, 5, 5) for _ in range(5)], tmp_path / "sheet.png", 3)
    expect.unchanged(exercise.last)
