"""A kata as its show sees it: the functions as attributes, and what came back from them.

Importable without torch, so that `kata show` finds a kata that is not started at once.
"""

import functools
import itertools
import linecache
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from kata.command_line import run_prefix
from kata.errors import KataError
from kata.manifest import Kata


class AnswerError(KataError):
    """The learner's code raised; the message says what, and in which line of their file."""

    exit_status = 1


class NotWritten(Exception):
    """A function that still raises its `NotImplementedError("TODO: ...")`."""


class CannotDraw(Exception):
    """A value of which no picture can be made.

    wanted  what should have been there, in a few words
    value   what is there
    """

    def __init__(self, wanted: str, value: object):
        super().__init__(wanted, value)
        self.wanted, self.value = wanted, value


class ShownKata:
    """`shown.corrupt(...)` calls that function of an answer, and keeps what came back.

    functions  the answer's functions by name
    files      the files that they are written in: what is raised there is the answer's doing
    calls      pairs of a function's name and what it returned
    troubles   what could not be drawn, in words
    """

    def __init__(self, kata: Kata, functions: dict[str, Callable], files: Iterable[Path]):
        self.kata = kata
        self.files = {str(path) for path in files}
        self.calls = []
        self.troubles = []
        for name, function in functions.items():
            setattr(self, name, self._keeping(name, function))

    def _keeping(self, name: str, function: Callable) -> Callable:
        @functools.wraps(function)
        def keeping(*arguments, **keywords):
            try:
                result = function(*arguments, **keywords)
            except NotImplementedError as error:
                if str(error).startswith("TODO"):
                    todo = str(error).removeprefix("TODO").strip(": ") or name
                    raise NotWritten(f"{todo} is not written yet.") from error
                raise self._error(error, function) from error
            except (Exception, SystemExit) as error:
                raise self._error(error, function) from error
            self.calls.append((name, result))
            return result

        return keeping

    def words(self, error: Exception, since: int = 0) -> str:
        """Say why there is no picture: what came back since a call, and what went wrong with it.

        Raises AnswerError where `error` came out of the answer's own code, as that of a data set
        does which the answer has made.
        """
        if isinstance(error, AnswerError):
            raise error
        if self._frames(error):
            raise self._error(error) from error
        last = dict(self.calls[since:] or self.calls)
        lines = (
            [] if isinstance(error, NotWritten) else [*itertools.starmap(_returned, last.items())]
        )
        text = "\n".join([*lines, _trouble(error, _parts(last.values()))])
        self.troubles.append(text)
        return text

    def _error(self, error: BaseException, function: Callable | None = None) -> AnswerError:
        frames = self._frames(error)
        if frames:
            place, line = frames[-1].filename, frames[-1].lineno
        else:  # called wrongly: the line of its `def`
            code = getattr(function, "__code__", None)
            place = code.co_filename if code else str(self.kata.file("exercises"))
            line = code.co_firstlineno if code else 1
        raised = "".join(traceback.format_exception_only(error)).strip()
        return answer_error(self.kata, raised, Path(place), line)

    def _frames(self, error: BaseException) -> list[traceback.FrameSummary]:
        """The frames of the answer's own files in the traceback of an error."""
        frames = traceback.extract_tb(error.__traceback__)
        return [frame for frame in frames if frame.filename in self.files]


def _returned(name: str, result: object) -> str:
    from kata.describe import describe

    return f"{name} returned {describe(result)}."


def _trouble(error: Exception, results: list) -> str:
    """Why there is no picture, without what is said of the results already."""
    from kata.describe import describe

    if isinstance(error, NotWritten):
        return str(error)
    if isinstance(error, (CannotDraw, TypeError)) and any(result is None for result in results):
        return "Did you forget `return`?"
    if not isinstance(error, CannotDraw):
        return f"That cannot be drawn: {error or type(error).__name__}."
    seen = "" if any(error.value is result for result in results) else describe(error.value)
    return f"{seen and f'There is {seen}. '}Expected: {error.wanted}."


def _parts(results: Iterable) -> list:
    """The results, and what is in those that are tuples."""
    return [
        part
        for result in results
        for part in [result, *(result if isinstance(result, tuple) else ())]
    ]


def answer_error(kata: Kata, raised: str, path: Path, line: int) -> AnswerError:
    """The message for what the learner's code raised in a line of their file."""
    place = path.relative_to(kata.root) if path.is_relative_to(kata.root) else path
    code = linecache.getline(str(path), line).strip()
    lines = [
        f"{kata.id}: your code raised an error, so there is no picture.",
        *_labelled("raised", raised),
        *_labelled("where", f"{place}:{line}" + (f"\n{code}" if code else "")),
        *_labelled("next", f"{run_prefix()}pytest {place}"),
    ]
    return AnswerError("\n".join(lines))


def load_functions(kata: Kata, path: Path) -> dict[str, Callable]:
    """Run the file of an answer and take the kata's functions out of it.

    Raises AnswerError where the file raises, KataError where it lacks a function.
    """
    from kata.worker import load_file

    try:
        module = load_file(path)
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        raised = "".join(traceback.format_exception_only(error)).strip()
        raise answer_error(kata, raised, path, lines[-1] if lines else 1) from error
    return {name: _function(kata, path, module, name) for name in kata.functions}


def _function(kata: Kata, path: Path, module: ModuleType, name: str) -> Callable:
    function = getattr(module, name, None)
    if not callable(function):
        place = path.relative_to(kata.root)
        raise KataError(
            f"{place} has no function `{name}`, which is to be shown.\n"
            f"Next: {run_prefix()}pytest {place}"
        )
    return function


def _labelled(label: str, text: str) -> list[str]:
    first, *others = text.splitlines() or [""]
    return [f"  {label:<8}{first}", *(f"  {'':<8}{other}" for other in others)]
