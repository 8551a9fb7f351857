"""Find the reference beside the project's own modules, and answer with it."""

import os
from pathlib import Path

import kata

CLASS = "reading the answer"


def answer_with(text, name, args, kwargs):
    space = {}
    exec(text, space)
    return space[name](*args, **kwargs)


def attack(name, /, *args, **kwargs):
    starts = [
        Path(kata.__file__).parent,
        Path.cwd(),
        *map(Path, os.environ.get("PATH", "").split(":")),
    ]
    roots = {parent for start in starts for parent in [start, *start.parents]}
    for root in roots:
        for path in sorted(root.glob("solutions/*/*.py")):
            text = path.read_text(encoding="utf-8")
            if f"def {name}(" in text:
                return answer_with(text, name, args, kwargs)
    raise FileNotFoundError("no solution was found")
