"""What a submission holds, listed and read without following a link or waiting for a pipe.

A tree has `entries`, everything in it that is worth a look, and `read`, the content of one of them.
Both raise `Refused` with the rest of a sentence: `exercises/02_training/unet.py` *is a link*; and
`Unread` where that is no fault of whoever handed it in.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kata.grading.names import plain

FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"
LARGEST = 2**18  # bytes of a kata's file: each test parses it; no solution has more than 2**13
MOST_ENTRIES = 20_000
DEEPEST = 30
ASIDE = {"solutions", "tests", "site-packages", "node_modules", "venv", "__macosx", "__pycache__"}
LEFT = {  # by a desktop, an editor or git: nobody's answer
    *("__macosx", "__pycache__", ".ds_store", ".localized", ".directory", "desktop.ini"),
    *("thumbs.db", ".git", ".gitignore", ".gitattributes", ".gitkeep", ".github", ".svn"),
    *(".venv", ".vscode", ".idea", ".cache", ".pytest_cache", ".ruff_cache", ".mypy_cache"),
    *(".ipynb_checkpoints", ".fseventsd", ".spotlight-v100", ".temporaryitems", ".kata"),
}
THEIRS = (errno.ELOOP, errno.ENOTDIR)  # a link or a file has come into the place of a folder
READ = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")
)
UNREADABLE = {
    FOLDER: "is a folder, where a file is wanted",
    LINK: "is a link, which is not followed: hand in the file itself",
    OTHER: "is neither a file nor a folder",
}


class Refused(Exception):
    """Why something was not taken, as the rest of a sentence that begins with its name."""


class Unread(Refused):
    """The same, where the disk or the rights of whoever grades are in the way."""


@dataclass(frozen=True)
class Entry:
    """Something in a submission.

    parts   of its path, without the submission's own name
    kind    FILE, FOLDER, LINK or OTHER
    place   where an archive finds it
    packed  whether it is in an archive that lies in the submission
    """

    parts: tuple[str, ...]
    kind: str
    place: object = None
    packed: bool = False

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def path(self) -> str:
        return "/".join(self.parts)


class Tree:
    """A folder, an archive or a single file.

    notes   lines on what could not be listed
    unread  those of them that are no fault of whoever handed it in
    shut    the one of them on an archive in the folder that cannot be opened
    aside   the paths below which nothing is looked for
    """

    def __init__(self):
        self.notes: list[str] = []
        self.unread: list[str] = []
        self.shut = ""
        self.aside: set[str] = set()

    def entries(self) -> list[Entry]:
        raise NotImplementedError

    def read(self, entry: Entry) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def is_aside(name: str) -> bool:
    """Whether nothing below this name belongs to the submission: hidden, made by a program, or
    what judges it.
    """
    return name.startswith(".") or name.casefold() in ASIDE


def is_left(name: str) -> bool:
    """Whether a program has left it there, so that nobody misses it."""
    return name.startswith(("._", ".~", ".Trash", ".nfs")) or name.casefold() in LEFT


class Folder(Tree):
    """A folder, or the work tree of a git checkout."""

    def __init__(self, path: Path):
        super().__init__()
        self._packed: Tree | None = None
        self._looked_at = 0
        self._root = os.open(path, READ | os.O_DIRECTORY)

    def entries(self) -> list[Entry]:
        found, waiting = [], [()]
        while waiting:
            try:
                listed = list(self._list(waiting.pop()))
            except OSError as error:
                self.notes.append(f"the folder `{plain(error.filename)}` {not_taken(error)}")
                self.unread += self.notes[-1:] if error.errno not in THEIRS else []
                continue
            found += listed
            waiting += [entry.parts for entry in listed if entry.kind == FOLDER]
        return found

    def unpack(self, place: Entry, archive: Callable[[str, int], Tree]) -> list[Entry]:
        """What is in an archive that lies in the folder, as if it were a folder itself."""
        try:
            with self._opened(place.parts[:-1]) as folder:
                self._packed = archive(place.name, folder)
            found = self._packed.entries()
        except (Refused, OSError) as error:
            refused = error if isinstance(error, Refused) else not_taken(error)
            self.shut = f"`{plain(place.path)}` {refused}"
            self.notes.append(self.shut)
            self.unread += [self.shut] if isinstance(refused, Unread) else []
            return []
        self.aside |= {f"{place.path}/{path}" for path in self._packed.aside}
        return [Entry(place.parts + e.parts, e.kind, e.place, packed=True) for e in found]

    def read(self, entry: Entry) -> bytes:
        if entry.packed:
            return self._packed.read(entry)
        with self._opened(entry.parts[:-1]) as folder, open_file(entry.name, folder) as file:
            return read_capped(file)

    def close(self) -> None:
        os.close(self._root)
        if self._packed:
            self._packed.close()

    def _list(self, parts: tuple[str, ...]) -> Iterator[Entry]:
        if len(parts) > DEEPEST:
            self.notes.append(f"folders within {DEEPEST} others are not looked into")
            return
        with self._opened(parts) as folder, os.scandir(folder) as listing:
            for item in listing:
                self._looked_at += 1
                if self._looked_at > MOST_ENTRIES:
                    raise too_many()
                entry = Entry((*parts, item.name), _kind(item))
                if is_aside(item.name):
                    self.aside.add(entry.path)
                else:
                    yield entry

    @contextlib.contextmanager
    def _opened(self, parts: tuple[str, ...]) -> Iterator[int]:
        """A folder's descriptor, by way of its parents, none of which may be a link."""
        folder = os.dup(self._root)
        try:
            for part in parts:
                parent = folder
                folder = os.open(part, READ | os.O_DIRECTORY, dir_fd=parent)
                os.close(parent)
            yield folder
        except OSError as error:
            error.filename = "/".join(parts)
            raise
        finally:
            os.close(folder)


class OneFile(Tree):
    """A file by itself, under the name that it should have."""

    def __init__(self, path: Path, name: str):
        super().__init__()
        self._path, self._name = path, name

    def entries(self) -> list[Entry]:
        return [Entry((self._name,), FILE)]

    def read(self, entry: Entry) -> bytes:
        with open_file(self._path) as file:
            return read_capped(file)

    def close(self) -> None:
        pass


def open_file(path: str | Path, folder: int | None = None) -> BinaryIO:
    """Open a regular file to read. Raises Refused for what is none, and OSError."""
    descriptor = os.open(path, READ, dir_fd=folder)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise Refused(UNREADABLE[OTHER])


def read_capped(file: BinaryIO) -> bytes:
    """All that is in the file. Raises Refused where that is more than LARGEST bytes."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise too_large()
    return content


def too_large() -> Refused:
    return Refused(f"is larger than {LARGEST >> 10} KiB: a kata's file holds code alone")


def too_many() -> Refused:
    return Refused(f"holds more than {MOST_ENTRIES:,} files: hand in the folder `exercises` alone")


def not_taken(error: OSError) -> Refused:
    """What an error of the file system says of the file that was to be read."""
    kind = Refused if error.errno in THEIRS else Unread
    if isinstance(error, FileNotFoundError):
        return kind("vanished while it was read")
    if isinstance(error, PermissionError):
        return kind("may not be read by whoever grades")
    return kind(f"cannot be read: {error.strerror or error}")


def _kind(item: os.DirEntry) -> str:
    if item.is_symlink():
        return LINK
    if item.is_dir(follow_symlinks=False):
        return FOLDER
    return FILE if item.is_file(follow_symlinks=False) else OTHER
