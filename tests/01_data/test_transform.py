"""A data set that preprocesses each row when it is asked for."""

import pytest
import torch
from datasets import Dataset, Features, Image, Value
from PIL import Image as PillowImage

from kata import draw, expect, pixels
from kata.describe import describe

ROWS = 23  # a prime: flips that are counted through differ from one reading to the next
SHAPES = [(64, 64, "RGB"), (60, 48, "L"), (43, 60, "RGBA"), (56, 56, "P"), (96, 60, "RGB")]


def examples_of(images):
    """A batch as `set_transform` hands it over."""
    return {"image": images, "caption": [f"butterfly {i}" for i in range(len(images))]}


def dataset_of(images):
    features = Features({"image": Image(), "caption": Value("string")})
    return Dataset.from_dict(examples_of(images), features)


def photos(rng):
    return [draw.photo(rng, *shape) for shape in SHAPES]


def tensors_in(result, count):
    """The tensors of a batch: a list of `count`, or a stack of as many."""
    hint = ""
    if type(result) is dict and "image" in result:
        hint = "`image` is the column of the data set; the training reads `images`."
    value = expect.mapping(result, "images", hint)
    if isinstance(value, torch.Tensor):
        expect.tensor(value, (count, None, None, None), name='`result["images"]`')
        return list(value)
    return expect.sequence(value, count, '`result["images"]`')


def tensor_in(row):
    """The tensor of one row of the learner's data set."""
    untouched = type(row) is dict and set(row) == {"image", "caption"}
    hint = (
        "The rows are as they were: `set_transform` works in place, but `with_transform` returns "
        "a new data set."
    )
    value = expect.mapping(row, "images", hint if untouched else "")
    expect.that(
        not isinstance(value, list),
        f'dataset[i]["images"] is {describe(value)}',
        "a tensor, made while the row is read",
        "Rows that were computed by `map` are stored, and stored as lists of numbers.",
    )
    return value


def transformed(exercise, images, *image_size):
    return tensors_in(exercise.transform(examples_of(images), *image_size), len(images))


def attached(exercise, images, image_size):
    """Let the learner attach the transform, and look at what came back.

    images  PIL images, or dicts with "bytes"
    """
    handle = exercise.attach(dataset_of(images), image_size)
    nothing = (
        "`set_transform` changes the data set and returns nothing: return the data set itself."
    )
    expect.that(handle is not None, "the result is None", "the data set", nothing)
    expect.thing(handle, "the data set")
    expect.that(handle.type_name == "Dataset", f"a {handle.type_name}", "a `datasets.Dataset`")
    return handle


@pytest.mark.points(2)
@pytest.mark.parametrize("image_size", [(), (16,)], ids=["default", "16"])
def test_every_picture_of_the_batch_becomes_a_tensor(exercise, rng, image_size):
    """Under "images" lie the tensors of all pictures, in their order, 32 px without a size."""
    images = photos(rng)
    for number, value in enumerate(transformed(exercise, images, *image_size)):
        size = image_size[0] if image_size else 32
        pixels.preprocessed(value, images[number], size, f"tensor {number}", images)


def test_nothing_is_returned_that_cannot_be_batched(exercise, rng):
    """The result has the one key "images": the DataLoader could not stack the rest."""
    images = photos(rng)
    result = exercise.transform(examples_of(images))
    for value, image in zip(tensors_in(result, len(images)), images, strict=True):
        pixels.preprocessed(value, image, 32)
    expect.that(
        list(result) == ["images"],
        f"a dict with {', '.join(map(repr, result))}",
        "a dict with 'images' alone",
        "PIL images and text stay behind: return a new dict instead of the examples.",
    )


def test_black_becomes_minus_one_and_white_becomes_one(exercise, rng):
    """8-bit values 0 to 255 are spread evenly over [-1, 1], both ends included."""
    colours = draw.colours(rng)
    images = [PillowImage.new("RGB", (16, 16), colour) for colour in colours]
    for value, colour in zip(transformed(exercise, images, 8), colours, strict=True):
        pixels.scaled(value, colour, 8)


def test_no_pixel_is_skipped(exercise, rng):
    """A picture that shrinks is averaged (antialiased): fine patterns fade, they don't flicker."""
    image = draw.image(rng, 128, 128)
    (value,) = transformed(exercise, [image], 16)
    expect.tensor(value, (3, 16, 16), torch.float32, (-1.001, 1.001), "the tensor")
    pixels.antialiased(value, image)


@pytest.mark.points(2)
def test_each_picture_of_a_batch_is_flipped_on_its_own(exercise, rng):
    """Half of the pictures of a batch are mirrored, decided for each by itself."""
    image = draw.photo(rng, 32, 32)
    tensors = transformed(exercise, [image] * 400, 16)
    mirrored = [pixels.preprocessed(value, image, 16) for value in tensors]
    hint = ""
    if all(mirrored):
        hint = "All or none: one decision for the whole batch, or a flip without chance."
    elif not any(mirrored):
        hint = "None or all: no flip at all, or one decision for the whole batch."
    expect.fair_coin(
        mirrored, "{yes} of {count} pictures were mirrored", "about half of them", hint
    )


@pytest.mark.points(2)
def test_the_data_set_gives_tensors(exercise, rng):
    """dataset[i]["images"] is the tensor of row i, dataset[a:b]["images"] those of several."""
    images = photos(rng)
    handle = attached(exercise, images, 24)
    expect.that(len(handle) == len(images), f"{len(handle)} rows", f"{len(images)} rows")
    for number in torch.randperm(len(images), generator=rng).tolist():
        name = f'dataset[{number}]["images"]'
        pixels.preprocessed(tensor_in(handle[number]), images[number], 24, name, images)
    for value, image in zip(tensors_in(handle[1:4], 3), images[1:4], strict=True):
        pixels.preprocessed(value, image, 24, 'one of dataset[1:4]["images"]')


@pytest.mark.points(2)
def test_a_row_is_flipped_anew_each_time(exercise, rng):
    """The same row, read again, is sometimes mirrored and sometimes not."""
    image = draw.photo(rng, 32, 32)
    handle = attached(exercise, [image] * ROWS, 16)
    readings = [
        [pixels.preprocessed(tensor_in(handle[row]), image, 16) for row in range(ROWS)]
        for _ in range(4)
    ]
    first = readings[0]
    hint = "The rows were computed once and kept, as `map` does; `set_transform` does it on demand."
    if not any(first):
        hint = "No row is ever mirrored: the flip is missing."
    elif all(first):
        hint = "Every row is mirrored: a flip without chance."
    expect.that(
        readings != [first] * 4,
        f"{ROWS} rows were read again: {sum(first)} were mirrored, and always the same ones",
        "each reading computes the row, and tosses its coin, anew",
        hint,
    )
    mirrored = [outcome for reading in readings for outcome in reading]
    expect.fair_coin(mirrored, "{yes} of {count} readings mirrored the row", "about half of them")


def test_nothing_is_computed_before_it_is_asked_for(exercise, rng):
    """Rows that nobody reads are never decoded: a broken picture hurts only whoever reads it."""
    image, broken = draw.photo(rng, 40, 40), {"bytes": pixels.BROKEN}
    with pixels.broken_ones_unread():
        handle = attached(exercise, [broken, image, broken, image], 16)
        for row in (1, 3):
            pixels.preprocessed(tensor_in(handle[row]), image, 16, f'dataset[{row}]["images"]')
