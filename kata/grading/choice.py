"""Which of the files in a submission is the one that a kata asks for.

The right place comes first, then the right name; a name that somebody else has altered counts where
it leaves no doubt. Whatever else looks like an answer is refused with a line.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Sequence

from kata.grading.names import plain
from kata.grading.trees import MOST_ENTRIES, Entry, Refused
from kata.manifest import EXERCISES, Kata

ALTERED = re.compile(r"( ?\(\d+\)|[- ]\d+)?\.py(\.txt)?$")  # by a browser, a platform or an editor
COPIED = re.compile(r"^copy of |( -)? copy(?=\.py$)")  # likewise, or a desktop
NOTEBOOK = ".ipynb"
MOST_ALIKE = 4


def choose(kata: Kata, entries: list[Entry]) -> list[Entry]:
    """The kata's file, or several of equal rank. Raises Refused where none can be the one."""
    name = f"{kata.name}.py"
    alike = [entry for entry in entries if entry.name.casefold() == name]
    if not any(entry.name == name for entry in alike):
        return _choose_by_intention(name, kata, entries)
    ranks = defaultdict(list)
    for entry in alike:
        if entry.name == name:
            ranks[rank(entry, kata)].append(entry)
    chosen = ranks[min(ranks)]
    places = {entry.path.casefold() for entry in chosen}
    colliding = [entry for entry in alike if entry.path.casefold() in places]
    if len(colliding) > len(places):
        raise Refused(f"{listed(colliding)} are one name where case does not count: keep one")
    if len(chosen) > MOST_ALIKE:
        raise Refused(f"{listed(chosen)} are too many: hand in one `{name}`")
    return chosen


def rank(entry: Entry, kata: Kata) -> int:
    """0 for exercises/LESSON/KATA.py, 1 for LESSON/KATA.py, 2 for KATA.py, wherever they lie.

    What lies open in a folder comes before all that is packed in it.
    """
    packed = 3 * entry.packed
    if entry.parts[-2:-1] != (kata.lesson,):
        return packed + 2
    return packed + (entry.parts[-3:-2] != (EXERCISES,))


def passed_by(kata: Kata, entries: list[Entry], chosen: list[Entry]) -> list[Entry]:
    """What else was meant to be the kata's file, beside the one that was chosen."""
    name = f"{kata.name}.py"
    return [entry for entry in entries if _meant(entry.name) == name and entry not in chosen]


@functools.lru_cache(MOST_ENTRIES)
def intended(name: str) -> str:
    """`add_noise.py` for `Add_Noise (1).py`, `add_noise-1.py` and `add_noise.py.txt`."""
    return ALTERED.sub(".py", name.casefold())


def signed(name: str, katas: Sequence[Kata]) -> str:
    """The kata's file that is meant by `smith_17_add_noise-1.py` or `Ann Lee - add_noise.py`, as
    platforms hand them out; "" for any other name.
    """
    stem = intended(name).removesuffix(".py")
    meant = [k.name for k in katas if re.search(rf"[^a-z0-9]{k.name}$", stem)]
    return f"{max(meant, key=len)}.py" if meant else ""


def listed(entries: list[Entry]) -> str:
    shown = [f"`{plain(entry.path)}`" for entry in entries[:MOST_ALIKE]]
    return " and ".join(shown) + (", among others," if len(entries) > MOST_ALIKE else "")


def _choose_by_intention(name: str, kata: Kata, entries: list[Entry]) -> list[Entry]:
    """The only file that was meant to have this name. Raises Refused where one cannot be sure."""
    meant = [entry for entry in entries if _meant(entry.name) == name]
    if len(meant) == 1:
        return meant
    if meant:
        raise Refused(f"{listed(meant)} are not taken: keep one, and name it `{name}`")
    for entry in entries:
        if _resembles(entry.name, kata):
            raise Refused(f"`{plain(entry.path)}` {_why_not(entry.name)} `{name}`")
    return []


def _why_not(name: str) -> str:
    if name.casefold().endswith(NOTEBOOK):
        return "is a notebook: hand in its code as"
    return "is not taken: its name must be"


@functools.lru_cache(MOST_ENTRIES)
def _meant(name: str) -> str:
    """`add_noise.py` for `Copy of add_noise.py` and `add_noise - Copy (2).py` as well."""
    return COPIED.sub("", intended(name))


def _resembles(name: str, kata: Kata) -> bool:
    """Whether the file was meant to be the kata's: `add-noise (1).py`, `addNoise.py.txt`."""
    words, wanted = _words(name), kata.name.split("_")
    if words[:1] == ["test"] or not {"py", "ipynb", "txt"} & set(words):
        return False
    starts = range(len(words) - len(wanted) + 1)
    has_the_words = any(words[start:][: len(wanted)] == wanted for start in starts)
    return has_the_words or "".join(words).startswith("".join(wanted))


@functools.lru_cache(MOST_ENTRIES)  # asked for each kata anew
def _words(name: str) -> list[str]:
    return re.findall("[a-z0-9]+", name.casefold())
