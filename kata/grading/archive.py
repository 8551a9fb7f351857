"""Zip and tar archives as trees: never extracted, and read no further than is bearable.

Whatever an archive is made of, it can neither name a place outside of itself nor make the reader
hold much or work long: sizes that it declares are not believed.
"""

import contextlib
import gzip
import re
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from kata.grading.names import plain
from kata.grading.trees import (
    DEEPEST,
    FILE,
    FOLDER,
    LARGEST,
    LINK,
    MOST_ENTRIES,
    OTHER,
    Entry,
    Refused,
    Tree,
    is_aside,
    not_taken,
    open_file,
    read_capped,
    too_large,
    too_many,
)

MOST_AT_ONCE = 2**23  # the directory of a zip with 20,000 files has a quarter of it
MOST_IN_ALL = 2**28  # unpacked; a clone of the project with its data has a third of it
MOST_MEMBERS = 2 * MOST_ENTRIES  # with those that are passed over
ORDINARY = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a limit
ENCRYPTED = 0x1
HEAVY = "is too large to be read: hand in the folder `exercises` alone"
DAMAGED = "is damaged, cut off, or no archive of its kind: pack and upload it again"


class Zip(Tree):
    def __init__(self, path: str | Path, folder: int | None = None):
        super().__init__()
        self._file = open_file(path, folder)
        with _closing_if_damaged(self._file):
            self._zip = zipfile.ZipFile(_Bounded(self._file))

    def entries(self) -> list[Entry]:
        members = ((i.orig_filename, _kind_in_zip(i), i) for i in self._zip.infolist())
        return _entries(members, self.aside)

    def read(self, entry: Entry) -> bytes:
        info = entry.place
        if info.flag_bits & ENCRYPTED:
            raise Refused("is encrypted: pack it again without a password")
        if info.compress_type not in ORDINARY:
            raise Refused("is packed in an unusual way: pack it again as an ordinary zip")
        if max(info.file_size, info.compress_size) > LARGEST:
            raise too_large()
        with _damage_refused(), self._zip.open(info) as file:
            return read_capped(file)

    def close(self) -> None:
        self._file.close()


class Tar(Tree):
    def __init__(self, path: str | Path, folder: int | None = None):
        super().__init__()
        file = open_file(path, folder)
        self._file = file if str(path).lower().endswith(".tar") else _unzipped(file)
        with _closing_if_damaged(self._file):
            self._tar = tarfile.open(fileobj=_Bounded(self._file), mode="r:")  # noqa: SIM115

    def entries(self) -> list[Entry]:
        return _entries(((m.name, _kind_in_tar(m), m) for m in self._members()), self.aside)

    def read(self, entry: Entry) -> bytes:
        if entry.place.size > LARGEST:
            raise too_large()
        with _damage_refused(), self._tar.extractfile(entry.place) as file:
            return read_capped(file)

    def close(self) -> None:
        self._file.close()

    def _members(self) -> Iterator[tarfile.TarInfo]:
        with _damage_refused():
            for number, member in enumerate(self._tar):
                if number == MOST_MEMBERS:
                    raise too_many()
                yield member
            self._tar.fileobj.seek(self._tar.offset)
            if self._tar.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
                raise Refused(DAMAGED)  # tarfile takes what it cannot read for the end


class _Bounded:
    """A file to read, for a reader that believes the sizes which stand in it, and that takes an
    error of the disk for damage.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MOST_AT_ONCE:
            raise Refused(HEAVY)
        with _disk():
            return self._file.read(MOST_AT_ONCE if size < 0 else size)


def _unzipped(file: BinaryIO) -> BinaryIO:
    """What is packed in the file, in one without a name, so that it can be read in any order."""
    unzipped, left = tempfile.TemporaryFile(), MOST_IN_ALL  # noqa: SIM115
    with file, _closing_if_damaged(unzipped), gzip.GzipFile(fileobj=_Bounded(file)) as packed:
        while content := packed.read(2**20):
            left -= len(content)
            if left < 0:
                raise Refused(HEAVY)
            with _disk():
                unzipped.write(content)
        unzipped.seek(0)
    return unzipped


def _entries(members: Iterable[tuple[str, str, object]], aside: set[str]) -> list[Entry]:
    """The entries of an archive. Raises Refused where a name was made to lead out of it.

    aside  the paths of what is no entry are added to it
    """
    found = []
    for name, kind, place in members:
        parts = _parts(name)
        first_aside = next((n for n, part in enumerate(parts, start=1) if is_aside(part)), 0)
        if first_aside:
            aside.add("/".join(parts[:first_aside]))
        elif 0 < len(parts) <= DEEPEST:
            found.append(Entry(parts, kind, place))
        if len(found) > MOST_ENTRIES:
            raise too_many()
    links = {entry.parts for entry in found if entry.kind == LINK}
    if links and any(parts in links for entry in found for parts in _above(entry)):
        raise Refused("holds files below a link, which leads out of it: nothing in it was read")
    named = {entry.parts for entry in found}
    implied = {parts for entry in found for parts in _above(entry) if parts[-1].endswith(".py")}
    return found + [Entry(parts, FOLDER) for parts in sorted(implied - named)]


def _above(entry: Entry) -> Iterator[tuple[str, ...]]:
    return (entry.parts[:n] for n in range(1, len(entry.parts)))


def _parts(name: str) -> tuple[str, ...]:
    parts = name.replace("\\", "/").split("/")  # as some tools on Windows pack
    if parts[0] == "" or ".." in parts or re.match("[A-Za-z]:", name) or "\0" in name:
        raise Refused(f"holds `{plain(name)}`, a name made to mislead: nothing in it was read")
    return tuple(part for part in parts if part not in ("", "."))


def _kind_in_zip(info: zipfile.ZipInfo) -> str:
    mode = stat.S_IFMT(info.external_attr >> 16)
    if info.orig_filename.endswith(("/", "\\")):
        return FOLDER
    if mode == stat.S_IFLNK:
        return LINK
    return FILE if mode in (0, stat.S_IFREG) else OTHER


def _kind_in_tar(member: tarfile.TarInfo) -> str:
    if member.isdir():
        return FOLDER
    if member.issym() or member.islnk():
        return LINK
    return FILE if member.isreg() and not member.issparse() else OTHER


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise not_taken(error) from error


@contextlib.contextmanager
def _damage_refused() -> Iterator[None]:
    """What the readers of archives raise has no end: all of it means that this one is unfit."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        raise Refused(DAMAGED) from error


@contextlib.contextmanager
def _closing_if_damaged(file: BinaryIO) -> Iterator[None]:
    try:
        with _damage_refused():
            yield
    except Refused:
        file.close()
        raise
