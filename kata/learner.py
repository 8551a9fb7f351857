"""The functions of several katas together, from one tree: what the capstone is built of."""

import ast
import functools
from collections.abc import Callable

from kata.command_line import run_prefix
from kata.errors import KataError
from kata.manifest import Kata, Manifest
from kata.stub import unwritten


class Unfinished(KataError):
    """Katas that a command needs are not written yet, or do not run. The message names them."""


class Functions:
    """`functions("add_noise", "corrupt")` is that kata's function in the tree that was chosen."""

    def __init__(self, manifest: Manifest, tree: str):
        self.manifest = manifest
        self.tree = tree
        self._modules = {}

    def require(self, *names: str) -> None:
        """Raise Unfinished when one of these katas is missing, broken or still a stub."""
        katas = map(self.manifest.find, names)
        troubles = {kata.id: trouble for kata in katas if (trouble := trouble_of(kata, self.tree))}
        if troubles:
            lines = [f"  {kata}: {trouble}" for kata, trouble in troubles.items()]
            check = f"{run_prefix()}pytest {self.tree}/{next(iter(troubles))}.py"
            raise Unfinished("\n".join(["These katas come first:", *lines, f"Next: {check}"]))

    def __call__(self, name: str, function: str) -> Callable:
        """Return the function. Raises Unfinished when the file does not define it."""
        from kata.worker import load_file

        kata = self.manifest.find(name)
        if name not in self._modules:
            self._modules[name] = load_file(kata.file(self.tree))
        found = getattr(self._modules[name], function, None)
        check = f"{run_prefix()}pytest {self.tree}/{kata.id}.py"
        if not callable(found):
            raise Unfinished(f"{kata.id} has no function `{function}`: {check}")
        return _noting(found, f"This came out of `{function}` in {kata.id}; alone: {check}")


def _noting(function: Callable, note: str) -> Callable:
    """The function, whose errors say which kata they came out of."""

    @functools.wraps(function)
    def noting(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        except KataError:
            raise
        except Exception as error:
            error.add_note(note)
            raise

    return noting


def trouble_of(kata: Kata, tree: str) -> str:
    """What can be seen without running the file: missing, broken, not started; else ""."""
    try:
        source = ast.parse(kata.file(tree).read_text(encoding="utf-8-sig"))
    except OSError:
        return "the file is missing"
    except (SyntaxError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    todo = [name for name in kata.functions if name in unwritten(source)]
    return f"not started ({', '.join(todo)})" if todo else ""
