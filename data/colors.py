"""Which colours a picture of a butterfly shows: measured on its pixels, without any model.

Wings lie at much the same place in every picture. There each pixel votes for the wing colour that
it lies nearest to, and most votes win; the ground is measured along the picture's edges. Distances
are those of CIELAB, where equal distances look about equally large.

Bands and borders can cover more of a wing than its own colour does. Who knows what colour they have
can say so: then it has no vote on the wings.
"""

from __future__ import annotations

import numpy as np
from butterfly import COLORS, GROUNDS, Butterfly
from PIL import Image, ImageCms

SIDE = 64
# Rows, then columns of the left half, of a picture of 64 x 64; the right half is its mirror image.
WINGS = {
    "forewing_color": (slice(18, 32), slice(11, 27)),
    "hindwing_color": (slice(34, 53), slice(17, 28)),
}
EDGE = 3  # rows at the top and at the bottom
TO_LAB = ImageCms.buildTransform(
    ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
)


def measure(image: Image.Image, marking: str | None = None) -> dict[str, str]:
    """Return "forewing_color", "hindwing_color" and "ground", by the data set's names.

    marking  the colour of spots, bands and the like, where it is known and no wing's own
    """
    pixels = lab(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    halves = pixels, pixels[:, ::-1]
    edges = np.concatenate([pixels[:EDGE].reshape(-1, 3), pixels[-EDGE:].reshape(-1, 3)])
    found = {"ground": most_votes(edges, GROUNDS)}
    for wing, place in WINGS.items():
        area = np.concatenate([half[place].reshape(-1, 3) for half in halves])
        found[wing] = most_votes(area, COLORS, without=marking)
    return found


def most_votes(pixels: np.ndarray, palettes: dict, without: str | None = None) -> str:
    """Return the name of the palette that most of the pixels, (N, 3), lie nearest to.

    without  a palette whose pixels do not count
    """
    names = list(palettes)
    nearest = np.argmin([distance(pixels, palettes[name]) for name in names], axis=0)
    votes = np.bincount(nearest, minlength=len(names))
    if without in names:
        votes[names.index(without)] = 0
    return names[votes.argmax()]


def marking_of(butterfly: Butterfly) -> str | None:
    """The colour of a butterfly's markings, unless a wing has it, too."""
    wings = (butterfly.forewing_color, butterfly.hindwing_color)
    return None if butterfly.spot_color in wings else butterfly.spot_color


def distance(pixels: np.ndarray, shades) -> np.ndarray:
    """How far each pixel lies from a palette, whose shades are lines between two colours."""
    lines = [(lab_of(start), lab_of(end)) for start, end in shades]
    return np.min([distance_to_line(pixels, *line) for line in lines], axis=0)


def distance_to_line(pixels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    way = end - start
    share = np.clip((pixels - start) @ way / (way @ way), 0, 1)
    return np.linalg.norm(pixels - start - share[:, None] * way, axis=1)


def lab_of(color: str) -> np.ndarray:
    return lab(Image.new("RGB", (1, 1), color))[0, 0]


def lab(image: Image.Image) -> np.ndarray:
    """Return (H, W, 3): lightness in [0, 100], and the axes green to red and blue to yellow."""
    packed = np.asarray(ImageCms.applyTransform(image, TO_LAB)).astype(float)
    signed = (packed[..., 1:] + 128) % 256 - 128
    return np.concatenate([packed[..., :1] * 100 / 255, signed], axis=-1)
