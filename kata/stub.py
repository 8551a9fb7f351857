"""A stub is its solution with the bodies cut out: the solution is the only source.

In a solution the first comment of a kata's function says what is to be written. It is what the
learner finds after `# TODO:`; the lines below it are the answer, and go.
"""

import ast
import re

from kata.errors import KataError

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


class StubError(KataError):
    """A solution from which no stub can be made; the message says what to mend in it."""


def make_stub(solution: str, functions: tuple[str, ...]) -> str:
    """Return the source of the stub for the source of a solution.

    functions  the functions that the learner writes; everything else stays as it stands, except
               private helpers (`_name`), functions or classes, which belong to the answer
    Raises StubError when a function is missing, has no docstring or no comment to keep.
    """
    tree = ast.parse(solution)
    lines = solution.split("\n")
    found = {node.name for node in tree.body if isinstance(node, FUNCTIONS)}
    missing = [name for name in functions if name not in found]
    if missing:
        raise StubError(f"the solution has no function `{missing[0]}` that the manifest names")
    for node in reversed(tree.body):
        if isinstance(node, FUNCTIONS) and node.name in functions:
            lines[node.body[0].end_lineno : _last_line(node, lines)] = _open_task(node, lines)
        elif isinstance(node, DEFINITIONS) and node.name.startswith("_"):
            del lines[_first_line(node, lines) : _last_line(node, lines)]
    return _with_two_blank_lines("\n".join(lines))


def _open_task(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> list[str]:
    """What stands below the docstring of a stub's function: the task, then the raise."""
    if ast.get_docstring(node) is None:
        raise StubError(f"`{node.name}` has no docstring: it is the learner's specification")
    indent = " " * node.body[0].col_offset
    task = []
    for line in lines[node.body[0].end_lineno : node.end_lineno]:
        if not line.strip().startswith("#"):
            break
        task.append(line)
    if not task:
        raise StubError(f"`{node.name}` has no comment below its docstring to keep as `# TODO:`")
    task[0] = f"{indent}# TODO: {task[0].strip().lstrip('# ')}"
    return [*task, f'{indent}raise NotImplementedError("TODO: {node.name}")']


def _first_line(node: ast.stmt, lines: list[str]) -> int:
    """Where a definition starts: with its decorators, and the comment right above them."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return first


def _last_line(node: ast.stmt, lines: list[str]) -> int:
    """Where a definition ends: with the comments that are indented below its last statement."""
    last = node.end_lineno
    while last < len(lines) and re.match(r"\s+#", lines[last]):
        last += 1
    return last


def _with_two_blank_lines(source: str) -> str:
    """Cutting a helper leaves its blank lines behind; two in a row are enough."""
    while "\n\n\n\n" in source:
        source = source.replace("\n\n\n\n", "\n\n\n")
    return source.rstrip("\n") + "\n"


def unwritten(tree: ast.Module) -> set[str]:
    """The functions that do nothing but `raise NotImplementedError("TODO: ...")`.

    One with code above that line is work of the learner's, and so is one that is defined anew.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    return {name for name, node in functions.items() if _raises_todo(node)}


def _raises_todo(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = node.body if ast.get_docstring(node) is None else node.body[1:]
    text = "".join(map(ast.unparse, body))
    return len(body) == 1 and text.startswith("raise NotImplementedError('TODO")
