"""A failure on one screen: the call, what came back, what was expected, what to type next."""

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from kata.answer import Answer
from kata.command_line import run_prefix
from kata.exercise import Exercise
from kata.manifest import EXERCISES
from kata.verdict import NotStarted, Wrong
from kata.worker import run_answer

LABEL_WIDTH = 12
MOST_TEXT, MOST_LINES = 4000, 40  # of one labelled text
MOST_BRIEF = 8  # failures that are told in a line each
RED, YELLOW, GREEN = {"red": True}, {"yellow": True}, {"green": True}
COLOURS = {"seen": RED, "raised": RED, "expected": GREEN, "mistake": YELLOW, "looks like": YELLOW}
NOT_FOUND = re.compile(r"^ModuleNotFoundError: No module named '(?:.*\.)?(\w+)'", re.M)
CAUSE = ("not started", "seen", "expected", "raised", "where")  # two that agree in all are one


@dataclass(frozen=True)
class Screen:
    """A headline and labelled lines. pytest prints it in place of a traceback."""

    headline: str
    lines: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n".join([self.headline, *(text for _, text in self._layout(width=100))])

    def toterminal(self, terminal) -> None:
        for line in textwrap.wrap(self.headline, max(terminal.fullwidth, 40)):
            terminal.line(line, bold=True)
        terminal.line("")
        for label, text in self._layout(terminal.fullwidth):
            terminal.line(text, **COLOURS.get(label, {}))

    def _layout(self, width: int):
        for label, text in self.lines:
            first = f"  {label}".ljust(LABEL_WIDTH + 2)
            for number, line in enumerate(text.splitlines()):
                start = first if number == 0 else " " * len(first)
                yield (
                    label,
                    textwrap.fill(
                        line,
                        max(width, 40),
                        initial_indent=start,
                        subsequent_indent=" " * len(first),
                        break_long_words=False,
                        break_on_hyphens=False,
                    ),
                )


def make_screen(
    answer: Answer,
    exercise: Exercise | None,
    sentence: str,
    error: BaseException | None,
    mistake: str = "",
) -> Screen | None:
    """The screen for what ended a test, or None when it is no fault of the learner's.

    mistake  what was found to give the very same results, in a sentence
    """
    if isinstance(error, NotStarted):
        return _screen(answer, sentence, [("not started", str(error))])
    if isinstance(error, Wrong):
        lines = [
            ("called", _call(exercise)),
            ("seen", error.seen),
            ("expected", error.expected),
            ("mistake", mistake),
            ("looks like", error.hint),
            ("where", _definition(answer, exercise)),
        ]
        return _screen(answer, sentence, lines)
    place = _place(answer, exercise, error) if error is not None else None
    if place is None:
        return None
    lines = [
        ("called", _call(exercise)),
        ("raised", _raised(error)),
        ("mistake", mistake),
        ("looks like", _import_hint(answer, error)),
        ("where", place),
    ]
    return _screen(answer, sentence, lines)


def fold(screen: Screen, told: dict[str, str]) -> Screen:
    """The same in short, where another test of the kata has told the same before.

    told  what was told so far, with the headline of the test that did; it is kept up to date
    """
    said = dict(screen.lines)
    cause = said.get("mistake") or "\n".join(said.get(label, "") for label in CAUSE)
    if cause not in told:
        told[cause] = screen.headline
        return screen
    kept = tuple(line for line in screen.lines if line[0] in ("mistake", "seen", "raised"))
    return Screen(screen.headline, (*kept, ("as in", told[cause].partition(": ")[2])))


def show_briefly(terminal, failures: list) -> None:
    """The first failure in full, and of the others what they ask for, a line each.

    terminal  pytest's terminal writer
    failures  screens, or what pytest itself shows of trouble that is no learner's
    """
    terminal.line("")
    for number, failure in enumerate(failures):
        if number == 0 or not isinstance(failure, Screen):
            failure.toterminal(terminal)
        elif number <= MOST_BRIEF:
            mark = "·" if "not started" in dict(failure.lines) else "✗"
            terminal.line(_shortened(f"{mark} {failure.headline.partition(': ')[2]}", terminal))
    if len(failures) > MOST_BRIEF + 1:
        terminal.line(f"  and {len(failures) - MOST_BRIEF - 1} more")


def _shortened(text: str, terminal) -> str:
    return text if len(text) < terminal.fullwidth else f"{text[: terminal.fullwidth - 4]}..."


def _cut(text: str) -> str:
    """The text, of a long one its start: an answer may say what it likes."""
    lines = text[:MOST_TEXT].splitlines()[:MOST_LINES]
    return (
        text
        if len(text) <= MOST_TEXT and text.count("\n") < MOST_LINES
        else "\n".join([*lines, "..."])
    )


def _screen(answer: Answer, sentence: str, lines: list[tuple[str, str]]) -> Screen:
    kata, run = answer.kata, run_prefix()
    lines = [(label, _cut(text)) for label, text in lines]
    path = _relative(answer, answer.path)
    lines.append(("next", f"{run}kata hint {kata.name}\n{run}pytest {path}"))
    return Screen(f"{kata.id}: {sentence}", tuple(line for line in lines if line[1]))


def _call(exercise: Exercise | None) -> str:
    if exercise is None:
        return ""
    return exercise.pending or (exercise.last.text if exercise.calls else "")


def is_timeout(error: BaseException | None) -> bool:
    """Whether pytest-timeout has ended the test."""
    return isinstance(error, pytest.fail.Exception) and str(error).startswith("Timeout")


def _raised(error: BaseException) -> str:
    """The error as Python tells it; of a long one the start and the end."""
    if is_timeout(error):
        return "no answer within the time limit: a loop without an end? No other test was tried."
    lines = "".join(traceback.format_exception_only(error)).strip().splitlines()
    return "\n".join(lines if len(lines) <= 12 else [*lines[:8], "...", *lines[-3:]])


def _import_hint(answer: Answer, error: BaseException) -> str:
    """What to say to whoever imports another kata."""
    name = NOT_FOUND.search(_raised(error))
    if name is None or not list((answer.kata.root / EXERCISES).glob(f"*/{name[1]}.py")):
        return ""
    return (
        f"Each kata is judged by its own file alone: copy what you need from {name[1]}.py into it."
    )


def _definition(answer: Answer, exercise: Exercise | None) -> str:
    """Where the function stands that was called: as its code said, or as the file shows it."""
    if exercise is None or not exercise.attempts:  # a file that may not even be Python
        return _relative(answer, answer.path)
    if exercise.line is not None:
        path, line = exercise.line
        return f"{_relative(answer, Path(path))}:{line}"
    called = {attempt.target for attempt in exercise.attempts}
    tree = ast.parse(answer.path.read_text(encoding="utf-8-sig"))
    lines = [node.lineno for node in tree.body if getattr(node, "name", "") in called]
    return _relative(answer, answer.path) + (f":{lines[-1]}" if lines else "")


def _place(answer: Answer, exercise: Exercise | None, error: BaseException) -> str | None:
    """Where the learner's code raised: its last line in the traceback, or the function called.

    None when the error came from elsewhere.
    """
    if hasattr(error, "line_of_answer"):  # it was raised in another process
        line = error.line_of_answer
        return _at(answer, answer.path, line) if line else _definition(answer, exercise)
    files = {str(answer.path)}
    if answer.entry is not None:
        files.add(inspect.unwrap(answer.entry.function).__code__.co_filename)
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if frame.filename in files]
    if not theirs:
        is_theirs = any(frame.name == run_answer.__name__ for frame in frames)
        return _definition(answer, exercise) if is_theirs else None
    return _at(answer, Path(theirs[-1].filename), theirs[-1].lineno)


def _at(answer: Answer, path: Path, line: int) -> str:
    return f"{_relative(answer, path)}:{line}\n{linecache.getline(str(path), line).strip()}"


def _relative(answer: Answer, path: Path) -> str:
    return str(path.relative_to(answer.root)) if path.is_relative_to(answer.root) else str(path)
