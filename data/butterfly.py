"""Paint one butterfly: washes, marks, veins and outlines through antialiased stencils.

A stencil is drawn OVERSAMPLING times larger than the picture and averaged down to it; colours are
then mixed at the picture's own size. All chance comes from one `random.Random`, and Pillow sees
whole numbers only, so that a picture is the same wherever it is drawn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from anatomy import SHAPES, Body, Path, Wing, ellipse, pose
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

__all__ = ["COLORS", "GROUNDS", "MARKS", "MODES", "PATTERNS", "SHAPES", "Butterfly", "draw"]

OVERSAMPLING = 6

Pair = tuple[Wing, Wing]  # right and left
Mark = tuple[str, list[Path]]  # a colour and its areas

# Shades of each wing colour, from the root of the wing to its edge.
COLORS = {
    "red": (("#8a0e1c", "#e2322c"), ("#a01518", "#ef463a"), ("#7c0f22", "#d0222f")),
    "orange": (("#b84a08", "#f78c1e"), ("#c65a08", "#fc9f2c"), ("#ad4610", "#f07f1a")),
    "yellow": (("#dba312", "#fcdc3a"), ("#e2b01a", "#fee65e"), ("#d29a10", "#f8d22c")),
    "green": (("#14562f", "#3fb05a"), ("#1d6b36", "#62c466"), ("#2c6420", "#78bf42")),
    "blue": (("#142f80", "#3f80e2"), ("#12408e", "#4aa2ee"), ("#1b2a88", "#4a66e4")),
    "purple": (("#431a70", "#9150cb"), ("#4f1f86", "#a86ade"), ("#3a1568", "#7c40c4")),
    "pink": (("#d24c8c", "#f9a0c6"), ("#dc5a96", "#fcb2d0"), ("#c63c7e", "#f486b8")),
    "white": (("#c4c2c4", "#fcfbf8"), ("#b8c2d0", "#f6f9fd"), ("#d0c6b4", "#fefaf0")),
    "black": (("#0c0b0e", "#312d36"), ("#100c0a", "#38302c"), ("#0a0d14", "#28303c")),
}

# Shades of each ground, from the middle of the picture to its edge.
GROUNDS = {
    "pale": (("#f8f8f6", "#e2e4e5"), ("#f6f5f2", "#e6e3df")),
    "cream": (("#fdf3d6", "#f0daa8"), ("#fcefca", "#eed6a2")),
    "sky": (("#cfe6f8", "#98c4ea"), ("#d8ecf6", "#a4cfe6")),
    "meadow": (("#d4e9b8", "#a2ca80"), ("#dcebb4", "#b0cc7c")),
    "rose": (("#fbdcde", "#edb0ba"), ("#fae0da", "#ecb6ae")),
    "dusk": (("#6c6894", "#403e66"), ("#5f6a94", "#383f66")),
}

# The colour of marks, and the wing colours on which they stand out.
MARKS = {
    "white": ("#fcf8ee", {"red", "orange", "green", "blue", "purple", "pink", "black"}),
    "yellow": ("#fcdc4c", {"red", "green", "blue", "purple", "black"}),
    "black": ("#18131a", {"red", "orange", "yellow", "green", "blue", "purple", "pink", "white"}),
    "red": ("#dc2c30", {"yellow", "white", "black"}),
}

PATTERNS = ("plain", "spots", "bands", "borders", "eyespots", "tips")
MODES = ("RGB", "L", "RGBA")
INK = "#1f161c"
FURS = (("#2a1c18", "#8a6a4c"), ("#1c181e", "#6c6470"), ("#3a2414", "#a87c44"))  # dark, light
VEINS = {color: INK for color in COLORS} | {"black": "#857a86", "white": "#8a8490"}
DOTS = {"black": "#fcf4e0", "white": "#3a3038", "yellow": "#5a2a10", "red": "#2a1016"}

# Spots of a forewing and a hindwing: along the margin, out from the root, radius.
SPOTS = {
    "fore": ((0.08, 0.80, 0.065), (0.35, 0.75, 0.08), (0.63, 0.76, 0.08), (0.90, 0.79, 0.06),
             (0.42, 0.45, 0.08)),
    "hind": ((0.14, 0.76, 0.06), (0.38, 0.76, 0.075), (0.62, 0.76, 0.075), (0.86, 0.76, 0.06)),
}  # fmt: skip


@dataclass(frozen=True)
class Butterfly:
    """What a picture shows: the facts that its caption tells, and its mode and size in pixels."""

    forewing_color: str
    hindwing_color: str
    ground: str
    pattern: str
    spot_color: str | None
    shape: str
    mode: str
    size: tuple[int, int]


def draw(butterfly: Butterfly, rng: random.Random) -> Image.Image:
    """Return the picture, of the mode and size that `butterfly` says; `rng` decides the rest.

    An RGBA picture is transparent around the butterfly and has the ground's colours beneath.
    Raises KeyError for a color, ground or shape that has no palette or outline.
    """
    figure = pose(butterfly.shape, butterfly.size, rng)
    easel = Easel(paint_ground(butterfly.ground, butterfly.size, rng), figure.fore[0].unit)
    shade, dose = rng.randrange(3), rng.uniform(0.92, 1.08)

    easel.shadow([wing.outline for wing in figure.fore + figure.hind], 0.22)
    hind = marks(butterfly, "hind", figure.hind, dose)
    paint_wings(easel, figure.hind, butterfly.hindwing_color, shade, hind)
    easel.shadow([wing.outline for wing in figure.fore], 0.30)
    fore = marks(butterfly, "fore", figure.fore, dose)
    paint_wings(easel, figure.fore, butterfly.forewing_color, shade, fore)
    paint_body(easel, figure.body, butterfly.ground, rng)
    if butterfly.mode == "RGBA":
        easel.picture.putalpha(easel.cover)
    return easel.picture.convert(butterfly.mode)


class Easel:
    """An RGB picture being painted, and its cover: 255 where the butterfly is, 0 elsewhere."""

    def __init__(self, picture: Image.Image, unit: float):
        self.picture = picture
        self.unit = unit
        self.cover = Image.new("L", picture.size)

    def stencil(
        self, areas: Iterable[Path] = (), lines: Iterable[Path] = (), width: float = 0
    ) -> Image.Image:
        """Return the mode "L" mask of closed areas and of lines `width` units wide."""
        sheet = Image.new("L", [side * OVERSAMPLING for side in self.picture.size])
        pen = ImageDraw.Draw(sheet)
        for area in areas:
            pen.polygon(oversampled(area), fill=255)
        for line in lines:
            thickness = max(OVERSAMPLING // 2, round(width * self.unit * OVERSAMPLING))
            pen.line(oversampled(line), fill=255, width=thickness, joint="curve")
        return sheet.reduce(OVERSAMPLING)

    def paint(self, color: str | Image.Image, stencil: Image.Image, opacity: float = 1.0) -> None:
        """Lay a colour, or a picture of the same size, on where the stencil is open."""
        mask = stencil.point([round(value * opacity) for value in range(256)])
        self.picture.paste(color, (0, 0, *self.picture.size), mask)

    def paint_object(self, color: str | Image.Image, stencil: Image.Image) -> None:
        """Paint what is part of the butterfly: it covers the ground."""
        self.cover = ImageChops.lighter(self.cover, stencil)
        self.paint(color, stencil)

    def shadow(self, areas: Iterable[Path], opacity: float) -> None:
        """Darken softly what lies beneath the areas."""
        fallen = [[z + 0.05j * self.unit for z in area] for area in areas]
        blur = ImageFilter.GaussianBlur(round(0.06 * self.unit))
        self.paint("#1a1226", self.stencil(fallen).filter(blur), opacity)

    def glow(self, middle: complex, radius: float, colors: tuple[str, str]) -> Image.Image:
        """Return a picture that shades from one colour in the middle to another at a radius."""
        side = max(2, round(2 * radius * self.unit))
        distance = Image.new("L", self.picture.size, 255)
        corner = round(middle.real - side / 2), round(middle.imag - side / 2)
        distance.paste(Image.radial_gradient("L").resize((side, side)), corner)
        return ImageOps.colorize(distance, *colors)


def paint_ground(ground: str, size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Return a soft gradient about a place not far from the middle."""
    middle, edge = rng.choice(GROUNDS[ground])
    left, top = rng.uniform(0, 70), rng.uniform(0, 70)
    light = Image.radial_gradient("L").resize(size, box=(left, top, left + 186, top + 186))
    return ImageOps.colorize(light, middle, edge)


def paint_wings(easel: Easel, wings: Pair, color: str, shade: int, pattern: Iterable[Mark]) -> None:
    """Paint a pair of wings: wash, sheen, veins, the marks of the pattern and outline."""
    root, edge = COLORS[color][shade]
    shape = easel.stencil([wing.outline for wing in wings])
    middle = (wings[0].root + wings[1].root) / 2
    easel.paint_object(easel.glow(middle, 0.7, (root, edge)), shape)

    def mark(tint: str, areas: Iterable[Path], opacity: float = 1.0) -> None:
        easel.paint(tint, ImageChops.multiply(shape, easel.stencil(areas)), opacity)

    sheen = easel.stencil([wing.disc(0.35, 0.66, 0.2) for wing in wings])
    sheen = sheen.filter(ImageFilter.GaussianBlur(round(0.12 * easel.unit)))
    easel.paint("#ffffff", ImageChops.multiply(shape, sheen), 0.16)
    mark(root, [wing.strip(lambda _: 0.90, 1.1) for wing in wings], 0.45)
    veins = easel.stencil(lines=[vein for wing in wings for vein in wing.veins(6)], width=0.014)
    easel.paint(VEINS[color], ImageChops.multiply(shape, veins), 0.45)
    for tint, areas in pattern:
        mark(tint, areas)
    rims = easel.stencil(lines=[[*wing.outline, *wing.outline[:2]] for wing in wings], width=0.03)
    easel.paint_object(INK, rims.point([round(0.9 * value) for value in range(256)]))


def marks(butterfly: Butterfly, name: str, wings: Pair, dose: float) -> Iterator[Mark]:
    """Yield the marks of the butterfly's pattern on a pair of wings, as a colour and its areas.

    name  "fore" or "hind"
    dose  a factor about 1, for sizes
    """
    pattern = butterfly.pattern
    tint = MARKS[butterfly.spot_color][0] if butterfly.spot_color else INK
    if pattern == "spots":
        yield tint, [wing.disc(a, out, r * dose) for wing in wings for a, out, r in SPOTS[name]]
    elif pattern == "bands":
        yield tint, [wing.strip(wavy(0.52, 0.03), 0.52 + 0.2 * dose) for wing in wings]
    elif pattern == "borders":
        yield tint, [wing.strip(wavy(0.86 - 0.06 * dose, 0.05), 1.2) for wing in wings]
        dots = [(i + 0.5) / 6 for i in range(6)]
        yield DOTS[butterfly.spot_color], [w.disc(a, 0.91, 0.026) for w in wings for a in dots]
    elif pattern == "eyespots":
        place = (0.42, 0.66) if name == "fore" else (0.5, 0.62)
        for color, radius in (("#fbe9b0", 0.165), ("#1a1420", 0.125), ("#4aa0e8", 0.06)):
            yield color, [wing.disc(*place, radius * dose) for wing in wings]
        yield "#ffffff", [wing.disc(place[0] - 0.04, place[1] + 0.03, 0.035) for wing in wings]
    elif pattern == "tips" and name == "fore":
        yield tint, [wing.disc(0.06, 1.0, 0.36 * dose) for wing in wings]


def wavy(level: float, height: float) -> Callable[[float], float]:
    """Return a curve along the margin that swings about a level, three times."""
    return lambda along: level + height * math.sin(6 * math.pi * along)


def paint_body(easel: Easel, body: Body, ground: str, rng: random.Random) -> None:
    """Paint antennae with clubs, abdomen, thorax and head."""
    dark, light = rng.choice(FURS)
    feeler = "#e8dcc4" if ground == "dusk" else dark
    clubs = [ellipse(antenna[-1], *[0.03 * easel.unit] * 2) for antenna in body.antennae]
    easel.paint_object(feeler, easel.stencil(clubs, body.antennae, 0.024))
    for part in (body.abdomen, body.thorax, body.head):
        easel.paint_object(dark, easel.stencil([part]))
    middle = sum(body.thorax) / len(body.thorax)
    fur = easel.stencil([body.thorax]).filter(ImageFilter.GaussianBlur(1))
    easel.paint(easel.glow(middle, 0.16, (light, dark)), fur, 0.8)


def oversampled(path: Path) -> list[tuple[int, int]]:
    """Return the path in whole pixels of the oversampled sheet."""
    return [(round(z.real * OVERSAMPLING), round(z.imag * OVERSAMPLING)) for z in path]
