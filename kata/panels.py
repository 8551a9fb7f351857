"""What the shows of the katas are drawn with: panels of a figure, for right and wrong values.

A show is `tests/NN_lesson/show_<kata>.py`; its function `show(kata)` returns a figure.

    def show(kata):
        figure, axes = panels.figure(8, 2.5, "ladder")
        with panels.panel(kata, axes["ladder"], "from clean to noise"):
            panels.pictures(axes["ladder"], kata.noise_ladder(...))
        return figure

Where a value cannot be drawn, its panel says in words what came back.
"""

import contextlib
import textwrap
from collections.abc import Iterator, Sequence

import torch
from datasets import Dataset, load_dataset
from diffusers import DiffusionPipeline
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from kata import draw
from kata.describe import article, describe
from kata.manifest import ROOT
from kata.pixels import to_tensor
from kata.shown import CannotDraw, ShownKata

BLUE, RED, GREY, PALE = "#2a6fbb", "#c8553d", "#777777", "#d9dee7"
SEED = 0


def figure(width: float, height: float, *rows: str, **options) -> tuple[Figure, dict[str, Axes]]:
    """Return a figure of so many inches, without a window, and its axes by name.

    rows  the names of the axes, row by row: `figure(8, 4, "before values", "after values")` has
          three, of which "values" spans two rows
    """
    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.subplot_mosaic([row.split() for row in rows], **options)


@contextlib.contextmanager
def panel(kata: ShownKata, axis: Axes, title: str) -> Iterator[None]:
    """Draw in one of the axes; what cannot be drawn is said there in words."""
    since = len(kata.calls)
    try:
        yield
    except Exception as error:
        write(axis, kata.words(error, since))
    axis.set_title(title, fontsize=10)


def write(axis: Axes, text: str) -> None:
    """Put words in the place of a picture."""
    axis.clear()
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_color(PALE)
    width = axis.get_position().width * axis.figure.get_figwidth()
    lines = [textwrap.fill(line, max(int(width * 12), 24)) for line in text.splitlines()]
    axis.text(
        0.5,
        0.5,
        "\n".join(lines),
        ha="center",
        va="center",
        color=RED,
        fontsize=9,
        parse_math=False,
        transform=axis.transAxes,
    )


def pictures(
    axis: Axes, value: object, columns: int = 0, names: Sequence = (), rows: Sequence = ()
) -> None:
    """Draw pictures row by row, and below them in words what they are.

    value    a tensor (B, 3, H, W) or (3, H, W), meant to lie in [-1, 1], a PIL image, or a list
    columns  pictures in a row; all without
    names    of the columns
    rows     names of the rows
    Raises CannotDraw for anything else.
    """
    batch = as_batch(value)
    columns = min(columns or len(batch), len(batch))
    height, width = batch.shape[-2:]
    grid = make_grid(batch.clamp(-1, 1) / 2 + 0.5, nrow=columns, padding=1, pad_value=1.0)
    lines = -(-len(batch) // columns)
    axis.imshow(
        grid.permute(1, 2, 0).numpy(),
        extent=(0, columns, lines, 0),
        aspect=height / width,
        interpolation="nearest",
    )
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0, labelsize=8)
    axis.xaxis.tick_top()
    axis.set_xticks([number + 0.5 for number in range(len(names))], names)
    axis.set_yticks([number + 0.5 for number in range(len(rows))], rows)
    say(axis, describe(value))


def picture(axis: Axes, image: object) -> None:
    """Draw a PIL image of any size and mode as it is, a transparent one on a chequered ground."""
    width, height = expect(image, Image.Image).size
    extent = (0, width, 0, height)
    if "A" in image.getbands():
        squares = torch.arange(12)[:, None] + torch.arange(12) & 1
        axis.imshow(squares.numpy(), extent=extent, cmap="Greys", vmin=-1, vmax=6)
    axis.imshow(image.convert("RGBA"), extent=extent, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    say(axis, f"{image.mode} {width}x{height}")


def histogram(axis: Axes, values: torch.Tensor, bins: int = 40, limits=None) -> None:
    """Draw how often which value comes, and below it the least and the largest."""
    flat = torch.nan_to_num(values.detach().float()).flatten()
    limits = limits or (min(-1.1, flat.min().item()), max(1.1, flat.max().item()))
    axis.hist(flat.numpy(), bins=bins, range=limits, color=BLUE)
    axis.set(yticks=[], xlim=limits)
    axis.spines[["top", "left", "right"]].set_visible(False)
    say(axis, describe(values))


def line(axis: Axes, values: object, label: str = "", **options) -> None:
    """Draw a row of numbers over 0, 1, 2, ... Raises CannotDraw for other things."""
    axis.plot(numbers(values).numpy(), label=label, **{"linewidth": 2, **options})
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.3)
    if label:
        axis.legend(frameon=False, fontsize=8)


def table(axis: Axes, lines: dict) -> None:
    """Write a dict down, an entry a line."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    text = "\n".join(f"{key}: {_plain(value)}" for key, value in lines.items())
    axis.text(0.02, 0.95, text, va="top", fontsize=8, parse_math=False, transform=axis.transAxes)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def say(axis: Axes, text: str) -> None:
    """A line below a panel, for what cannot be seen."""
    axis.set_xlabel(text, fontsize=8, color=GREY)


def as_batch(value: object) -> torch.Tensor:
    """Return pictures as a tensor (B, C, H, W) on the CPU. Raises CannotDraw for other things."""
    if isinstance(value, Image.Image):
        value = [value]
    if isinstance(value, (list, tuple)) and value:
        value = _stacked(value)
    if isinstance(value, torch.Tensor) and value.ndim == 3:
        value = value[None]
    if not isinstance(value, torch.Tensor) or value.ndim != 4 or value.is_meta:
        raise CannotDraw("pictures (B, 3, H, W)", value)
    if value.shape[1] not in (1, 3) or 0 in value.shape:
        raise CannotDraw("pictures (B, 3, H, W)", value)
    return torch.nan_to_num(value.detach().float().cpu()).expand(-1, 3, -1, -1)


def _stacked(items: Sequence) -> object:
    """A list of pictures as one tensor; the list itself where they are none, or of many sizes."""
    tensors = [
        to_tensor(item.convert("RGB")) if isinstance(item, Image.Image) else item for item in items
    ]
    shapes = {tuple(item.shape) if isinstance(item, torch.Tensor) else None for item in tensors}
    return torch.stack(tensors) if len(shapes) == 1 and None not in shapes else items


def numbers(value: object) -> torch.Tensor:
    """Return a list of numbers or a tensor of one axis as (N,) floats. Raises CannotDraw."""
    if isinstance(value, (list, tuple)) and all(type(item) in (int, float) for item in value):
        value = torch.tensor(value)
    if not isinstance(value, torch.Tensor) or value.ndim != 1 or not len(value):
        raise CannotDraw("numbers in a row", value)
    return value.detach().float().cpu()


def expect(value: object, kind: type) -> object:
    """Return the value. Raises CannotDraw unless it is of this class."""
    if not isinstance(value, kind):
        raise CannotDraw(article(kind.__name__), value)
    return value


def butterflies(count: int, size: int) -> torch.Tensor:
    """The same few butterflies in every show, (count, 3, size, size) in [-1, 1]."""
    return draw.butterflies(generator(), count, size)


def images(count: int, size: int) -> list[Image.Image]:
    """The same butterflies as PIL images, size x size."""
    return [to_pil_image(one / 2 + 0.5) for one in butterflies(count, size)]


def collection() -> Dataset:
    """Three rows of the data set: a wide picture, a greyscale one, one with transparency."""
    return load_dataset(str(ROOT / "data" / "butterflies"), split="train").select([4, 23, 38])


def generator(seed: int = SEED) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def silent(pipeline: DiffusionPipeline) -> DiffusionPipeline:
    """The pipeline, without its progress bar."""
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
