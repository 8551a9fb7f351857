"""Files that must not be lost: written whole or not at all, kept aside before they are replaced."""

import hashlib
import os
import time
from itertools import count
from pathlib import Path


def memory(root: Path) -> Path:
    """The folder for what is remembered about one learner; git ignores it."""
    return root / ".kata"


def content_hash(path: Path) -> str | None:
    """A hash of what is in the file; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the file's place first: whoever reads sees the old content or the new one.

    Raises OSError, for example on a full disk; then the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            temporary.write_text(content, encoding="utf-8")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def keep_aside(path: Path, root: Path) -> Path:
    """Copy the file to `.kata/kept`, beside every earlier one; return the copy.

    Raises OSError when no whole copy could be made.
    """
    content = path.read_bytes()
    folder = memory(root) / "kept"
    folder.mkdir(parents=True, exist_ok=True)
    copy, file = _new_file(folder, f"{path.stem}-{time.strftime('%Y-%m-%d-%H%M%S')}", path.suffix)
    try:
        with file:
            file.write(content)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    return copy


def _new_file(folder: Path, stem: str, suffix: str):
    """Open a file that was not there before: several may be kept within a second."""
    for number in count(1):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            return path, path.open("xb")
        except FileExistsError:
            continue
