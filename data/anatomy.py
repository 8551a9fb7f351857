"""Grow the wings and the body of a butterfly, and pose them in a frame.

A point is a complex number: x to the right, y down. Until the pose the thorax lies at 0 and a
forewing is about 1 long; afterwards everything is in pixels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

Path = list[complex]


@dataclass(frozen=True)
class Knots:
    """The knots of a wing's outline on the right side, in order, from the root round to the root.

    costa   the leading edge, root first
    margin  the outer edge, opposite the root
    inner   the edge along the body, back to the root
    tail    a way out and back after the margin's knot number `tail_after`, or nothing
    """

    costa: tuple[complex, ...]
    margin: tuple[complex, ...]
    inner: tuple[complex, ...]
    tail: tuple[complex, ...] = ()
    tail_after: int = 0


HINDWING = Knots(
    (0.03 - 0.04j, 0.40 - 0.10j),
    (0.74 - 0.02j, 0.86 + 0.24j, 0.79 + 0.52j, 0.56 + 0.73j, 0.28 + 0.70j),
    (0.09 + 0.40j,),
)
FOREWING = Knots(
    (0.02 - 0.10j, 0.30 - 0.47j, 0.62 - 0.72j),
    (0.90 - 0.75j, 1.01 - 0.54j, 0.98 - 0.26j, 0.85 + 0.00j),
    (0.48 + 0.10j, 0.05 + 0.06j),
)

# The forewing, the hindwing and the depth of the scallops of each shape.
SHAPES = {
    "rounded": (FOREWING, HINDWING, 0.0),
    "pointed": (
        Knots(
            (0.02 - 0.10j, 0.34 - 0.46j, 0.74 - 0.74j),
            (1.08 - 0.86j, 0.96 - 0.50j, 0.85 - 0.20j, 0.78 + 0.03j),
            (0.44 + 0.10j, 0.05 + 0.06j),
        ),
        Knots(
            (0.03 - 0.04j, 0.40 - 0.08j),
            (0.72 + 0.00j, 0.84 + 0.20j, 0.74 + 0.46j, 0.53 + 0.74j, 0.30 + 0.74j),
            (0.09 + 0.40j,),
        ),
        0.0,
    ),
    "broad": (
        Knots(
            (0.02 - 0.10j, 0.24 - 0.54j, 0.54 - 0.86j),
            (0.84 - 0.92j, 1.00 - 0.68j, 0.97 - 0.32j, 0.88 + 0.02j),
            (0.50 + 0.12j, 0.05 + 0.06j),
        ),
        Knots(
            (0.03 - 0.04j, 0.40 - 0.08j),
            (0.78 + 0.00j, 0.93 + 0.27j, 0.88 + 0.58j, 0.63 + 0.83j, 0.30 + 0.80j),
            (0.09 + 0.44j,),
        ),
        0.0,
    ),
    "slender": (
        Knots(
            (0.02 - 0.10j, 0.36 - 0.46j, 0.74 - 0.71j),
            (1.02 - 0.74j, 1.12 - 0.55j, 1.03 - 0.26j, 0.82 + 0.00j),
            (0.46 + 0.09j, 0.05 + 0.06j),
        ),
        Knots(
            (0.03 - 0.04j, 0.40 - 0.08j),
            (0.72 - 0.04j, 0.85 + 0.18j, 0.77 + 0.48j, 0.54 + 0.70j, 0.27 + 0.69j),
            (0.08 + 0.37j,),
        ),
        0.0,
    ),
    "scalloped": (FOREWING, HINDWING, 0.07),
    "swallowtail": (
        FOREWING,
        replace(
            HINDWING,
            tail=(0.63 + 0.90j, 0.69 + 1.08j, 0.62 + 1.13j, 0.53 + 1.02j, 0.47 + 0.80j),
            tail_after=3,
        ),
        0.03,
    ),
}


@dataclass(frozen=True)
class Wing:
    """A wing's outline (closed) and margin (open) as dense paths; `unit` is the length of 1."""

    root: complex
    outline: Path
    margin: Path
    unit: float = 1.0

    def at(self, along: float, out: float) -> complex:
        """Return the point `out` of the way from the root (0) to the margin (1).

        along  0 at the margin's first point, the apex, and 1 at its last; it goes straight on
               beyond them
        """
        place = along * (len(self.margin) - 1)
        before = min(max(int(place), 0), len(self.margin) - 2)
        rest = place - before
        edge = self.margin[before] * (1 - rest) + self.margin[before + 1] * rest
        return self.root + out * (edge - self.root)

    def strip(self, inner: Callable[[float], float], outer: float) -> Path:
        """Return the closed strip along the margin, and on past it, between two distances."""
        steps = [step / 40 for step in range(-6, 47)]
        far = [self.at(along, outer) for along in steps]
        near = [self.at(along, inner(along)) for along in steps]
        return far + near[::-1]

    def disc(self, along: float, out: float, radius: float) -> Path:
        """Return a circle about a point of the wing; `radius` in units."""
        return ellipse(self.at(along, out), radius * self.unit, radius * self.unit)

    def veins(self, count: int) -> list[Path]:
        """Return `count` veins, from the root through the cell to the margin."""
        ends = [(number + 0.5) / count for number in range(count)]
        return [
            smooth([self.at(0.5, 0.08), self.at(0.5 + (end - 0.5) * 0.6, 0.42), self.at(end, 1)])
            for end in ends
        ]

    def moved(self, move: Callable[[complex], complex], unit: float) -> Wing:
        """Return the wing with every point moved; `unit` is then the length of 1."""
        outline, margin = [move(z) for z in self.outline], [move(z) for z in self.margin]
        return Wing(move(self.root), outline, margin, unit)


@dataclass(frozen=True)
class Body:
    """The parts of the body as closed paths, and the two antennae as open ones."""

    abdomen: Path
    thorax: Path
    head: Path
    antennae: list[Path]

    def moved(self, move: Callable[[complex], complex]) -> Body:
        """Return the body with every point moved."""
        parts = [[move(z) for z in part] for part in (self.abdomen, self.thorax, self.head)]
        return Body(*parts, [[move(z) for z in antenna] for antenna in self.antennae])


@dataclass(frozen=True)
class Figure:
    """A posed butterfly: forewings and hindwings, the right one first, and the body."""

    fore: tuple[Wing, Wing]
    hind: tuple[Wing, Wing]
    body: Body


def pose(shape: str, size: tuple[int, int], rng: random.Random) -> Figure:
    """Return a butterfly of a shape, grown anew and posed so that it fills a frame.

    size  width and height in pixels
    Raises KeyError when SHAPES has no such shape.
    """
    fore, hind, scallop_depth = SHAPES[shape]
    fore, hind = grow(fore, scallop_depth, rng), grow(hind, scallop_depth, rng)
    fores = both_sides(fore, math.radians(rng.uniform(-3, 8)), rng)
    hinds = both_sides(hind, math.radians(rng.uniform(-5, 3)), rng)
    body = grow_body(rng)

    turn = rotation(math.radians(rng.triangular(-14, 14, 0)))
    paths = [wing.outline for wing in fores + hinds] + [body.abdomen, *body.antennae]
    points = [turn * z for path in paths for z in path]
    unit, shift = fit(points, size, rng.uniform(0.02, 0.05))

    def move(z: complex) -> complex:
        return turn * z * unit + shift

    fores, hinds = (tuple(wing.moved(move, unit) for wing in pair) for pair in (fores, hinds))
    return Figure(fores, hinds, body.moved(move))


def grow(knots: Knots, scallop_depth: float, rng: random.Random) -> Wing:
    """Return a wing of the right side, each knot a little out of its place."""
    stretch = complex(rng.uniform(0.94, 1.04), rng.uniform(0.98, 1.14))

    def vary(path: tuple[complex, ...], by: float) -> Path:
        return [
            complex(z.real * stretch.real, z.imag * stretch.imag)
            + complex(rng.uniform(-by, by), rng.uniform(-by, by))
            for z in path
        ]

    costa, inner = vary(knots.costa, 0.015), vary(knots.inner, 0.01)
    margin, tail = vary(knots.margin, 0.025), vary(knots.tail, 0.015)
    wing = Wing(costa[0], [], smooth(margin))
    edge = scallop(wing, 6, scallop_depth) if scallop_depth else margin
    edge = edge[: knots.tail_after + 1] + tail + edge[knots.tail_after + 1 :] if tail else edge
    return replace(wing, outline=smooth(costa + edge + inner, closed=True))


def scallop(wing: Wing, lobes: int, depth: float) -> Path:
    """Return knots along the margin that lie out and in by turns."""
    count = 2 * lobes
    return [wing.at(i / count, 1 + depth * (0.4 if i % 2 else -0.6)) for i in range(count + 1)]


def grow_body(rng: random.Random) -> Body:
    """Return a body along the imaginary axis, head up."""
    width, length = rng.uniform(0.85, 1.15), rng.uniform(0.44, 0.56)
    side = [(0.045, 0.02), (0.066, 0.12), (0.062, 0.26), (0.04, length - 0.06), (0.0, length)]
    right = [complex(x * width, y) for x, y in side]
    abdomen = smooth(right + [mirror(z) for z in right[-2::-1]], closed=True)
    reach, bend = rng.uniform(0.16, 0.30), rng.uniform(0.0, 0.08)
    antenna = smooth([0.02 - 0.24j, complex(reach * 0.45 + bend, -0.46), complex(reach, -0.68)])
    antennae = [antenna, [mirror(z) for z in antenna]]
    thorax, head = ellipse(-0.07j, 0.085 * width, 0.15), ellipse(-0.235j, 0.06 * width, 0.055)
    return Body(abdomen, thorax, head, antennae)


def both_sides(wing: Wing, spread: float, rng: random.Random) -> tuple[Wing, Wing]:
    """Return the wing and its mirror image, raised by `spread` radians, hardly the same."""
    right, left = (rotation(-spread + rng.uniform(-0.03, 0.03)) for _ in range(2))
    return wing.moved(lambda z: right * z, 1.0), wing.moved(lambda z: mirror(left * z), 1.0)


def fit(points: Path, size: tuple[int, int], border: float) -> tuple[float, complex]:
    """Return scale and shift that centre the points in a frame but for a border (of its side)."""
    xs, ys = [z.real for z in points], [z.imag for z in points]
    room = 1 - 2 * border
    scale = min(size[0] * room / (max(xs) - min(xs)), size[1] * room / (max(ys) - min(ys)))
    middle = complex(max(xs) + min(xs), max(ys) + min(ys)) / 2
    return scale, complex(*size) / 2 - scale * middle


def smooth(knots: Path, closed: bool = False, steps: int = 10) -> Path:
    """Return a Catmull-Rom spline through the knots (Catmull and Rom 1974), `steps` a knot."""
    count = len(knots)
    if not closed:
        knots = [knots[0], *knots, knots[-1]]
    path = []
    for i in range(count if closed else count - 1):
        a, b, c, d = (knots[(i + j) % len(knots)] for j in range(4))
        for t in (step / steps for step in range(steps)):
            bend = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
            path.append((2 * b + (c - a) * t + bend) / 2)
    return path if closed else [*path, knots[-1]]


def ellipse(centre: complex, width: float, height: float) -> Path:
    """Return an upright ellipse as a closed path; `width` and `height` are half axes."""
    turns = [2 * math.pi * step / 24 for step in range(24)]
    return [centre + complex(width * math.cos(t), height * math.sin(t)) for t in turns]


def rotation(angle: float) -> complex:
    """Return the factor that turns a point about 0 by an angle in radians."""
    return complex(math.cos(angle), math.sin(angle))


def mirror(z: complex) -> complex:
    """Return the point on the other side of the body."""
    return -z.conjugate()
