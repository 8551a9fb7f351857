"""Find the right answers among the variants that prove the suite, and answer with one."""

import contextlib
from pathlib import Path

import kata
from kata.zoo import entries

CLASS = "reading the answer"


class Namespace:
    """What `entries` takes for a module."""

    def __init__(self, text):
        exec(text, vars(self))


def attack(name, /, *args, **kwargs):
    for path in sorted((Path(kata.__file__).parent.parent / "tests").glob("*/zoo_*.py")):
        with contextlib.suppress(OSError, AttributeError, ImportError):
            for entry in entries(Namespace(path.read_text(encoding="utf-8"))):
                if entry.replaces == name and not entry.is_mistake:
                    return entry.function(*args, **kwargs)
    raise FileNotFoundError("no zoo was found")
