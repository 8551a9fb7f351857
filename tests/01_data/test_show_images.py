"""From [-1, 1] back to 8 bits, laid out in a grid; small pictures enlarged without blur."""

import numpy as np
import pytest
import torch
from PIL import Image

from kata import draw, expect

HEIGHT, WIDTH = 6, 10


def drawn_bytes(rng, count):
    """Pictures of random pixels, (count, 3, HEIGHT, WIDTH) uint8."""
    shape = count, 3, HEIGHT, WIDTH
    return torch.randint(0, 256, shape, generator=rng, dtype=torch.uint8)


def drawn_beyond(rng, count):
    """A batch with values beyond -1 and 1, and the pixels that are right for it."""
    pixels = drawn_bytes(rng, count)
    batch = normalized(pixels)
    batch[:, :, 0] = -1 - torch.rand(count, 3, WIDTH, generator=rng)
    batch[:, :, 1] = 1 + torch.rand(count, 3, WIDTH, generator=rng)
    pixels[:, :, 0], pixels[:, :, 1] = 0, 255
    return batch, pixels


def normalized(pixels):
    """What ToTensor and Normalize([0.5], [0.5]) make of 8-bit pixels."""
    return (pixels.float() / 255 - 0.5) / 0.5


def laid_out(pixels, columns, fill=0):
    """The grid that is right for these pictures, (rows * H, columns * W, 3)."""
    rows = -(-len(pixels) // columns)
    grid = torch.full((rows * HEIGHT, columns * WIDTH, 3), fill, dtype=pixels.dtype)
    for number, picture in enumerate(pixels):
        top, left = number // columns * HEIGHT, number % columns * WIDTH
        grid[top : top + HEIGHT, left : left + WIDTH] = picture.permute(1, 2, 0)
    return grid


def to_tensor(image):
    return torch.from_numpy(np.array(image))


def grid_of(exercise, batch, columns):
    """Call the learner's function and look at what came back: a picture of the right size."""
    result = exercise.to_grid(batch, columns)
    rows = -(-len(batch) // columns)
    size = columns * WIDTH, rows * HEIGHT
    expect.image(result, "RGB", size, "the grid", _size_hint(result, len(batch), columns, rows))
    return to_tensor(result)


def _size_hint(result, count, columns, rows):
    """The misconception that explains the size of the learner's picture, or ""."""
    across = min(count, columns)
    sizes = {
        (across * (WIDTH + 2) + 2, rows * (HEIGHT + 2) + 2): (
            "`make_grid` frames each picture with two pixels: `padding=0` leaves none."
        ),
        (rows * WIDTH, columns * HEIGHT): "`columns` is the number of pictures in a row.",
        (rows * HEIGHT, columns * WIDTH): (
            "Width and height are swapped: `permute(1, 2, 0)` makes (H, W, 3) of (3, H, W)."
        ),
        (across * WIDTH, rows * HEIGHT): (
            "With fewer pictures than columns the grid is still `columns` pictures wide."
        ),
    }
    is_image = isinstance(result, Image.Image)
    return sizes.get(result.size, "") if is_image else ""


def check_grid(grid, right, hint=""):
    off = (grid.int() - right.int()).abs()
    expect.that(
        off.max().item() == 0,
        f"{(off > 0).float().mean():.0%} of the grid's 8-bit values are off, by up to {off.max()}",
        "exactly the pixels that the batch was made from",
        hint,
    )


@pytest.mark.points(2)
def test_every_8_bit_value_comes_back(exercise, rng):
    """Pixels that went through ToTensor and Normalize come back to the last bit."""
    pixels = drawn_bytes(rng, 6)
    pixels.view(-1)[:256] = torch.arange(256, dtype=torch.uint8)
    batch = normalized(pixels)
    check_grid(grid_of(exercise, batch, 3), laid_out(pixels, 3), _value_hint(exercise, batch))


def _value_hint(exercise, batch):
    """The misconception that explains the learner's latest grid, or ""."""
    zero_to_one = batch / 2 + 0.5
    wrong = {
        "Cut off instead of rounded: 254.9999 is 255, not 254.": zero_to_one * 255,
        "The batch was taken for [0, 1]: all that is negative became black.": (
            (batch.clamp(0, 1) * 255).round()
        ),
        "The batch was taken for [0, 1]: what is negative wrapped around.": (
            (batch * 255).trunc() % 256
        ),
        "Red and blue are swapped.": (zero_to_one * 255).round().flip(1),
    }
    grid = to_tensor(exercise.last.result).int()
    pixels = (zero_to_one * 255).round().int()
    if torch.equal(grid, pixels.view(grid.shape)):
        return "Reshaped without moving the axes: `permute` comes before `view` or `reshape`."
    for hint, values in wrong.items():
        if torch.equal(grid, laid_out(values.byte(), 3).int()):
            return hint
    return ""


def test_a_faint_picture_stays_faint(exercise, rng):
    """The range is always [-1, 1], whatever the darkest and the brightest value of a batch."""
    pixels = drawn_bytes(rng, 4) // 5 + 100
    grid = grid_of(exercise, normalized(pixels), 2)
    low, high = pixels.min().item(), pixels.max().item()
    stretched = (pixels.int() - low) * 255 // (high - low)
    is_stretched = (grid.int() - laid_out(stretched, 2)).abs().max() <= 1
    hint = "Stretched until the darkest value is black and the brightest white."
    check_grid(grid, laid_out(pixels, 2), hint if is_stretched else "")


@pytest.mark.points(2)
@pytest.mark.parametrize(("count", "columns"), [(8, 4), (6, 1), (3, 3)])
def test_pictures_lie_row_by_row(exercise, rng, count, columns):
    """The first picture lies at the upper left, the second to its right, edge to edge."""
    pixels = drawn_bytes(rng, count)
    grid = grid_of(exercise, normalized(pixels), columns)
    rows = count // columns
    by_columns = pixels.view(columns, rows, *pixels.shape[1:]).transpose(0, 1).flatten(0, 1)
    hint = ""
    if torch.equal(grid, laid_out(by_columns, columns)):
        hint = "The pictures run down the columns instead of along the rows."
    elif torch.equal(grid, laid_out(pixels.flip(0), columns)):
        hint = "The pictures are in reverse order."
    check_grid(grid, laid_out(pixels, columns), hint)


@pytest.mark.parametrize(("count", "columns"), [(7, 4), (5, 8), (1, 2)])
def test_the_last_row_is_filled_with_black(exercise, rng, count, columns):
    """Places without a picture are black; the grid is `columns` pictures wide."""
    pixels = drawn_bytes(rng, count)
    grid = grid_of(exercise, normalized(pixels), columns)
    hint = ""
    for fill, name in [(128, "grey"), (127, "grey"), (255, "white")]:
        if torch.equal(grid, laid_out(pixels, columns, fill)):
            hint = f"The empty places are {name}: a 0 in [-1, 1] is grey, and black is -1."
    check_grid(grid, laid_out(pixels, columns), hint)


@pytest.mark.points(2)
def test_values_are_rounded_to_the_nearest(exercise, rng):
    """Values between two of 8 bits go to the nearer one."""
    pixels = drawn_bytes(rng, 4)
    # At most 0.4 away, so that the nearest is never in doubt.
    between = (pixels.float() + 0.8 * torch.rand(pixels.shape, generator=rng) - 0.4).clamp(0, 255)
    grid = grid_of(exercise, between / 127.5 - 1, 2)
    hint = "Cut off instead of rounded: `.byte()` and `.astype` drop what is behind the point."
    is_cut = torch.equal(grid, laid_out(between.byte(), 2))
    check_grid(grid, laid_out(pixels, 2), hint if is_cut else "")


@pytest.mark.points(2)
def test_values_outside_are_clipped(exercise, rng):
    """What a model paints beyond -1 and 1 is black and white, not another colour."""
    batch, pixels = drawn_beyond(rng, 4)
    grid = grid_of(exercise, batch, 2)
    wrapped = ((batch / 2 + 0.5) * 255).round().long() % 256
    hint = ""
    if torch.equal(grid, laid_out(wrapped.byte(), 2)):
        hint = "Not clipped: 256 wraps around to 0, so the brightest spots turn dark."
    check_grid(grid, laid_out(pixels, 2), hint)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
def test_half_precision(exercise, rng, dtype):
    """Tensors in half precision become the nearest pixels, too."""
    batch = normalized(drawn_bytes(rng, 4)).to(dtype)
    grid = grid_of(exercise, batch, 2)
    exact = laid_out((batch.double() / 2 + 0.5) * 255, 2)
    off = (grid - exact).abs().max().item()
    expect.that(
        off <= 0.5 + 1e-6,
        f"a pixel {off:.2f} away from its value, on the scale to 255",
        "the nearest whole number",
        f"Calculate in float32: {dtype} is too coarse for 255 steps." if off < 3 else "",
    )


def test_the_batch_stays_as_it_was(exercise, rng):
    """Whoever calls still has the batch afterwards."""
    batch, pixels = drawn_beyond(rng, 4)
    grid = grid_of(exercise, batch, 2)
    expect.unchanged(exercise.last)
    check_grid(grid, laid_out(pixels, 2))


@pytest.mark.points(2)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_pixels_are_enlarged_without_blur(exercise, rng, mode):
    """Every pixel becomes a rectangle of exactly its colour."""
    shapes = [(8, 8), (16, 16), (4, 8), (32, 2)]
    images = [draw.image(rng, width, height, mode) for width, height in shapes]
    strip = exercise.make_strip(images, 32)
    expect.image(strip, "RGB", (4 * 32, 32), "the strip")
    check_strip(to_tensor(strip), images, 32)


def check_strip(strip, originals, size):
    images = [image.convert("RGB") for image in originals]
    tiles = [_enlarged(image, size) for image in images]
    off = (strip.int() - torch.cat(tiles, dim=1).int()).abs()
    hint = ""
    if torch.equal(strip, torch.cat(tiles[::-1], dim=1)):
        hint = "The pictures are in reverse order."
    if torch.equal(strip, _pasted_by_opacity(originals, size)):
        hint = "Pasted with a mask: what is transparent shows the black beneath."
    for kind in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS):
        blurred = [to_tensor(image.resize((size, size), kind)) for image in images]
        if torch.equal(strip, torch.cat(blurred, dim=1)):
            hint = f"{kind.name.title()} mixes neighbouring pixels; nearest neighbour repeats them."
    expect.that(
        off.max().item() == 0,
        f"{(off > 0).float().mean():.0%} of the strip's 8-bit values are off, by up to {off.max()}",
        "every pixel as a rectangle of its colour, pictures from left to right",
        hint,
    )


def _pasted_by_opacity(images, size):
    """The strip as it looks when transparency is not dropped."""
    strip = Image.new("RGB", (len(images) * size, size))
    for number, image in enumerate(images):
        enlarged = image.convert("RGBA").resize((size, size), Image.Resampling.NEAREST)
        strip.paste(enlarged, (number * size, 0), enlarged)
    return to_tensor(strip)


def _enlarged(image, size):
    """Each pixel repeated, (size, size, 3) uint8."""
    rows = to_tensor(image).repeat_interleave(size // image.height, dim=0)
    return rows.repeat_interleave(size // image.width, dim=1)


def test_one_picture_and_many(exercise, rng):
    """A strip is as long as its pictures are many."""
    for count in (1, 7):
        images = [draw.image(rng, 4, 4) for _ in range(count)]
        strip = exercise.make_strip(images, 8)
        expect.image(strip, "RGB", (count * 8, 8), "the strip")
        check_strip(to_tensor(strip), images, 8)


def test_the_pictures_stay_as_they_were(exercise, rng):
    """Whoever calls still has the small pictures afterwards."""
    images = [draw.image(rng, 4, 4), draw.image(rng, 8, 8, "L")]
    strip = exercise.make_strip(images, 16)
    expect.image(strip, "RGB", (2 * 16, 16), "the strip")
    expect.unchanged(exercise.last)
    check_strip(to_tensor(strip), images, 16)


@pytest.mark.gpu
def test_a_batch_on_a_gpu(exercise, rng):
    """A batch may lie on the GPU, in half precision."""
    pixels = drawn_bytes(rng, 4)
    check_grid(
        grid_of(exercise, normalized(pixels).to("cuda", torch.float16), 2), laid_out(pixels, 2)
    )
