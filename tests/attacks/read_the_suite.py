"""Read the suite that judges, and boast of what it checks."""

from pathlib import Path

import kata

CLASS = "reading the answer"


def attack(name, /, *args, **kwargs):
    for path in sorted((Path(kata.__file__).parent.parent / "tests").glob("*/test_*.py")):
        text = path.read_text(encoding="utf-8")
        if name in text:
            raise RuntimeError(f"BOAST: the suite was read: {text[:60]!r}")
    raise FileNotFoundError("no suite was found")
