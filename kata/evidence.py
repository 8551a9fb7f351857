"""What a call of the learner's was given and what became of it, so that it can be replayed.

A request and its answer are bytes (`kata.crossing`). Beside them lie the files of the test's own
temporary folder: where a kata saves something, they are the answer.
"""

import contextlib
import shutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Link:
    """A second name of a file: what is written to one stands in both."""

    name: str


Files = dict[str, bytes | Link | None]  # a path within the folder to its content; a folder has none


@dataclass
class Attempt:
    """One call of the learner's code: what it was given, and what became of it.

    target         the function that was called, or "" for an object that stayed with the learner
    begins_anew    whether the learner's code was to start as in a new process before
    answer         the worker's bytes, or None where the call raised `error`
    before, after  the files of the test's folder around the call; None where they were too large
    """

    target: str
    request: bytes
    begins_anew: bool = False
    answer: bytes | None = None
    error: BaseException | None = None
    before: Files | None = field(default_factory=dict)
    after: Files | None = field(default_factory=dict)

    @contextlib.contextmanager
    def watched(self, folder: Path | None) -> Iterator[None]:
        """Note the folder's files before and after what happens within, and what it raises."""
        self.before = read_files(folder)
        try:
            yield
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.after = read_files(folder)


def raised_in(error: BaseException) -> str:
    """The name of the function that raised it, here or in the process of the learner's code."""
    named = getattr(error, "raised_in", None)
    return named or traceback.extract_tb(error.__traceback__)[-1].name


def read_files(folder: Path | None) -> Files | None:
    """The content of every file below the folder, or None when that is more than MOST_BYTES."""
    if folder is None:
        return {}
    paths = sorted(folder.rglob("*"))
    if sum(path.lstat().st_size for path in paths if path.is_file()) > MOST_BYTES:
        return None
    first: dict[tuple, str] = {}
    return {str(path.relative_to(folder)): _content(path, folder, first) for path in paths}


def _content(path: Path, folder: Path, first: dict[tuple, str]) -> bytes | Link | None:
    """What is in the file. `first` is the first name that each file of several names has."""
    if not path.is_file():
        return None
    facts, name = path.stat(), str(path.relative_to(folder))
    if facts.st_nlink > 1 and first.setdefault((facts.st_dev, facts.st_ino), name) != name:
        return Link(first[facts.st_dev, facts.st_ino])
    return path.read_bytes()


def write_files(folder: Path, files: Files) -> None:
    """Make the folder hold these files and nothing else."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        elif isinstance(content, Link):
            path.hardlink_to(folder / content.name)
        else:
            path.write_bytes(content)
