"""Where grading keeps what it needs and what it found: one folder, everything addressed by content.

    OUT/plan.json              who handed in what, and what is to be judged
    OUT/sources/<sha256>.py    the katas' files, each content once
    OUT/verdicts/<key>.json    a `KataResult`, of which every submission with that file has a share
    OUT/pictures/<key>.png     what `kata show` draws of it, where it draws anything

Each file is written whole or not at all, and what it says does not depend on who writes it. So a
run may be killed at any moment, and several may work in one folder, without a lock: at worst
something is judged twice. A file that is damaged, as by a machine that lost its power, counts as
missing.
"""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from kata.errors import KataError
from kata.files import write_whole
from kata.grading.model import KataResult, kata_from_json, kata_to_json

BROKEN = (ValueError, KeyError, TypeError)  # what JSON raises that is broken, or something else
FORGOTTEN = 3600  # seconds after which an unfinished file is nobody's work any more


class StoreError(KataError):
    """The folder cannot be written or read; what was finished is kept."""


class Store:
    """The folder `out`, which is made when something is written to it."""

    def __init__(self, out: Path):
        self.out = Path(out).absolute()
        self._sources: set[str] = set()  # known to lie there, whole

    @property
    def plan(self) -> Path:
        return self.out / "plan.json"

    def source(self, file: str) -> Path:
        """Where the content with this hash lies."""
        return self.out / "sources" / f"{file}.py"

    def verdict(self, key: str) -> Path:
        return self.out / "verdicts" / f"{key}.json"

    def picture(self, key: str) -> Path:
        return self.out / "pictures" / f"{key}.png"

    def put_source(self, content: bytes) -> str:
        """Keep the content of a kata's file; return its hash. Raises StoreError."""
        file = hashlib.sha256(content).hexdigest()
        path = self.source(file)
        if file not in self._sources and not self.has_source(file):
            with disk_errors(path):
                write_whole(path, content)
        self._sources.add(file)
        return file

    def has_source(self, file: str) -> bool:
        """Whether the content is there, and undamaged."""
        try:
            return hashlib.sha256(self.source(file).read_bytes()).hexdigest() == file
        except OSError:
            return False

    def get(self, key: str) -> KataResult | None:
        """What is known under this key; a file that is no such result is put aside."""
        path = self.verdict(key)
        with disk_errors(path):
            try:
                result = kata_from_json(path.read_text(encoding="utf-8"))
                if result.key == key:
                    return result
            except FileNotFoundError:
                return None
            except BROKEN:
                pass
        self._put_aside(path)
        return None

    def put(self, result: KataResult) -> None:
        """Keep a result under its key. Raises StoreError; then whatever was there still is."""
        path = self.verdict(result.key)
        with disk_errors(path):
            write_whole(path, kata_to_json(result))

    def take(self, key: str, other: "Store") -> None:
        """Take over what another folder has under this key, where it is not known here."""
        result = other.get(key) if self.get(key) is None else None
        if result is None:
            return
        self.put(result)
        picture = self.picture(key)
        with disk_errors(picture):
            if other.picture(key).is_file():
                write_whole(picture, other.picture(key).read_bytes())

    def put_plan(self, text: str) -> None:
        with disk_errors(self.plan):
            write_whole(self.plan, text)

    def tidy(self) -> None:
        """Remove what runs that were killed have left unfinished."""
        for folder in ("", "sources", "verdicts", "pictures"):
            for path in (self.out / folder).glob(".*.tmp"):
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > FORGOTTEN:
                        path.unlink()

    def _put_aside(self, path: Path) -> None:
        aside = self.out / "damaged" / f"{path.stem}-{time.time_ns()}.json"
        with disk_errors(aside):
            aside.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another run was faster
                os.replace(path, aside)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """An error of the file system as a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        mend = "Make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Mend that"
        raise StoreError(
            f"{path}: {error.strerror or error}. What was finished is kept. "
            f"{mend}, then the same command goes on; or take another folder: --out FOLDER"
        ) from error
