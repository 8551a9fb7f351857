"""Wrong and right answers to show_images."""

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils import make_image_grid
from PIL import Image
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from kata.zoo import mistake, rewrite, variant

BACK = "test_every_8_bit_value_comes_back"
ROWS = "test_pictures_lie_row_by_row"
FILLED = "test_the_last_row_is_filled_with_black"
CLIPPED = "test_values_outside_are_clipped"
SHARP = "test_pixels_are_enlarged_without_blur"


def to_bytes(batch):
    return ((batch.float() * 0.5 + 0.5).clamp(0, 1) * 255).round().byte()


def lay_out(pixels, columns, fill=0):
    """A right grid for the wrong ways of making its pixels."""
    count, channels, height, width = pixels.shape
    rows = -(-count // columns)
    grid = torch.full((rows * columns, channels, height, width), fill, dtype=torch.uint8)
    grid[:count] = pixels
    grid = grid.view(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    return Image.fromarray(grid.reshape(rows * height, columns * width, channels).numpy())


@mistake("to_grid", rejected_by=BACK, says="instead of rounded")
def cut_off(batch, columns):
    """The numbers are cut off to whole ones, as `.byte()` does, instead of rounded."""
    return lay_out(((batch / 2 + 0.5).clamp(0, 1) * 255).byte(), columns)


@rewrite(cut_off)
def cut_off_by_numpy(batch, columns):
    """NumPy's conversion cuts off as torch's does; each picture is pasted by Pillow."""
    array = ((batch.numpy() + 1) / 2).clip(0, 1) * 255
    images = [Image.fromarray(one.transpose(1, 2, 0).astype(np.uint8)) for one in array]
    width, height = images[0].size
    rows = (len(images) + columns - 1) // columns
    grid = Image.new("RGB", (width * columns, height * rows))
    for i, image in enumerate(images):
        grid.paste(image, (i % columns * width, i // columns * height))
    return grid


@mistake("to_grid", rejected_by=BACK, says="instead of rounded")
def cut_off_by_torchvision(batch, columns):
    """The numbers are cut off to whole ones, as `.byte()` does, instead of rounded."""
    images = [to_pil_image(image) for image in (batch.float() / 2 + 0.5).clamp(0, 1)]
    pixels = torch.stack([torch.from_numpy(np.array(image)) for image in images])
    return lay_out(pixels.permute(0, 3, 1, 2), columns)


@mistake("to_grid", rejected_by=BACK, says="became black")
def taken_for_zero_to_one(batch, columns):
    """The numbers are taken for [0, 1], so that the dark half of [-1, 1] turns black."""
    return lay_out((batch.clamp(0, 1) * 255).round().byte(), columns)


@rewrite(taken_for_zero_to_one)
def taken_for_zero_to_one_by_torchvision(batch, columns):
    """torchvision makes the pictures, whose numbers are rounded before."""
    whole = torch.zeros(-(-len(batch) // columns) * columns, *batch.shape[1:])
    whole[: len(batch)] = batch.float()
    whole = torch.round(255 * torch.clip(whole, 0, 1)).to(torch.uint8)
    pictures = [to_pil_image(picture) for picture in whole]
    return make_image_grid(pictures, rows=len(pictures) // columns, cols=columns)


@mistake("to_grid", rejected_by=BACK, says="wrapped around")
def not_brought_to_zero_to_one(batch, columns):
    """The numbers are not brought from [-1, 1] to [0, 1], so negative ones wrap around in 8
    bits.
    """
    return lay_out(torch.from_numpy((batch.numpy() * 255).astype(int).astype(np.uint8)), columns)


@mistake("to_grid", rejected_by=CLIPPED, says="wraps around")
def not_clipped(batch, columns):
    """Values outside are not clipped, so that they wrap around in 8 bits."""
    pixels = ((batch.float() / 2 + 0.5) * 255).round().long() % 256
    return lay_out(pixels.byte(), columns)


@mistake("to_grid", rejected_by="test_a_faint_picture_stays_faint", says="Stretched")
def stretched(batch, columns):
    """Minimum and maximum of the batch are stretched over the whole range."""
    low, high = batch.min(), batch.max()
    return lay_out(((batch.float() - low) / (high - low) * 255).round().byte(), columns)


@mistake("to_grid", rejected_by="test_values_are_rounded_to_the_nearest", says="values are off")
def scaled_by_256(batch, columns):
    """Multiplied by 256 and cut off, instead of multiplied by 255 and rounded."""
    return lay_out(((batch.float() / 2 + 0.5) * 256).clamp(0, 255).byte(), columns)


@mistake("to_grid", rejected_by=BACK, says="Red and blue")
def channels_swapped(batch, columns):
    """Red and blue change places (BGR, as OpenCV has it)."""
    return lay_out(to_bytes(batch).flip(1), columns)


@mistake("to_grid", rejected_by=f"{ROWS}[8-4]", says="down the columns")
def column_by_column(batch, columns):
    """The pictures run down the columns before they run to the right."""
    rows = -(-len(batch) // columns)
    pixels = to_bytes(batch)
    if len(batch) == rows * columns:
        pixels = pixels.view(columns, rows, *pixels.shape[1:]).transpose(0, 1).flatten(0, 1)
    return lay_out(pixels, columns)


@mistake("to_grid", rejected_by=f"{ROWS}[8-4]", says="number of pictures in a row")
def columns_taken_for_rows(batch, columns):
    """`columns` is taken for the number of rows."""
    missing = -len(batch) % columns
    pixels = torch.cat([to_bytes(batch), torch.zeros(missing, *batch.shape[1:]).byte()])
    return lay_out(pixels, len(pixels) // columns)


@rewrite(columns_taken_for_rows)
def columns_taken_for_rows_by_diffusers(batch, columns):
    """Diffusers lays the pictures out, with its two numbers in the wrong places."""
    pixels = ((batch.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    pictures = [Image.fromarray(p.permute(1, 2, 0).numpy()) for p in pixels]
    while len(pictures) % columns:
        pictures.append(Image.new("RGB", pictures[0].size))
    return make_image_grid(pictures, rows=columns, cols=len(pictures) // columns)


@mistake("to_grid", rejected_by=BACK, says="Width and height are swapped")
def rows_and_columns_of_pixels_swapped(batch, columns):
    """Width and height of the grid are swapped, as by `permute(2, 1, 0)`."""
    grid = lay_out(to_bytes(batch), columns)
    return Image.fromarray(np.array(grid).transpose(1, 0, 2).copy())


@mistake("to_grid", rejected_by=ROWS, says="8-bit values are off")
def two_pictures_swapped(batch, columns):
    """The first two pictures change places."""
    pixels = to_bytes(batch)
    pixels[[0, 1]] = pixels[[1, 0]]
    return lay_out(pixels, columns)


@mistake("to_grid", rejected_by=BACK, says="values are off")
def reshaped(batch, columns):
    """`view` or `reshape` makes the grid without moving the axes, so that pixels land elsewhere."""
    pixels = to_bytes(batch)
    count, channels, height, width = pixels.shape
    rows = -(-count // columns)
    grid = torch.zeros(rows * columns, channels, height, width, dtype=torch.uint8)
    grid[:count] = pixels
    return Image.fromarray(grid.view(rows * height, columns * width, channels).numpy())


@mistake("to_grid", rejected_by=BACK, says="frames each picture")
def framed(batch, columns):
    """`make_grid` leaves two pixels between pictures."""
    grid = make_grid(to_bytes(batch), nrow=columns)
    return Image.fromarray(grid.permute(1, 2, 0).numpy())


@mistake("to_grid", rejected_by=f"{FILLED}[7-4]", says="a 0 in [-1, 1] is grey")
def filled_before_the_range(batch, columns):
    """The empty places are grey: they are filled with 0 while the range is still [-1, 1]."""
    return lay_out(to_bytes(batch), columns, fill=128)


@mistake("to_grid", rejected_by=f"{FILLED}[7-4]", says="size 40x12")
def last_row_dropped(batch, columns):
    """The number of rows is rounded down, so that an incomplete last row is lost."""
    rows = max(len(batch) // columns, 1)
    return lay_out(to_bytes(batch)[: rows * columns], columns)


@mistake("to_grid", rejected_by=f"{FILLED}[5-8]", says="still `columns` pictures wide")
def as_wide_as_the_batch(batch, columns):
    """With fewer pictures than columns, the grid is narrower than `columns` pictures."""
    grid = make_grid(to_bytes(batch), nrow=columns, padding=0)
    return Image.fromarray(grid.permute(1, 2, 0).contiguous().numpy())


@mistake("to_grid", rejected_by="test_half_precision[bfloat16]", says="Calculate in float32")
def calculated_in_half_precision(batch, columns):
    """The numbers are computed in half precision, which is too coarse for 256 levels."""
    return lay_out(((batch / 2 + 0.5).clamp(0, 1) * 255).round().byte(), columns)


@mistake("to_grid", rejected_by="test_the_batch_stays_as_it_was", says="values are off")
def a_black_grid(batch, columns):
    """The grid has the right size, but nothing is put on it."""
    count, _, height, width = batch.shape
    return Image.new("RGB", (columns * width, -(-count // columns) * height))


@mistake("to_grid", rejected_by="test_the_batch_stays_as_it_was", says="was changed")
def changed_in_place(batch, columns):
    """The caller's own batch is brought to [0, 1] in place."""
    batch.div_(2).add_(0.5).clamp_(0, 1)
    return lay_out((batch.float() * 255).round().byte(), columns)


@rewrite(changed_in_place)
def changed_by_augmented_assignment(batch, columns):
    """`*=` and `+=` work in place, and so does an assignment to a slice."""
    batch *= 0.5
    batch += 0.5
    batch[:] = batch.clip(0, 1)
    return lay_out(torch.round(batch.float() * 255).to(torch.uint8), columns)


@mistake("to_grid", rejected_by=BACK, says="a PIL image of mode RGB")
def an_array(batch, columns):
    """An array of pixels is returned, and no PIL image."""
    return np.array(lay_out(to_bytes(batch), columns))


@mistake("make_strip", rejected_by=f"{SHARP}[RGB]", says="mixes neighbouring pixels")
def enlarged_with_blur(images, size):
    """The pictures are enlarged with blur: `resize` without a filter is bicubic."""
    strip = Image.new("RGB", (len(images) * size, size))
    for number, image in enumerate(images):
        strip.paste(image.convert("RGB").resize((size, size)), (number * size, 0))
    return strip


@rewrite(enlarged_with_blur)
def enlarged_with_blur_by_numpy(images, size):
    """The enlarged pictures are joined by NumPy, with the filter named that Pillow takes itself."""
    tiles = []
    for image in images:
        big = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
        tiles.append(np.array(big))
    return Image.fromarray(np.concatenate(tiles, axis=1))


@mistake("make_strip", rejected_by=f"{SHARP}[RGB]", says="size 128x32")
def stacked_upright(images, size):
    """The pictures lie one below the other, not side by side."""
    strip = Image.new("RGB", (size, len(images) * size))
    for number, image in enumerate(images):
        strip.paste(image.resize((size, size), Image.Resampling.NEAREST), (0, number * size))
    return strip


@mistake("make_strip", rejected_by=f"{SHARP}[RGB]", says="values are off")
def never_enlarged(images, size):
    """The pictures are never enlarged: `thumbnail` makes them smaller, and no larger."""
    strip = Image.new("RGB", (len(images) * size, size))
    for number, image in enumerate(images):
        small = image.convert("RGB")
        small.thumbnail((size, size), Image.Resampling.NEAREST)
        strip.paste(small, (number * size, 0))
    return strip


@mistake("make_strip", rejected_by=f"{SHARP}[RGB]", says="reverse order")
def last_first(images, size):
    """The pictures come in reverse order, the last one leftmost."""
    strip = Image.new("RGB", (len(images) * size, size))
    for number, image in enumerate(reversed(images)):
        strip.paste(
            image.convert("RGB").resize((size, size), Image.Resampling.NEAREST), (number * size, 0)
        )
    return strip


@mistake("make_strip", rejected_by=f"{SHARP}[RGBA]", says="Pasted with a mask")
def pasted_with_transparency(images, size):
    """Pasted with the transparency as a mask, so that the black below shows through."""
    strip = Image.new("RGB", (len(images) * size, size))
    for number, image in enumerate(images):
        image = image.convert("RGBA").resize((size, size), Image.Resampling.NEAREST)
        strip.paste(image, (number * size, 0), image)
    return strip


@mistake("make_strip", rejected_by=f"{SHARP}[L]", says="of mode RGB")
def mode_of_the_first(images, size):
    """The strip has the mode of the first picture instead of RGB."""
    strip = Image.new(images[0].mode, (len(images) * size, size))
    for number, image in enumerate(images):
        strip.paste(image.resize((size, size), Image.Resampling.NEAREST), (number * size, 0))
    return strip


@mistake("make_strip", rejected_by="test_one_picture_and_many", says="size 8x8")
def always_four(images, size):
    """The number of pictures is written into the function."""
    strip = Image.new("RGB", (4 * size, size))
    for number, image in enumerate(images):
        enlarged = image.convert("RGB").resize((size, size), Image.Resampling.NEAREST)
        strip.paste(enlarged, (number * size, 0))
    return strip


@mistake("make_strip", rejected_by="test_one_picture_and_many", says="values are off")
def a_black_strip(images, size):
    """The strip has the right size, but nothing is put on it."""
    return Image.new("RGB", (len(images) * size, size))


@mistake("make_strip", rejected_by="test_the_pictures_stay_as_they_were", says="values are off")
def a_black_strip_for_any_picture(images, size):
    """The strip has the right size, but nothing is put on it."""
    return Image.new("RGB", (len(images) * size, size))


@mistake("make_strip", rejected_by="test_the_pictures_stay_as_they_were", says="was changed")
def list_overwritten(images, size):
    """The enlarged pictures are written into the caller's own list."""
    for number, image in enumerate(images):
        images[number] = image.convert("RGB").resize((size, size), Image.Resampling.NEAREST)
    return make_image_grid(images, rows=1, cols=len(images))


@variant("to_grid")
def pasted_one_by_one(batch, columns):
    """Diffusers turns the batch into pictures, Pillow lays them out."""
    images = VaeImageProcessor().postprocess(batch.float().cpu(), output_type="pil")
    width, height = images[0].size
    grid = Image.new("RGB", (columns * width, (len(images) + columns - 1) // columns * height))
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        grid.paste(image, (column * width, row * height))
    return grid


@variant("to_grid")
def filled_up_for_diffusers(batch, columns):
    """NumPy rounds, and Diffusers lays out a list that black pictures make complete."""
    pixels = np.rint(np.clip(batch.double().cpu().numpy() + 1, 0, 2) * 127.5).astype(np.uint8)
    images = [Image.fromarray(image) for image in pixels.transpose(0, 2, 3, 1)]
    while len(images) % columns:
        images.append(Image.new("RGB", images[0].size))
    return make_image_grid(images, len(images) // columns, columns)


@variant("to_grid")
def by_torchvision(batch, columns):
    """`make_grid` without a frame, on a batch that black pictures make complete."""
    missing = -len(batch) % columns
    black = torch.full((missing, *batch.shape[1:]), -1.0, device=batch.device)
    whole = torch.cat([batch.float(), black])
    grid = make_grid(whole, nrow=columns, padding=0, normalize=True, value_range=(-1, 1))
    return to_pil_image(grid.mul(255).add(0.5).to("cpu", torch.uint8))


@variant("make_strip")
def repeated_by_numpy(images, size):
    """Every row and column is repeated."""
    tiles = []
    for image in images:
        pixels = np.asarray(image.convert("RGB"))
        pixels = pixels.repeat(size // image.height, axis=0)
        tiles.append(pixels.repeat(size // image.width, axis=1))
    return Image.fromarray(np.hstack(tiles))


@variant("make_strip")
def by_diffusers(images, size):
    """Diffusers' grid of one row."""
    enlarged = [image.resize((size, size), resample=0).convert("RGB") for image in images]
    return make_image_grid(enlarged, rows=1, cols=len(enlarged))


@variant("make_strip")
def by_interpolation(images, size):
    """torch's nearest neighbour."""
    tiles = []
    for image in images:
        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None]
        tiles.append(torch.nn.functional.interpolate(pixels, size=(size, size))[0])
    return to_pil_image(torch.cat(tiles, dim=2))
