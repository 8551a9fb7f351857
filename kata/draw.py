"""Inputs that suites draw anew from a seed."""

import torch
from PIL import Image


def pictures(rng: torch.Generator, batch: int, size: int) -> torch.Tensor:
    """Return (batch, 3, size, size) float32 in [-1, 1]: smooth pictures, each of its own colours."""
    coarse = torch.rand(batch, 3, 4, 4, generator=rng) * 2 - 1
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")
    return smooth.clamp(-1, 1)


def image(rng: torch.Generator, width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a PIL image of random pixels, of mode L, RGB or RGBA."""
    channels = len(mode)
    pixels = torch.randint(0, 256, (height, width, channels), generator=rng, dtype=torch.uint8)
    return Image.frombytes(mode, (width, height), pixels.numpy().tobytes())
