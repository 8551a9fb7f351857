"""From a path to submissions: which there are, and what each hands in for every kata.

Nothing but the files that the manifest names is read. Whatever a submission is made of, it becomes
a `Submission`, and what could not be taken from it a line in the report.
"""

import functools
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from kata.errors import KataError
from kata.grading.archive import Tar, Zip
from kata.grading.names import plain, safe_name, unique_names
from kata.grading.trees import (
    ASIDE,
    FILE,
    FOLDER,
    LINK,
    MOST_ENTRIES,
    OTHER,
    UNREADABLE,
    Entry,
    Folder,
    OneFile,
    Refused,
    Tree,
    reason,
)
from kata.manifest import EXERCISES, Kata

ARCHIVES = {".zip": Zip, ".tar": Tar, ".tar.gz": Tar, ".tgz": Tar}
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp")
FOREIGN = (".rar", ".7z", ".gz", ".xz", ".bz2", ".zst", ".ipynb")
FORMS = "hand in a folder, a .zip, a .tar.gz or a kata's .py"
BARE_REPOSITORY = {"HEAD", "objects", "refs"}
MOST_ALIKE = 4
MOST_LINES = 10


class IntakeError(KataError):
    """The path that was given holds nothing to grade. The message says what to give instead."""


@dataclass(frozen=True)
class Submission:
    """What somebody handed in.

    name      fit for a file's name, HTML and a gradebook; `read_class` makes it unique
    files     the content for each kata's id, as it was handed in
    refused   for each other kata of which there is something, a line on why it was not taken
    troubles  lines on the submission as a whole
    """

    name: str
    path: str
    files: dict[str, bytes]
    refused: dict[str, str]
    troubles: tuple[str, ...] = ()


def read_class(path: Path, katas: Sequence[Kata]) -> Iterator[Submission]:
    """Read one submission after the other, under names of which no two are the same.

    Raises IntakeError where the path cannot be read; never for what a submission holds.
    """
    paths = submissions_in(path, katas)
    for one, (name, line) in zip(paths, unique_names(paths), strict=True):
        submission = read_submission(one, katas, name)
        yield replace(submission, troubles=(*submission.troubles, line)) if line else submission


def submissions_in(path: Path, katas: Sequence[Kata]) -> list[Path]:
    """The path itself where it holds a kata's file, `exercises` or a lesson, else its children.

    Of the children those count that may be submissions: folders, archives, Python files, and what
    was meant to be one, as `alice.rar`. Raises IntakeError where the path cannot be read.
    """
    path = Path(os.path.realpath(path))  # whoever grades may point with a link
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return [path]
        children = sorted(os.scandir(path), key=lambda child: child.name)
    except OSError as error:
        raise IntakeError(
            f"{path} cannot be graded: {error.strerror}.\n"
            "Give a submission, or a folder of submissions: kata grade FOLDER"
        ) from error
    names = {child.name for child in children}
    if names & _own_names(katas) or names >= BARE_REPOSITORY:
        return [path]
    return [path / child.name for child in children if _may_be_submission(child)] or [path]


def read_submission(path: Path, katas: Sequence[Kata], name: str = "") -> Submission:
    """Take each kata's file out of a folder, an archive or a file. Never raises for bad content.

    name  the submission's, where it is not that of its path
    """
    submission = Submission(name or safe_name(path), plain(str(path)), {}, {})
    try:
        with closing(_open(path, katas)) as tree:
            entries = sorted(tree.entries(), key=lambda entry: entry.parts)
            for kata in katas:
                _take(kata, tree, entries, submission)
            notes = list(dict.fromkeys([*tree.notes, *_links(entries, katas)]))
    except Refused as refused:
        return replace(submission, troubles=(f"`{plain(path.name)}` {refused}",))
    except OSError as error:
        return replace(submission, troubles=(f"`{plain(path.name)}` {reason(error)}",))
    if not (submission.files or submission.refused):
        packed = _only_archive(entries)
        if packed and path.is_dir():  # as Moodle hands out what was uploaded
            return read_submission(path / packed.path, katas, submission.name)
        notes.append(f"`{plain(path.name)}` {_what_is_missing(path, entries, katas)}")
    return replace(submission, troubles=_shortened(notes))


def _own_names(katas: Sequence[Kata]) -> set[str]:
    return {EXERCISES} | {kata.lesson for kata in katas} | {f"{kata.name}.py" for kata in katas}


def _may_be_submission(child: os.DirEntry) -> bool:
    if child.name.startswith(".") or child.name.casefold() in ASIDE:
        return False
    endings = (".py", *ARCHIVES, *UNFINISHED, *FOREIGN)
    return not child.is_file(follow_symlinks=False) or child.name.lower().endswith(endings)


def _open(path: Path, katas: Sequence[Kata]) -> Tree:
    """Raises Refused for what is no form of a submission, and OSError."""
    kind = stat.S_IFMT(os.lstat(path).st_mode)
    if kind == stat.S_IFDIR:
        return Folder(path)
    if kind != stat.S_IFREG:
        raise Refused(UNREADABLE[LINK if kind == stat.S_IFLNK else OTHER])
    name = path.name.lower()
    for ending, archive in ARCHIVES.items():
        if name.endswith(ending):
            return archive(path)
    if name.endswith(".py"):
        return OneFile(path, _intended_name(path.name, katas))
    if name.endswith(UNFINISHED):
        raise Refused(f"looks like an upload that did not finish: {FORMS}")
    raise Refused(f"is no form that is read: {FORMS}")


def _intended_name(name: str, katas: Sequence[Kata]) -> str:
    """The kata's file that is meant by `smith_17_add_noise-1.py`, as Canvas hands it out."""
    stem = re.sub(r"-\d+$", "", name.removesuffix(".py"))
    meant = [k.name for k in katas if stem == k.name or stem.endswith((f"_{k.name}", f"-{k.name}"))]
    return f"{max(meant, key=len)}.py" if meant else name


# One kata's file


def _take(kata: Kata, tree: Tree, entries: list[Entry], submission: Submission) -> None:
    """Put the kata's content, or why it is not taken, into the submission."""
    try:
        chosen = _choose(kata, entries)
        contents = {_read(tree, entry) for entry in chosen}
        if len(contents) > 1:
            raise Refused(f"{_listed(chosen)} differ: hand in one `{kata.name}.py`")
        if contents:
            submission.files[kata.id] = contents.pop()
    except Refused as refused:
        submission.refused[kata.id] = str(refused)


def _choose(kata: Kata, entries: list[Entry]) -> list[Entry]:
    """The kata's file, or several of equal rank. Raises Refused where none can be the one."""
    name = f"{kata.name}.py"
    alike = [entry for entry in entries if entry.name.casefold() == name]
    if not any(entry.name == name for entry in alike):
        for entry in alike or [entry for entry in entries if _resembles(entry.name, kata)]:
            raise Refused(f"`{plain(entry.path)}` is not taken: its name must be `{name}`")
        return []
    ranks = defaultdict(list)
    for entry in alike:
        if entry.name == name:
            ranks[_rank(entry, kata)].append(entry)
    chosen = ranks[min(ranks)]
    places = {entry.path.casefold() for entry in chosen}
    colliding = [entry for entry in alike if entry.path.casefold() in places]
    if len(colliding) > len(places):
        raise Refused(f"{_listed(colliding)} are one name where case does not count: keep one")
    if len(chosen) > MOST_ALIKE:
        raise Refused(f"{_listed(chosen)} are too many: hand in one `{name}`")
    return chosen


def _rank(entry: Entry, kata: Kata) -> int:
    """0 for exercises/LESSON/KATA.py, 1 for LESSON/KATA.py, 2 for KATA.py, wherever they lie."""
    if entry.parts[-2:-1] != (kata.lesson,):
        return 2
    return 0 if entry.parts[-3:-2] == (EXERCISES,) else 1


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


def _read(tree: Tree, entry: Entry) -> bytes:
    """Raises Refused, with the entry's path."""
    try:
        if entry.kind != FILE:
            raise Refused(UNREADABLE[entry.kind])
        return tree.read(entry)
    except Refused as refused:
        raise Refused(f"`{plain(entry.path)}` {refused}") from refused
    except OSError as error:
        raise Refused(f"`{plain(entry.path)}` {reason(error)}") from error


# The submission as a whole


def _links(entries: list[Entry], katas: Sequence[Kata]) -> Iterator[str]:
    """A line for each link in the place of a folder that would hold katas."""
    for entry in entries:
        if entry.kind == LINK and entry.name in {EXERCISES, *(kata.lesson for kata in katas)}:
            yield f"`{plain(entry.path)}` is a link, which is not followed: hand in the folder"


def _only_archive(entries: list[Entry]) -> Entry | None:
    packed = [e for e in entries if e.kind == FILE and e.name.lower().endswith(tuple(ARCHIVES))]
    return packed[0] if len(packed) == 1 and len(packed[0].parts) == 1 else None


def _what_is_missing(path: Path, entries: list[Entry], katas: Sequence[Kata]) -> str:
    if {entry.parts[0] for entry in entries} >= BARE_REPOSITORY:
        return "is a bare git repository: grade a clone of it (git clone)"
    if not entries and os.path.lexists(path / ".git"):
        return "is a git checkout without files: check a branch out (git checkout main)"
    if not entries:
        return "is empty"
    names = [f"`{EXERCISES}/{kata.id}.py`" for kata in katas]
    others = f" and {len(names) - 1} others" if len(names) > 1 else ""
    folders = sum(entry.kind == FOLDER for entry in entries)
    return (
        f"holds no file of a kata among {len(entries) - folders} files: "
        f"{names[0]}{others} were looked for"
    )


def _listed(entries: list[Entry]) -> str:
    shown = [f"`{plain(entry.path)}`" for entry in entries[:MOST_ALIKE]]
    return " and ".join(shown) + (", among others," if len(entries) > MOST_ALIKE else "")


def _shortened(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], *([f"and {more} more of the kind"] if more > 0 else []))
