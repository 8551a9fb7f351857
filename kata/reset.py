"""`kata reset`: a fresh stub in the place of the learner's file, which is kept aside."""

import ast
import subprocess
from collections.abc import Callable

from rich.console import Console

from kata.errors import KataError
from kata.files import keep_aside, write_whole
from kata.manifest import EXERCISES, SOLUTIONS, Kata
from kata.stub import unwritten
from kata.stubs import stub_of


class ResetError(KataError):
    """There is no stub to write, or no place to write it; the learner's file is as it was."""


def reset(kata: Kata, ask: Callable[[str], bool] = lambda question: True) -> None:
    """Keep the learner's file aside, write the stub in its place and say where things are.

    ask  is given the question whether to go on, where there is something to lose
    """
    console = Console(highlight=False, soft_wrap=True)  # paths are there to be copied
    path = kata.file(EXERCISES)
    name = path.relative_to(kata.root)
    stub = _fresh_stub(kata)
    try:
        if path.is_file() and path.read_bytes() == stub.encode():
            console.print(f"{name} is a fresh stub already: nothing to do.")
            return
        if path.is_file() and not ask(f"Replace {name}? It is kept aside."):
            console.print("Left as it was.")
            return
        kept = keep_aside(path, kata.root) if path.is_file() else None
        write_whole(path, stub)
    except OSError as error:
        raise ResetError(
            f"Cannot reset {name}, which is as it was: "
            f"{error.filename or kata.root}: {error.strerror}."
        ) from error
    console.print(f"[green]{name}[/] is a fresh stub.")
    if kept is not None:
        kept = kept.relative_to(kata.root)
        console.print(f"Your file is kept: {kept}\nTo have it back: cp {kept} {name}")


def _fresh_stub(kata: Kata) -> str:
    """The stub of the reference; where there is none, as for a class, the one that git has."""
    if kata.file(SOLUTIONS).is_file():
        return stub_of(kata)
    for version in _versions(kata):
        try:
            if set(kata.functions) <= unwritten(ast.parse(version)):
                return version
        except (SyntaxError, ValueError):
            continue
    raise ResetError(
        f"There is no fresh stub of {kata.name}: no reference under {SOLUTIONS}/, and no commit "
        f"of this repository with {EXERCISES}/{kata.id}.py as a stub. Your file is as it was. "
        "Get the stub from where you got this repository."
    )


def _versions(kata: Kata):
    """The contents of the learner's file in every commit that changed it, newest first."""
    path = f"{EXERCISES}/{kata.id}.py"
    for commit in _git(kata, "log", "--format=%H", "--", path).split():
        yield _git(kata, "show", f"{commit}:./{path}")


def _git(kata: Kata, *arguments: str) -> str:
    """What git prints; nothing where there is no git, no repository or no such file."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=kata.root, capture_output=True, encoding="utf-8"
        )
    except (OSError, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""
