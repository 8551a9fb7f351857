"""Look for the reference in installed copies and in the bytecode that Python keeps aside."""

import contextlib
import marshal
import sys
import types
from pathlib import Path

import kata

CLASS = "reading the answer"


def codes():
    roots = [Path(kata.__file__).parent.parent, *map(Path, sys.path)]
    for root in roots:
        for pattern in ("solutions/*/__pycache__/*.pyc", "tests/*/__pycache__/*.pyc"):
            for path in root.glob(pattern):
                with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
                    yield marshal.loads(path.read_bytes()[16:])
        for path in root.glob("*/solutions/*/*.py"):
            with contextlib.suppress(OSError):
                yield compile(path.read_text(encoding="utf-8"), str(path), "exec")


def attack(name, /, *args, **kwargs):
    for code in codes():
        if any(isinstance(c, types.CodeType) and c.co_name == name for c in code.co_consts):
            space = {}
            exec(code, space)
            return space[name](*args, **kwargs)
    raise FileNotFoundError("no copy was found")
