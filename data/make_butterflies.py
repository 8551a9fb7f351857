"""Draw the data set data/butterflies: pictures, the facts they show, captions, card and sheet.

    python data/make_butterflies.py            draw it again, the same to the byte
    python data/make_butterflies.py --check    say whether what lies there is what this draws
    python data/make_butterflies.py --sheet sheet.png    only a contact sheet, to look at

`butterfly.py` paints one picture, `anatomy.py` grows its wings, `card.md` is the card's text.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import string
import sys
import tempfile
from collections import Counter
from pathlib import Path

import datasets
import PIL
import pyarrow
import pyarrow.parquet
from butterfly import COLORS, GROUNDS, MARKS, PATTERNS, SHAPES, Butterfly, draw
from PIL import Image
from rich.console import Console
from rich.progress import track

HERE = Path(__file__).parent
COUNT, SEED = 1024, 2026
PARQUET = Path("data/train-00000-of-00001.parquet")
FILES = (PARQUET, Path("sheet.png"), Path("README.md"))  # in the order in which they are replaced

AGAIN = "draw the set again with python data/make_butterflies.py, or restore it with git"

# How often each value turns up, out of the length of its tuple.
SIDES = (56, 56, 56, 60, 60, 64, 64, 64, 64, 68, 72, 96)
ASPECTS = ("square",) * 6 + ("wide", "tall")
MODES = ("RGB",) * 15 + ("L", "RGBA")
HINDWING_STEPS = (0,) * 5 + tuple(range(1, len(COLORS)))  # 0: the same colour as the forewings

MARK_WORDS = {
    "plain": "",
    "spots": "{} spots",
    "bands": "{} bands",
    "borders": "{} borders",
    "eyespots": "eyespots",
    "tips": "{} wing tips",
}

# The columns of huggan/smithsonian_butterflies_subset, then those that only this set has.
SMITHSONIAN = (
    "image_url", "image_alt", "id", "name", "scientific_name", "gender", "taxonomy", "region",
    "locality", "date", "usnm_no", "guid", "edan_url", "source", "stage", "image", "image_hash",
    "sim_score",
)  # fmt: skip
FACTS = ("forewing_color", "hindwing_color", "ground", "pattern", "spot_color", "shape", "mode")
COLUMNS = (*SMITHSONIAN, "caption", *FACTS)
FEATURES = datasets.Features(
    {name: datasets.Value("string") for name in COLUMNS}
    | {"image": datasets.Image(), "sim_score": datasets.Value("float64")}
)


def choose(count: int, seed: int) -> list[Butterfly]:
    """Return the facts of `count` butterflies: every value about equally often, mixed at random."""
    rng = random.Random(f"facts of {seed}")
    colors = list(COLORS)
    columns = (deck(values, count, rng) for values in (
        colors, HINDWING_STEPS, tuple(GROUNDS), PATTERNS, tuple(SHAPES), MODES, SIDES, ASPECTS,
    ))  # fmt: skip
    chosen = []
    for fore, step, ground, pattern, shape, mode, side, aspect in zip(*columns, strict=True):
        hind = colors[(colors.index(fore) + step) % len(colors)]
        spot = spot_color(pattern, {fore} if pattern == "tips" else {fore, hind}, rng)
        ground = "pale" if mode == "RGBA" else ground
        size = frame(side, aspect, rng)
        chosen.append(Butterfly(fore, hind, ground, pattern, spot, shape, mode, size))
    return chosen


def deck(values: tuple, count: int, rng: random.Random) -> list:
    """Return `count` cards, each value as often as the others, give or take one, shuffled."""
    cards = [values[number % len(values)] for number in range(count)]
    rng.shuffle(cards)
    return cards


def spot_color(pattern: str, wings: set[str], rng: random.Random) -> str | None:
    """Return a colour that stands out on all these wing colours, or None for uncoloured marks."""
    if pattern in ("plain", "eyespots"):
        return None
    return rng.choice([name for name, (_, suits) in MARKS.items() if wings <= suits])


def frame(side: int, aspect: str, rng: random.Random) -> tuple[int, int]:
    """Return width and height in pixels; the longer of them is `side`."""
    shorter = side if aspect == "square" else round(side * rng.uniform(0.76, 0.92))
    return (side, shorter) if aspect != "tall" else (shorter, side)


def caption(butterfly: Butterfly, rng: random.Random) -> str:
    """Return a sentence with the colours, the marks if any, and the ground."""
    fore, hind = butterfly.forewing_color, butterfly.hindwing_color
    kind = "swallowtail butterfly" if butterfly.shape == "swallowtail" else "butterfly"
    marks = MARK_WORDS[butterfly.pattern].format(butterfly.spot_color)
    hindwings = f"{hind} hindwings" if hind != fore else ""
    place = f"on a {butterfly.ground} ground"
    whole = f"{'an' if fore[0] in 'aeiou' else 'a'} {fore} {kind}"
    short = whole + listed(" with ", hindwings, marks)
    wings = f"{fore} forewings" if hindwings else f"{fore} wings"
    long = f"a {kind}" + listed(" with ", wings, hindwings, marks)
    if butterfly.mode == "L":
        return f"a greyscale picture of {short} {place}"
    return rng.choice((f"{short} {place}", f"{short} {place}", f"{long} {place}"))


def listed(opening: str, *words: str) -> str:
    """Return "one, two and three" after the opening, leaving out empty words; "" without any."""
    *most, last = [word for word in words if word] or [""]
    return f"{opening}{', '.join(most)} and {last}" if most else opening * bool(last) + last


def make_rows(chosen: list[Butterfly], seed: int) -> list[dict]:
    """Return one row a butterfly, with the columns COLUMNS; the image as a name and PNG bytes."""
    rows = []
    screen = Console(stderr=True)
    progress = track(chosen, "drawing", console=screen, disable=not screen.is_terminal)
    for index, butterfly in enumerate(progress):
        rng = random.Random(f"butterfly {index} of {seed}")
        image, text, name = draw(butterfly, rng), caption(butterfly, rng), f"butterfly-{index:04d}"
        known = {
            "id": name,
            "image_alt": text,
            "source": "drawn by data/make_butterflies.py",
            "image": {"bytes": png(image), "path": f"{name}.png"},
            "image_hash": hashlib.sha256(image.tobytes()).hexdigest(),
            "caption": text,
        }
        facts = {fact: getattr(butterfly, fact) for fact in FACTS}
        rows.append(dict.fromkeys(COLUMNS) | known | facts)
    return rows


def png(image: Image.Image) -> bytes:
    """Return the picture as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def opened(row: dict) -> Image.Image:
    """Return the picture of a row."""
    return Image.open(io.BytesIO(row["image"]["bytes"]))


def digest(row: dict) -> str:
    """Return the SHA-256 of a row's facts and pixels, whatever encoder wrote them."""
    image = opened(row)
    facts = {name: value for name, value in row.items() if name != "image"}
    facts |= {"mode": image.mode, "size": image.size}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + image.tobytes()).hexdigest()


def content_checksum(digests: list[str]) -> str:
    """Return the one SHA-256 that stands for all rows, in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def contact_sheet(rows: list[dict], columns: int = 10, cell: int = 80) -> Image.Image:
    """Return the first hundred pictures on white, none larger than its cell (pixels)."""
    rows = rows[: columns * columns]
    sheet = Image.new("RGB", (columns * cell, -(-len(rows) // columns) * cell), "white")
    for number, row in enumerate(rows):
        picture = opened(row).convert("RGBA")
        picture.thumbnail((cell - 4, cell - 4))
        left, top = number % columns * cell, number // columns * cell
        corner = left + (cell - picture.width) // 2, top + (cell - picture.height) // 2
        sheet.paste(picture, corner, picture)
    return sheet.quantize(256)


def write_card(folder: Path, rows: list[dict], seed: int) -> None:
    """Write README.md: card.md with the counts and checksums of what lies in the folder."""
    parquet = folder / PARQUET
    sizes = [opened(row).size for row in rows]
    values = {
        "count": len(rows),
        "size_category": "n<1K" if len(rows) < 1000 else "1K<n<10K",
        "features": "\n".join(f"  - name: {name}\n    dtype: {dtype(name)}" for name in COLUMNS),
        "num_bytes": pyarrow.parquet.read_table(parquet).nbytes,
        "download_size": parquet.stat().st_size,
        "modes": counts(row["mode"] for row in rows),
        "square": sum(width == height for width, height in sizes),
        "not_square": sum(width != height for width, height in sizes),
        "sides": counts(f"{max(size)} px" for size in sizes),
        "smallest": min(min(size) for size in sizes),
        "same": sum(row["forewing_color"] == row["hindwing_color"] for row in rows),
        "combinations": len({tuple(row[fact] for fact in FACTS[:3]) for row in rows}),
        "possible": len(COLORS) ** 2 * len(GROUNDS),
        "seed": seed,
        "content": content_checksum([digest(row) for row in rows]),
        "bytes": hashlib.sha256(parquet.read_bytes()).hexdigest(),
        "versions": f"pyarrow {pyarrow.__version__} and Pillow {PIL.__version__}",
    } | {fact: counts(row[fact] or "none" for row in rows) for fact in FACTS}
    card = string.Template((HERE / "card.md").read_text(encoding="utf-8"))
    (folder / "README.md").write_text(card.substitute(values), encoding="utf-8", newline="\n")


def dtype(column: str) -> str:
    """Return a column's type as a dataset card names it."""
    return "image" if column == "image" else FEATURES[column].dtype


def counts(values) -> str:
    """Return "`red` 114, `blue` 113, …", the most frequent first."""
    return ", ".join(f"`{value}` {times}" for value, times in Counter(values).most_common())


def write_set(folder: Path, count: int, seed: int) -> list[dict]:
    """Draw the whole set into a folder; return its rows."""
    rows = make_rows(choose(count, seed), seed)
    table = pyarrow.Table.from_pylist(rows, schema=FEATURES.arrow_schema)
    (folder / PARQUET).parent.mkdir(parents=True)
    pyarrow.parquet.write_table(table, folder / PARQUET, row_group_size=256)
    contact_sheet(rows).save(folder / "sheet.png", optimize=True)
    write_card(folder, rows, seed)
    return rows


def make(out: Path, count: int, seed: int) -> None:
    """Draw the set beside what lies in `out`, and put it in its place only when it is whole."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".drawing-", dir=out) as folder:
        rows = write_set(Path(folder), count, seed)
        (out / PARQUET).parent.mkdir(exist_ok=True)
        for file in FILES:
            os.replace(Path(folder) / file, out / file)
    print(f"{len(rows)} butterflies in {out}")
    print(f"content  {content_checksum([digest(row) for row in rows])}")


def check(out: Path, count: int, seed: int) -> bool:
    """Draw the set anew, say what agrees with `out`, and return whether the content does."""
    if not (out / PARQUET).is_file():
        print(f"there is no {out / PARQUET}; python data/make_butterflies.py draws it")
        return False
    try:
        there = [digest(row) for row in pyarrow.parquet.read_table(out / PARQUET).to_pylist()]
    except (pyarrow.ArrowException, OSError, KeyError, TypeError) as error:
        print(f"{out / PARQUET} can't be read: {error}")
        print(AGAIN)
        return False
    with tempfile.TemporaryDirectory() as folder:
        drawn = [digest(row) for row in write_set(Path(folder), count, seed)]
        same = [file for file in FILES if same_bytes(out / file, Path(folder) / file)]
    for file in FILES:
        print(f"{'same bytes' if file in same else 'OTHER BYTES':12} {out / file}")
    if there != drawn:
        pairs = zip(there, drawn, strict=False)
        other = [f"butterfly-{i:04d}" for i, (old, new) in enumerate(pairs) if old != new]
        first = f", the first is {other[0]}" if other else ""
        print(f"OTHER CONTENT: {len(there)} butterflies there, {len(drawn)} drawn anew")
        print(f"{len(other)} differ{first}")
        print(AGAIN)
        return False
    print(f"same content {content_checksum(there)}")
    if len(same) < len(FILES):
        print("other bytes are no fault when pyarrow or Pillow is another than the card says")
    return True


def same_bytes(one: Path, other: Path) -> bool:
    """Return whether both files are there and equal."""
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Draw the data set of butterflies.")
    parser.add_argument("--out", type=Path, default=HERE / "butterflies", metavar="FOLDER")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"default {COUNT}")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help=f"default {SEED}")
    parser.add_argument("--check", action="store_true", help="compare with what lies in FOLDER")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="draw only a contact sheet")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("--count must be 1 or more")
    try:
        if options.sheet:
            chosen = choose(options.count, options.seed)[:100]
            contact_sheet(make_rows(chosen, options.seed)).save(options.sheet, optimize=True)
        elif options.check:
            return 0 if check(options.out, options.count, options.seed) else 1
        else:
            make(options.out, options.count, options.seed)
    except OSError as error:
        print(f"not done: {error}; what lay there before is as it was", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
