"""Inputs that suites draw anew from a seed."""

import io

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from kata.manifest import ROOT


def pictures(rng: torch.Generator, batch: int, size: int) -> torch.Tensor:
    """Return (batch, 3, size, size) float32 in [-1, 1]: smooth pictures in many colours."""
    coarse = torch.rand(batch, 3, 4, 4, generator=rng) * 2 - 1
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")
    return smooth.clamp(-1, 1)


def butterflies(rng: torch.Generator, batch: int, size: int) -> torch.Tensor:
    """Return (batch, 3, size, size) float32 in [-1, 1]: some of the butterflies in `data/`."""
    column = pq.read_table(ROOT / "data" / "butterflies" / "data", columns=["image"])["image"]
    chosen = torch.randperm(len(column), generator=rng)[:batch]
    files = [io.BytesIO(column[i.item()]["bytes"].as_py()) for i in chosen]
    small = [Image.open(file).convert("RGB").resize((size, size)) for file in files]
    pixels = torch.from_numpy(np.stack([np.asarray(one) for one in small]))
    return pixels.permute(0, 3, 1, 2) / 127.5 - 1


def image(rng: torch.Generator, width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a PIL image of random pixels, of mode L, RGB or RGBA."""
    channels = len(mode)
    pixels = torch.randint(0, 256, (height, width, channels), generator=rng, dtype=torch.uint8)
    return Image.frombytes(mode, (width, height), pixels.numpy().tobytes())


def photo(rng: torch.Generator, width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a smooth PIL image of mode L, LA, P, RGB or RGBA that no flip leaves as it is.

    Its right half is transparent in the modes that can be, with colours beneath.
    """
    coarse = image(rng, 4, 4, "RGB" if mode.startswith("RGB") else "L")
    smooth = coarse.resize((width, height), Image.Resampling.BICUBIC)
    if mode == "P":
        smooth = Image.frombytes("P", smooth.size, smooth.tobytes())
        smooth.putpalette([value for i in range(256) for value in (i, 255 - i, i // 2)])
    if mode.endswith("A"):
        opacity = Image.new("L", smooth.size)
        opacity.paste(255, (0, 0, width // 2, height))
        smooth.putalpha(opacity)
    return smooth


def colours(rng: torch.Generator) -> list[tuple[int, int, int]]:
    """Return black, white and four others, in 8 bits."""
    drawn = torch.randint(1, 255, (4, 3), generator=rng).tolist()
    return [(0, 0, 0), (255, 255, 255), *map(tuple, drawn)]
