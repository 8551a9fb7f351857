"""Sheets of pictures, to look at what a model makes."""

from __future__ import annotations

import os
from pathlib import Path

from diffusers.utils import make_image_grid
from PIL import Image


def save_sheet(images: list[Image.Image], columns: int, path: Path, scale: int = 2) -> None:
    """Save pictures of one size row by row, each enlarged `scale` times, as one PNG.

    The rows are full. Of 256 colours, dithered: a third of the bytes, and hardly to be seen.
    """
    size = [side * scale for side in images[0].size]
    large = [image.resize(size, Image.Resampling.NEAREST) for image in images]
    sheet = make_image_grid(large, rows=len(images) // columns, cols=columns)
    temporary = path.with_suffix(".tmp")
    sheet.quantize(256).save(temporary, format="PNG", optimize=True)
    os.replace(temporary, path)
