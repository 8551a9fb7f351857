"""From a path to submissions: which there are, and what each hands in for every kata.

Nothing but the files that the manifest names is read. Whatever a submission is made of, it becomes
a `Submission`, and what could not be taken from it a line in the report.
"""

import os
import shlex
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from kata.errors import KataError
from kata.grading.archive import Tar, Zip
from kata.grading.choice import (
    MOST_ALIKE,
    NOTEBOOK,
    choose,
    intended,
    listed,
    passed_by,
    rank,
    signed,
)
from kata.grading.names import plain, safe_name, unique_names
from kata.grading.trees import (
    ASIDE,
    FILE,
    FOLDER,
    LINK,
    OTHER,
    UNREADABLE,
    Entry,
    Folder,
    OneFile,
    Refused,
    Tree,
    Unread,
    is_left,
    not_taken,
)
from kata.grading.words import counted, some
from kata.manifest import EXERCISES, Kata

ARCHIVES = {".zip": Zip, ".tar": Tar, ".tar.gz": Tar, ".tgz": Tar}
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp")
FOREIGN = (".rar", ".7z", ".gz", ".xz", ".bz2", ".zst")
DOCUMENTS = (".docx", ".doc", ".odt", ".pdf", ".rtf", ".txt", ".html", NOTEBOOK)
NOBODYS = ("readme", "index")  # the teacher's, or a platform's own page
FORMS = "hand in a folder, a .zip, a .tar.gz or a kata's .py"
CHECKOUT = "katas.toml"  # of this repository
BARE_REPOSITORY = {"HEAD", "objects", "refs"}
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
    are_classes = all(_is_class(one, katas, out) for one in paths)
    for one, (name, line) in zip(paths, unique_names(paths), strict=True):
        submission = read_submission(one, katas, name)
        lines = [line] if line else []
        if are_classes:
            deeper = shlex.quote(f".../{plain(one.name)}")
            lines.append(f"`{plain(one.name)}` looks like a class: then kata grade {deeper}")
        yield replace(submission, troubles=(*submission.troubles, *lines))


def submissions_in(path: Path, katas: Sequence[Kata], out: Path | None = None) -> list[Path]:
    """The path itself where it holds a kata's file, `exercises` or a lesson, else its children.

    Of the children those count that may be submissions: folders, archives, Python files, and what
    was meant to be one, as `alice.rar` or `alice.docx`. They count, too, where they lie beside a
    kata's file but look like a class. Raises IntakeError where the path cannot be read.
    """
    path = Path(os.path.realpath(path))  # whoever grades may point with a link
    return _sorted_out(path, katas, out)[0] or [path]


def passed_over(path: Path, katas: Sequence[Kata], out: Path | None = None) -> tuple[str, ...]:
    """The names in a class's folder that are taken for no submission, with the reason if it is
    not plain to see. What a desktop or an editor leaves is not among them.
    """
    return tuple(_sorted_out(Path(os.path.realpath(path)), katas, out)[1])


def _sorted_out(
    path: Path, katas: Sequence[Kata], out: Path | None
) -> tuple[list[Path], list[str]]:
    """The submissions in a class's folder, none where it is one itself, and the other names."""
    children = _children(path)
    names = {child.name for child in children}
    own = [name for name in names if intended(name) in _own_names(katas)]
    if (own and CHECKOUT in names) or names >= BARE_REPOSITORY:
        return [], []
    if own:
        beside = [c for c in children if c.name not in own and _looks_like_one(c, katas, out)]
        if len(beside) < 2:  # a learner's, rather than a class
            why = f"(beside `{plain(min(own))}`; if it is somebody's own, grade it by itself)"
            return [], [f"{plain(child.name)} {why}" for child in beside]
    submissions, over = [], []
    for child in children:
        why = _why_passed_over(child, own, names, out)
        if why is None:
            submissions.append(path / child.name)
        elif not is_left(child.name):
            over.append(plain(child.name) + (f" ({why})" if why else ""))
    return submissions, over


def _children(path: Path) -> list[os.DirEntry]:
    """What is in a folder, and nothing for what is none."""
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return []
        return sorted(os.scandir(path), key=lambda child: (child.name.casefold(), child.name))
    except OSError as error:
        raise IntakeError(
            f"{path} cannot be graded: {error.strerror}.\n"
            "Give a submission, or a folder of submissions: kata grade FOLDER"
        ) from error


def _is_class(path: Path, katas: Sequence[Kata], out: Path | None) -> bool:
    """Whether what was taken for a submission holds several of them, and nothing of its own."""
    try:
        if not stat.S_ISDIR(path.lstat().st_mode) or not _sorted_out(path, katas, out)[0]:
            return False
        return sum(_looks_like_one(child, katas, out) for child in _children(path)) > 1
    except (IntakeError, OSError):
        return False


def _looks_like_one(child: os.DirEntry, katas: Sequence[Kata], out: Path | None) -> bool:
    """Whether it is likely to be somebody's submission, and not just part of one."""
    name = child.name.casefold()
    if _why_passed_over(child, (), (), out) is not None:
        return False
    if child.is_dir(follow_symlinks=False) or name.endswith(tuple(ARCHIVES)):
        found = read_submission(Path(child.path), katas)
        return bool(found.files or found.refused or found.unread)
    return name.endswith(FOREIGN) or bool(signed(name, katas))


def _why_passed_over(
    child: os.DirEntry, own: Collection[str], names: Collection[str], out: Path | None
) -> str | None:
    """Why a class's child is no submission: "" where that is plain to see, None where it is one.

    own    names of katas' files, and of folders for them, that lie beside submissions
    names  of all children
    """
    name = child.name.casefold()
    if _holds_results(child, out):
        return "results of kata grade"
    if child.name in own:
        return "lies beside submissions, and does not say whose it is"
    if name.startswith("."):
        return "hidden"
    if name in ASIDE:
        return ""
    if any(other.casefold().startswith(whose) for whose in _noted(name) for other in names):
        return "a platform's note on a submission"
    if not child.is_file(follow_symlinks=False):
        return None
    endings = (".py", *ARCHIVES, *UNFINISHED, *FOREIGN, *DOCUMENTS)
    return None if name.endswith(endings) and name.partition(".")[0] not in NOBODYS else ""


def _noted(name: str) -> list[str]:
    """How the name of a submission begins on which this may be a note: Blackboard writes one of
    each upload, and Moodle what was typed beside it.
    """
    if "_attempt_" in name and name.endswith(".txt"):
        return [name.removesuffix(".txt") + "_"]
    whose, moodles, _ = name.partition("_assignsubmission_onlinetext")
    return [f"{whose}_assignsubmission_file"] if moodles else []


def _holds_results(child: os.DirEntry, out: Path | None) -> bool:
    """Whether it is the folder of results, or that of an earlier run."""
    if out is not None and os.path.realpath(child.path) == os.path.realpath(out):
        return True
    folder = Path(child.path)
    known = [os.path.lexists(folder / name) for name in ("plan.json", "verdicts", "sources")]
    return known[0] and any(known[1:])


def _own_names(katas: Sequence[Kata]) -> set[str]:
    return {EXERCISES} | {kata.lesson for kata in katas} | {f"{kata.name}.py" for kata in katas}


# One submission


def read_submission(path: Path, katas: Sequence[Kata], name: str = "") -> Submission:
    """Take each kata's file out of a folder, an archive or a file. Never raises for bad content.

    name  the submission's, where it is not that of its path
    """
    submission = Submission(name or safe_name(path), plain(str(path)), {}, {})
    try:
        with closing(_open(path, katas)) as tree:
            entries, told = _entries(tree, katas)
            told += [line for kata in katas for line in _take(kata, tree, entries, submission)]
            notes = list(dict.fromkeys([*tree.notes, *_links(entries, katas), *told]))
    except Refused as refused:
        return _nothing_taken(submission, path, katas, refused)
    except OSError as error:
        return _nothing_taken(submission, path, katas, not_taken(error))
    if not (submission.files or submission.refused or submission.unread):
        notes.append(f"`{plain(path.name)}` {_what_is_missing(path, tree, entries, katas)}")
    return replace(submission, troubles=_shortened(notes))


def _nothing_taken(
    submission: Submission, path: Path, katas: Sequence[Kata], refused: Refused
) -> Submission:
    line = f"`{plain(path.name)}` {refused}"
    every = dict.fromkeys((kata.id for kata in katas), line)
    if isinstance(refused, Unread):
        return Submission(submission.name, submission.path, {}, {}, (line,), every)
    return Submission(submission.name, submission.path, {}, every, (line,))


def _open(path: Path, katas: Sequence[Kata]) -> Tree:
    """Raises Refused for what is no form of a submission, and OSError."""
    kind = stat.S_IFMT(os.lstat(path).st_mode)
    if kind == stat.S_IFDIR:
        return Folder(path)
    if kind != stat.S_IFREG:
        raise Refused(UNREADABLE[LINK if kind == stat.S_IFLNK else OTHER])
    name = path.name.lower()
    if archive := _archive(name):
        return archive(path)
    if name.endswith((".py", ".py.txt")):
        own = intended(path.name) in _own_names(katas)
        return OneFile(path, intended(path.name) if own else signed(name, katas) or path.name)
    if name.endswith(UNFINISHED):
        raise Refused(f"looks like an upload that did not finish: {FORMS}")
    if name.endswith(NOTEBOOK):
        raise Refused("is a notebook: hand in its code as a kata's .py")
    raise Refused(f"is no form that is read: {FORMS}")


def _archive(name: str) -> type[Tree] | None:
    kinds = (kind for ending, kind in ARCHIVES.items() if name.lower().endswith(ending))
    return next(kinds, None)


def _entries(tree: Tree, katas: Sequence[Kata]) -> tuple[list[Entry], list[str]]:
    """What is in the tree, with the only archive in a folder unpacked; and what to tell of others.

    Platforms put what was uploaded into a folder, an archive and a file side by side.
    """
    entries, told = sorted(tree.entries(), key=lambda entry: entry.parts), []
    if isinstance(tree, Folder):
        open_to_see = any(intended(e.name) in {f"{k.name}.py" for k in katas} for e in entries)
        packed = [e for e in _archives(entries) if not open_to_see or len(e.parts) == 1]
        if len(packed) == 1:
            entries.remove(packed[0])
            entries += tree.unpack(packed[0], _archive(packed[0].name))
        elif packed and open_to_see:
            told = [f"{listed(packed)} are not opened: of archives, hand in one alone"]
    return sorted(entries, key=lambda entry: entry.parts), told


# One kata's file


def _take(kata: Kata, tree: Tree, entries: list[Entry], submission: Submission) -> list[str]:
    """Put the kata's content, or why it is not taken, into the submission; return what to tell."""
    try:
        chosen = choose(kata, entries)
        if tree.unread and not (chosen and rank(chosen[0], kata) == 0):
            raise Unread(tree.unread[0])  # where a file may lie that comes first
        contents = {_read(tree, entry) for entry in chosen}
        if len(contents) > 1:
            raise Refused(f"{listed(chosen)} differ: hand in one `{kata.name}.py`")
        if not contents and tree.shut:
            raise Refused(tree.shut)
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
    others = passed_by(kata, entries, chosen)
    differ = [entry for entry in others[:MOST_ALIKE] if not _holds(tree, entry, content)]
    return [f"`{plain(chosen[0].path)}` is read, and not {listed(differ)}"] if differ else []


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
    return [entry for entry in entries if entry.kind == FILE and _archive(entry.name)]


def _what_is_missing(path: Path, tree: Tree, entries: list[Entry], katas: Sequence[Kata]) -> str:
    if {entry.parts[0] for entry in entries} >= BARE_REPOSITORY:
        return "is a bare git repository: grade a clone of it (git clone)"
    aside = [f"`{plain(name)}`" for name in sorted(tree.aside) if not is_left(Path(name).name)]
    if not entries and os.path.lexists(path / ".git"):
        return "is a git checkout without files: check a branch out (git checkout main)"
    if not entries and not aside:
        return "is empty"
    packed = _archives(entries)
    if len(packed) == 1:
        return f"holds an archive that is not opened: hand in {listed(packed)} itself"
    if packed:
        return f"holds {counted(len(packed), 'archive')} and no kata's file: hand in one alone"
    names = [f"`{EXERCISES}/{kata.id}.py`" for kata in katas]
    others = f" and {len(names) - 1} others were" if len(names) > 1 else " was"
    files = counted(sum(entry.kind != FOLDER for entry in entries), "file")
    where = f"outside of {some(aside)}" if aside else f"among {files}"
    return f"holds no file of a kata {where}: {names[0]}{others} looked for"


def _shortened(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], *([f"and {more} more of the kind"] if more > 0 else []))
