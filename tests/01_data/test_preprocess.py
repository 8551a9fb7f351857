"""Any picture becomes (3, s, s) float32 in [-1, 1], mirrored half of the time."""

import pytest
import torch
from PIL import Image

from kata import draw, expect, pixels


def preprocess_of(exercise, image_size):
    """Ask the learner for the preprocessing: something to call."""
    return expect.thing(
        exercise.make_preprocess(image_size),
        "something to call with a picture: a function or a `Compose`",
    )


@pytest.mark.points(2)
@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(64, 64, 32), (96, 60, 32), (43, 90, 32), (90, 50, 16), (20, 28, 32)],
)
def test_a_picture_of_any_size_becomes_a_square(exercise, rng, width, height, size):
    """The whole picture is squeezed or stretched to s x s, in [-1, 1]."""
    preprocess = preprocess_of(exercise, size)
    for _ in range(2):
        image = draw.photo(rng, width, height)
        pixels.preprocessed(preprocess(image), image, size)


@pytest.mark.points(2)
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
def test_a_picture_of_any_mode_becomes_rgb(exercise, rng, mode):
    """Grey, transparent and palette pictures come out with three channels."""
    preprocess = preprocess_of(exercise, 24)
    image = draw.photo(rng, 60, 48, mode)
    pixels.preprocessed(preprocess(image), image, 24)


def test_black_becomes_minus_one_and_white_becomes_one(exercise, rng):
    """8-bit values 0 to 255 are spread evenly over [-1, 1], both ends included."""
    preprocess = preprocess_of(exercise, 8)
    for colour in draw.colours(rng):
        pixels.scaled(preprocess(Image.new("RGB", (16, 16), colour)), colour, 8)


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_no_pixel_is_skipped(exercise, rng, mode):
    """A picture that shrinks is averaged (antialiased): fine patterns fade, they don't flicker."""
    preprocess = preprocess_of(exercise, 16)
    image = draw.image(rng, 128, 128).convert(mode)
    value = preprocess(image)
    expect.tensor(value, (3, 16, 16), torch.float32, (-1.001, 1.001), "the tensor")
    pixels.antialiased(value, image)


@pytest.mark.points(2)
def test_half_of_the_calls_mirror_the_picture(exercise, rng):
    """Left and right are swapped at random, anew at each call, half of the time."""
    preprocess = preprocess_of(exercise, 16)
    image = draw.photo(rng, 32, 32)
    mirrored = [pixels.preprocessed(preprocess(image), image, 16) for _ in range(400)]
    hint = ""
    if not any(mirrored):
        hint = "No call flips: `RandomHorizontalFlip`, or a decision made once for all calls."
    elif all(mirrored):
        hint = "Every call flips: at random means in half of the calls."
    expect.fair_coin(
        mirrored, "{yes} of {count} calls mirrored the picture", "about half of them", hint
    )


def test_the_picture_stays_as_it_was(exercise, rng):
    """Whoever calls still has the picture afterwards."""
    preprocess = preprocess_of(exercise, 16)
    for mode in ("RGB", "L"):
        image = draw.photo(rng, 48, 40, mode)
        pixels.preprocessed(preprocess(image), image, 16)
        expect.unchanged(exercise.last)
