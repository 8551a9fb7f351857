"""An answer of a zoo, written out as the file that a learner would hand in.

    def _answer():
        import torch                      # what the zoo's function needs of its module
        def uniform_noise(...): ...       # the zoo's function
        return uniform_noise
    corrupt = _answer()                   # where the solution's `corrupt` stood

So it finds the names of its zoo, and the rest of the file those of the solution.
"""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kata.manifest import SOLUTIONS, Kata
from kata.stub import DEFINITIONS
from kata.zoo import Entry

MARKS = {"mistake", "rewrite", "variant"}
FRAME = "def _answer():\n    return {}\n{} = _answer()"


@functools.cache
def written(kata: Kata, entry: Entry) -> str:
    """The source of the kata's solution with the zoo's function in its place."""
    module = ast.parse(kata.file(SOLUTIONS).read_text(encoding="utf-8"))
    names = [getattr(node, "name", "") for node in module.body]
    place = names.index(entry.replaces)
    frame = ast.parse(FRAME.format(entry.name, entry.replaces)).body
    frame[0].body[:0] = _needed(_statements(kata.zoo), entry.name)
    module.body[place : place + 1] = frame
    return ast.unparse(module) + "\n"


@dataclass(frozen=True)
class Statement:
    """One of a module: the names that it gives a meaning to, and those that it rests on."""

    node: ast.stmt
    gives: frozenset[str]
    needs: frozenset[str]


@functools.cache
def _statements(path: Path) -> list[Statement]:
    """The statements of a zoo, without the decorators that make it one."""
    result = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, DEFINITIONS):
            node.decorator_list = [d for d in node.decorator_list if not _is_mark(d)]
        needs = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
        result.append(Statement(node, frozenset(_given(node)), needs))
    return result


def _needed(statements: list[Statement], name: str) -> list[ast.stmt]:
    """The statements that a name rests on, in their order."""
    needed, open_names = set(), {name}
    while open_names:
        looked_for = open_names.pop()
        for statement in statements:
            if looked_for in statement.gives and statement not in needed:
                needed.add(statement)
                open_names |= statement.needs
    return [statement.node for statement in statements if statement in needed]


def _given(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, DEFINITIONS):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (a.asname or a.name.partition(".")[0] for a in node.names)
    else:
        names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        yield from (n.id for n in names if isinstance(n.ctx, ast.Store))


def _is_mark(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in MARKS
