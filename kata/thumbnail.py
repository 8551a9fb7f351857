"""A small picture in the terminal, two pixels a character."""

from PIL import Image, ImageOps
from rich.console import Console
from rich_pixels import Pixels


def has_colours(console: Console) -> bool:
    """Whether pictures can be seen there: a terminal with 256 colours or more, and half blocks."""
    many = console.color_system in ("256", "truecolor")
    return console.is_terminal and many and not console.no_color and not console.options.ascii_only


def print_thumbnail(console: Console, image: Image.Image) -> None:
    """Print an RGB picture without its white margin, as large as half of the terminal at most."""
    image = image.crop(ImageOps.invert(image).getbbox())
    room = console.width, max(console.height - 8, 16)  # half of the lines, two pixels in each
    scale = min(room[0] / image.width, room[1] / image.height, 1.0)
    size = max(int(image.width * scale), 1), max(int(image.height * scale), 1)
    console.print(Pixels.from_image(image.resize(size, Image.Resampling.LANCZOS)))
