"""`kata grade --replay`: judge once more what was judged, with the seeds of then, and compare."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from kata.errors import KataError
from kata.grading.judge import Job
from kata.grading.model import Grades, KataResult, kata_from_json
from kata.grading.store import BROKEN, Store
from kata.grading.words import some
from kata.manifest import Kata


class ReplayError(KataError):
    """What was to be replayed is no result, or its sources are gone."""


@dataclass(frozen=True)
class Recorded:
    """A result that was recorded, and where the content of its file lies."""

    result: KataResult
    source: Path

    @property
    def job(self) -> Job:
        result, conditions = self.result, self.result.conditions
        return Job(
            result.kata, str(self.source), result.key, conditions.seeds, conditions.isolation
        )


def recorded(path: Path, katas: Sequence[Kata], submission: str | None) -> list[Recorded]:
    """The results in a file of OUT/verdicts or in a grades.json, those of these katas.

    submission  takes those of this one alone out of a grades.json
    Raises ReplayError.
    """
    wanted = {kata.id for kata in katas}
    results = {
        result.key: result
        for result in _results(path, submission)
        if result.kata in wanted and result.conditions.seeds
    }
    if not results:
        raise ReplayError(f"{path} holds no result that can be judged again.")
    return [Recorded(result, _source(path, result)) for result in results.values()]


def show_comparison(
    console: Console, before: Iterable[KataResult], now: Iterable[KataResult]
) -> bool:
    """Print what differs; return whether every verdict is the same."""
    differ = [
        pair for pair in zip(before, now, strict=True) if _verdicts(pair[0]) != _verdicts(pair[1])
    ]
    for old, new in differ:
        console.print(f"[red]✗[/] [bold]{old.kata}[/] ({old.file[:12]})")
        for name in dict.fromkeys(itertools.chain(_verdicts(old), _verdicts(new))):
            was, is_now = (_verdicts(result).get(name, "not there") for result in (old, new))
            if was != is_now:
                console.print(f"  {escape(name)}: {was} then, {is_now} now", soft_wrap=True)
    return not differ


def _results(path: Path, submission: str | None) -> list[KataResult]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReplayError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise _no_result(path) from error
    try:
        return [kata_from_json(text)]
    except BROKEN:
        pass
    try:
        grades = Grades.from_json(text)
    except BROKEN:
        raise _no_result(path) from None
    names = [one.name for one in grades.submissions]
    if submission is not None and submission not in names:
        raise ReplayError(f"{path} has no submission `{submission}`. It has: {some(names, 20)}.")
    chosen = [one for one in grades.submissions if submission in (None, one.name)]
    return [kata for one in chosen for kata in one.katas]


def _no_result(path: Path) -> ReplayError:
    return ReplayError(
        f"{path} holds no result: give grades.json, or a file of the folder verdicts beside it."
    )


def _source(path: Path, result: KataResult) -> Path:
    """The content lies in the folder of the grades, which the file lies in, too."""
    for folder in path.absolute().parents[:2]:
        store = Store(folder)
        if store.has_source(result.file):
            return store.source(result.file)
    raise ReplayError(
        f"The file that was judged is gone: sources/{result.file}.py beside or above {path}."
    )


def _verdicts(result: KataResult) -> dict[str, str]:
    tests = {test.name: test.verdict for test in result.tests}
    return {"the kata": f"{result.verdict}, {result.points} points", **tests}
