"""`kata diff`: the learner's file against the reference, once it is done."""

import ast
import difflib

from rich.console import Console
from rich.syntax import Syntax

from kata.command_line import run_prefix
from kata.errors import KataError
from kata.manifest import EXERCISES, SOLUTIONS, Kata
from kata.progress import NOT_STARTED, VERIFY, Progress


class DiffError(KataError):
    """There is nothing to compare, or it is too early; the message says what to type."""


def show_diff(kata: Kata, progress: Progress, spoil: bool = False) -> None:
    """Print what to change in the learner's file to arrive at the reference.

    spoil  also while the kata is not done
    Raises DiffError without a reference, or when it is not offered yet.
    """
    if not kata.file(SOLUTIONS).is_file():
        raise DiffError(f"There is no reference of {kata.name} here: a class gets none.")
    if not spoil and not progress.is_done(kata):
        raise DiffError(_too_early(kata, progress.state(kata)))
    own, reference = (_text(kata, tree) for tree in (EXERCISES, SOLUTIONS))
    console = Console(highlight=False)
    if own == reference:
        console.print(f"{EXERCISES}/{kata.id}.py and the reference are the same.")
    elif console.is_terminal:
        diff = "\n".join(_diff(kata, own, reference))
        console.print(
            Syntax(diff, "diff", theme="ansi_dark", background_color="default", word_wrap=True)
        )
    else:
        print(*_diff(kata, own, reference), sep="\n")


def _too_early(kata: Kata, state: str) -> str:
    run = run_prefix()
    if state == VERIFY:
        return f"{kata.name} is to be verified first:\n  {run}pytest {EXERCISES}/{kata.id}.py"
    trouble = "is not started" if state == NOT_STARTED else "is not right yet"
    return (
        f"{kata.name} {trouble}; the reference is for afterwards.\n"
        f"  next hint      {run}kata hint {kata.name}\n"
        f"  all the same   {run}kata diff {kata.name} --spoil"
    )


def _text(kata: Kata, tree: str) -> str:
    path = kata.file(tree)
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DiffError(f"Cannot read {path.relative_to(kata.root)}: {why}.") from error


def _diff(kata: Kata, own: str, reference: str) -> list[str]:
    if (docstring := _docstring_lines(own)) == _docstring_lines(reference):
        own, reference = (_blanked(text, len(docstring)) for text in (own, reference))
    return list(
        difflib.unified_diff(
            own.splitlines(),
            reference.splitlines(),
            f"{EXERCISES}/{kata.id}.py",
            f"{SOLUTIONS}/{kata.id}.py",
            lineterm="",
        )
    )


def _docstring_lines(text: str) -> list[str]:
    """The lines of the module's docstring, with what stands above it."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return []
    is_docstring = (
        body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    )
    return text.splitlines()[: body[0].end_lineno] if is_docstring else []


def _blanked(text: str, count: int) -> str:
    """The text with its first lines empty: they are the same in both, and line numbers stay."""
    return "\n" * count + "\n".join(text.splitlines()[count:]) + "\n"
