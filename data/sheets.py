"""Sheets of pictures, to look at what a model makes."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image


def save_sheet(images: list[Image.Image], columns: int, path: Path, scale: int = 2) -> None:
    """Save pictures of one size row by row, each enlarged `scale` times, as one PNG.

    Of 256 colours, dithered: a third of the bytes, and hardly to be seen.
    """
    width, height = (side * scale for side in images[0].size)
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for number, image in enumerate(images):
        large = image.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(large, (number % columns * width, number // columns * height))
    temporary = path.with_suffix(".tmp")
    sheet.quantize(256).save(temporary, format="PNG", optimize=True)
    os.replace(temporary, path)
