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
from dataclasses import dataclass, field, replace
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
    Unread,
    not_taken,
)
from kata.grading.words import counted
from kata.manifest import EXERCISES, Kata

ARCHIVES = {".zip": Zip, ".tar": Tar, ".tar.gz": Tar, ".tgz": Tar}
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp")
FOREIGN = (".rar", ".7z", ".gz", ".xz", ".bz2", ".zst", ".ipynb")
DOCUMENTS = (".docx", ".doc", ".odt", ".pdf", ".rtf", ".txt", ".html")
ALTERED = re.compile(r"( ?\(\d+\)|-\d+)?\.py(\.txt)?$")  # by a browser, a platform or an editor
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
    refused   for each other kata of which there is something, a line on why it was not taken; for
              all katas, where nothing could be opened
    troubles  lines on the submission as a whole
    unread    katas of which the grader could not see what there is, with the reason: no fault of
              whoever handed it in
    """

    name: str
    path: str
    files: dict[str, bytes]
    refused: dict[str, str]
    troubles: tuple[str, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)


def read_class(path: Path, katas: Sequence[Kata], out: Path | None = None) -> Iterator[Submission]:
    """Read one submission after the other, under names of which no two are the same.

    out  the folder of results, which is no submission wherever it lies
    Raises IntakeError where the path cannot be read; never for what a submission holds.
    """
    paths = submissions_in(path, katas, out)
    for one, (name, line) in zip(paths, unique_names(paths), strict=True):
        submission = read_submission(one, katas, name)
        yield replace(submission, troubles=(*submission.troubles, line)) if line else submission


def submissions_in(path: Path, katas: Sequence[Kata], out: Path | None = None) -> list[Path]:
    """The path itself where it holds a kata's file, `exercises` or a lesson, else its children.

    Of the children those count that may be submissions: folders, archives, Python files, and what
    was meant to be one, as `alice.rar` or `alice.docx`. Raises IntakeError where the path cannot
    be read.
    """
    path = Path(os.path.realpath(path))  # whoever grades may point with a link
    children = _children(path, katas)
    return [path / child.name for child in children if _may_be_submission(child, out)] or [path]


def passed_over(path: Path, katas: Sequence[Kata], out: Path | None = None) -> tuple[str, ...]:
    """The names in a class's folder that are taken for no submission, but for hidden ones."""
    children = _children(Path(os.path.realpath(path)), katas)
    left = [child for child in children if not _may_be_submission(child, out)]
    results = " (results of kata grade)"
    return tuple(
        plain(child.name) + (results if _holds_results(child, out) else "")
        for child in left
        if not child.name.startswith(".")
    )


def _children(path: Path, katas: Sequence[Kata]) -> list[os.DirEntry]:
    """What is in a class's folder; nothing where the path is a submission itself."""
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return []
        children = sorted(os.scandir(path), key=lambda child: (child.name.casefold(), child.name))
    except OSError as error:
        raise IntakeError(
            f"{path} cannot be graded: {error.strerror}.\n"
            "Give a submission, or a folder of submissions: kata grade FOLDER"
        ) from error
    names = {child.name for child in children}
    is_one = {*names, *map(_intended, names)} & _own_names(katas) or names >= BARE_REPOSITORY
    return [] if is_one else children


def read_submission(path: Path, katas: Sequence[Kata], name: str = "") -> Submission:
    """Take each kata's file out of a folder, an archive or a file. Never raises for bad content.

    name  the submission's, where it is not that of its path
    """
    submission = Submission(name or safe_name(path), plain(str(path)), {}, {})
    try:
        with closing(_open(path, katas)) as tree:
            entries = sorted(tree.entries(), key=lambda entry: entry.parts)
            told = [line for kata in katas for line in _take(kata, tree, entries, submission)]
            notes = list(dict.fromkeys([*tree.notes, *_links(entries, katas), *told]))
    except Refused as refused:
        return _nothing_taken(submission, path, katas, refused)
    except OSError as error:
        return _nothing_taken(submission, path, katas, not_taken(error))
    if not (submission.files or submission.refused or submission.unread):
        packed = _only_archive(entries)
        if packed and path.is_dir():  # as Moodle hands out what was uploaded
            return read_submission(path / packed.path, katas, submission.name)
        notes.append(f"`{plain(path.name)}` {_what_is_missing(path, entries, katas)}")
    return replace(submission, troubles=_shortened(notes))


def _nothing_taken(
    submission: Submission, path: Path, katas: Sequence[Kata], refused: Refused
) -> Submission:
    line = f"`{plain(path.name)}` {refused}"
    every = dict.fromkeys((kata.id for kata in katas), line)
    if isinstance(refused, Unread):
        return Submission(submission.name, submission.path, {}, {}, (line,), every)
    return Submission(submission.name, submission.path, {}, every, (line,))


def _own_names(katas: Sequence[Kata]) -> set[str]:
    return {EXERCISES} | {kata.lesson for kata in katas} | {f"{kata.name}.py" for kata in katas}


def _may_be_submission(child: os.DirEntry, out: Path | None) -> bool:
    name = child.name.casefold()
    if name.startswith(".") or name in ASIDE or _holds_results(child, out):
        return False
    if not child.is_file(follow_symlinks=False):
        return True
    endings = (".py", *ARCHIVES, *UNFINISHED, *FOREIGN, *DOCUMENTS)
    return name.endswith(endings) and name.partition(".")[0] != "readme"


def _holds_results(child: os.DirEntry, out: Path | None) -> bool:
    """Whether it is the folder of results, or that of an earlier run."""
    if out is not None and os.path.realpath(child.path) == os.path.realpath(out):
        return True
    folder = Path(child.path)
    known = [os.path.lexists(folder / name) for name in ("plan.json", "verdicts", "sources")]
    return known[0] and any(known[1:])


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
    if name.endswith((".py", ".py.txt")):
        return OneFile(path, _intended_name(path.name, katas))
    if name.endswith(UNFINISHED):
        raise Refused(f"looks like an upload that did not finish: {FORMS}")
    raise Refused(f"is no form that is read: {FORMS}")


def _intended_name(name: str, katas: Sequence[Kata]) -> str:
    """The kata's file that is meant by `smith_17_add_noise-1.py`, as Canvas hands it out."""
    stem = _intended(name).removesuffix(".py")
    meant = [k.name for k in katas if stem == k.name or stem.endswith((f"_{k.name}", f"-{k.name}"))]
    return f"{max(meant, key=len)}.py" if meant else name


# One kata's file


def _take(kata: Kata, tree: Tree, entries: list[Entry], submission: Submission) -> list[str]:
    """Put the kata's content, or why it is not taken, into the submission; return what to tell."""
    try:
        chosen = _choose(kata, entries)
        if tree.unread and not (chosen and _rank(chosen[0], kata) == 0):
            raise Unread(tree.unread[0])  # where a file may lie that comes first
        contents = {_read(tree, entry) for entry in chosen}
        if len(contents) > 1:
            raise Refused(f"{_listed(chosen)} differ: hand in one `{kata.name}.py`")
        if not contents:
            return []
    except Unread as unread:
        submission.unread[kata.id] = str(unread)
        return []
    except Refused as refused:
        submission.refused[kata.id] = str(refused)
        return []
    [content] = contents
    submission.files[kata.id] = content
    if chosen[0].name != f"{kata.name}.py":
        return [f"`{plain(chosen[0].path)}` is taken for `{kata.name}.py`"]
    others = [e for e in entries if e.name == chosen[0].name and e not in chosen]
    differ = [entry for entry in others[:MOST_ALIKE] if not _holds(tree, entry, content)]
    return [f"`{plain(chosen[0].path)}` is read, and not {_listed(differ)}"] if differ else []


def _choose(kata: Kata, entries: list[Entry]) -> list[Entry]:
    """The kata's file, or several of equal rank. Raises Refused where none can be the one."""
    name = f"{kata.name}.py"
    alike = [entry for entry in entries if entry.name.casefold() == name]
    if not any(entry.name == name for entry in alike):
        return _choose_by_intention(name, kata, entries)
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


def _choose_by_intention(name: str, kata: Kata, entries: list[Entry]) -> list[Entry]:
    """The only file that was meant to have this name. Raises Refused where one cannot be sure."""
    meant = [entry for entry in entries if _intended(entry.name) == name]
    if len(meant) == 1:
        return meant
    for entry in meant or [entry for entry in entries if _resembles(entry.name, kata)]:
        raise Refused(f"`{plain(entry.path)}` is not taken: its name must be `{name}`")
    return []


@functools.lru_cache(MOST_ENTRIES)
def _intended(name: str) -> str:
    """`add_noise.py` for `Add_Noise (1).py`, `add_noise-1.py` and `add_noise.py.txt`."""
    return ALTERED.sub(".py", name.casefold())


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
        raise type(refused)(f"`{plain(entry.path)}` {refused}") from refused
    except OSError as error:
        refused = not_taken(error)
        raise type(refused)(f"`{plain(entry.path)}` {refused}") from error


def _holds(tree: Tree, entry: Entry, content: bytes) -> bool:
    try:
        return _read(tree, entry) == content
    except Refused:
        return False


# The submission as a whole


def _links(entries: list[Entry], katas: Sequence[Kata]) -> Iterator[str]:
    """A line for each link in the place of a folder that would hold katas."""
    for entry in entries:
        if entry.kind == LINK and entry.name in {EXERCISES, *(kata.lesson for kata in katas)}:
            yield f"`{plain(entry.path)}` is a link, which is not followed: hand in the folder"


def _archives(entries: list[Entry]) -> list[Entry]:
    return [e for e in entries if e.kind == FILE and e.name.lower().endswith(tuple(ARCHIVES))]


def _only_archive(entries: list[Entry]) -> Entry | None:
    packed = _archives(entries)
    return packed[0] if len(packed) == 1 and len(packed[0].parts) == 1 else None


def _what_is_missing(path: Path, entries: list[Entry], katas: Sequence[Kata]) -> str:
    if {entry.parts[0] for entry in entries} >= BARE_REPOSITORY:
        return "is a bare git repository: grade a clone of it (git clone)"
    if not entries and os.path.lexists(path / ".git"):
        return "is a git checkout without files: check a branch out (git checkout main)"
    if not entries:
        return "is empty"
    if packed := len(_archives(entries)):
        return f"holds {counted(packed, 'archive')} and no kata's file: hand in one alone"
    names = [f"`{EXERCISES}/{kata.id}.py`" for kata in katas]
    others = f" and {len(names) - 1} others were" if len(names) > 1 else " was"
    files = counted(sum(entry.kind != FOLDER for entry in entries), "file")
    return f"holds no file of a kata among {files}: {names[0]}{others} looked for"


def _listed(entries: list[Entry]) -> str:
    shown = [f"`{plain(entry.path)}`" for entry in entries[:MOST_ALIKE]]
    return " and ".join(shown) + (", among others," if len(entries) > MOST_ALIKE else "")


def _shortened(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], *([f"and {more} more of the kind"] if more > 0 else []))
