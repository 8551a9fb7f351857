"""Look for the files of other submissions, in every folder above and wherever a process lives."""

import contextlib
import itertools
import os
import tempfile
from pathlib import Path

CLASS = "reading the answer"
MOST = 20_000
HOLLOW = ("(*args, **kwargs)", "Error(" + '"TODO')


def places():
    for own in (Path(tempfile.gettempdir()), Path.cwd()):
        yield from own.parents
    yield from (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
    for link in ("cwd", "root"):
        for path in Path("/proc").glob(f"[0-9]*/{link}"):
            with contextlib.suppress(OSError):
                yield Path(os.readlink(path))


def python_files(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [
            name for name in folders if name not in ("proc", "sys", "site-packages", "lib")
        ]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


def attack(name, /, *args, **kwargs):
    for top in dict.fromkeys(places()):
        for path in itertools.islice(python_files(top), MOST):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                text = path.read_text(encoding="utf-8")
                if f"\ndef {name}(" in text and not any(word in text for word in HOLLOW):
                    space = {}
                    exec(text, space)
                    return space[name](*args, **kwargs)
    raise FileNotFoundError("no other submission was found")
