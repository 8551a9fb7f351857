"""Look for verdicts that were given already, with their seeds."""

import contextlib
import os
import tempfile
from pathlib import Path

CLASS = "reading the answer"


def folders():
    yield from [*Path(tempfile.gettempdir()).parents, *Path.cwd().parents]
    yield from (Path("/tmp"), Path("/autograder"), Path("/dev/shm"))
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            yield Path(os.readlink(link))


def attack(name, /, *args, **kwargs):
    for folder in dict.fromkeys(folders()):
        for pattern in ("verdicts/*.json", "*/verdicts/*.json", "plan.json", "*/plan.json"):
            with contextlib.suppress(OSError):
                for path in folder.glob(pattern):
                    text = path.read_text(encoding="utf-8")
                    raise RuntimeError(f"BOAST: results were read in {path}: {text[:40]!r}")
    raise LookupError("nothing was found")
