"""Names that somebody else chose, made fit for lines, for file names and for a gradebook."""

import os
import unicodedata
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from kata.grading.printable import visible

LONGEST_NAME = 50
LONGEST_LINE = 200
ENDINGS = (".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst")


def plain(text: str) -> str:
    """The text in one line of printable characters, cut in the middle where it is long.

    Line ends, escape sequences, marks that turn the direction of writing and bytes that are no
    text become visible; a backtick, in which lines quote names, becomes an apostrophe.
    """
    if len(text) > LONGEST_LINE:
        text = f"{text[: LONGEST_LINE // 2]}…{text[-LONGEST_LINE // 2 :]}"
    return visible(text).replace("`", "'")


def safe_name(path: Path) -> str:
    """A submission's name, from its file's name without the ending, or from its folder's.

    Letters, digits, spaces, `-`, `_` and `.` stay; it begins with none of the last three, so it is
    no formula, no option and no hidden file. At most LONGEST_NAME characters.
    """
    kept = unicodedata.normalize(
        "NFC", path.name if os.path.isdir(path) else _without_ending(path.name)
    )
    letters = (c if unicodedata.category(c)[0] in "LMN" or c in "-_. " else "_" for c in kept)
    name = "".join(letters).lstrip("-_. ")[:LONGEST_NAME].rstrip(". ")
    return name or "submission"


def unique_names(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """For each path its name, and a line where it is not its own, as another one has that; else "".

    Names that differ only in case are the same: not every disk tells them apart.
    """
    names = [safe_name(path) for path in paths]
    taken, given, result = set(map(_folded, names)), set(), []
    for path, name in zip(paths, names, strict=True):
        line = ""
        if _folded(name) in given:
            name = next(n for i in count(2) if _folded(n := f"{name}-{i}") not in taken)
            taken.add(_folded(name))
            line = f"`{plain(path.name)}` is named like another submission: here it is `{name}`"
        given.add(_folded(name))
        result.append((name, line))
    return result


def _without_ending(name: str) -> str:
    endings = [ending for ending in ENDINGS if name.lower().endswith(ending)]
    return name[: -len(endings[0])] if endings else Path(name).stem


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
