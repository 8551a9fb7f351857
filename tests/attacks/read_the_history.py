"""Read the reference out of the repository's history, by git and from its loose objects."""

import contextlib
import subprocess
import zlib
from pathlib import Path

import kata

CLASS = "reading the answer"


def texts(root):
    """Whatever the history holds, as texts."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        listing = ["git", "-C", str(root), "ls-tree", "-r", "HEAD", "solutions"]
        lines = subprocess.run(listing, capture_output=True, text=True, timeout=20).stdout
        for line in lines.splitlines():
            command = ["git", "-C", str(root), "cat-file", "-p", line.split()[2]]
            yield subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    for path in (root / ".git" / "objects").glob("??/*"):
        with contextlib.suppress(OSError, zlib.error, UnicodeDecodeError):
            yield zlib.decompress(path.read_bytes()).partition(b"\0")[2].decode()


def attack(name, /, *args, **kwargs):
    for text in texts(Path(kata.__file__).parent.parent):
        if f"def {name}(" in text and "raise NotImplementedError" not in text:
            space = {}
            exec(text, space)
            return space[name](*args, **kwargs)
    raise FileNotFoundError("no history was found")
