"""What the terminal shows when grading is over: of a class its statistics, of one its screens."""

import itertools
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kata.grading.board import STYLES
from kata.grading.model import WORST_LAST, Grades, KataResult, SubmissionResult
from kata.grading.printable import without_commands
from kata.grading.reports.entries import troubles_of
from kata.grading.reports.figures import judged_whole
from kata.grading.words import MARKS, WORDS, counted, some, word
from kata.verdict import INFRASTRUCTURE, REFUSED

MOST_LINES = 15
MOST_REPORTS = 3  # that are named, of one folder
AGAIN = "which the same command tries again"


def show_summary(
    console: Console,
    grades: Grades,
    reports: Sequence[Path],
    remarks: Sequence[str] = (),
    again: str = AGAIN,
) -> None:
    """Print what was found, what was in the way, and where the reports lie.

    remarks  lines on the whole
    again    how to judge what was not judged, the rest of a sentence
    """
    if len(grades.submissions) == 1:
        _show_one(console, grades.submissions[0])
        troubles = _troubles(grades, ())
    else:
        _show_class(console, grades)
        troubles = _troubles(grades, (REFUSED,))
    _show_lines(console, "Troubles with what was handed in", list(troubles))
    results = [(one.name, kata) for one in grades.submissions for kata in one.katas]
    show_not_judged(console, results, again)
    console.print()
    for remark in remarks:
        console.print(_told(remark), soft_wrap=True)
    for folder, paths in itertools.groupby(reports, key=lambda path: path.parent):
        paths = list(paths)
        several = [f"{folder}{os.sep} ({counted(len(paths), 'file')})"]
        for report in several if len(paths) > MOST_REPORTS else paths:
            console.print(f"[dim]report[/]  {escape(str(report))}", soft_wrap=True)


def show_not_judged(
    console: Console, results: Iterable[tuple[str, KataResult]], again: str = AGAIN
) -> None:
    """Say whose katas wait for another run, and why.

    results  with the names of those who handed them in
    """
    learners, katas = defaultdict(list), defaultdict(list)
    for name, result in results:
        if result.verdict == INFRASTRUCTURE:
            learners[result.kata, _why(result)].append(name)
    for (kata, note), names in learners.items():
        katas[tuple(names), note].append(kata)
    lines = [f"{some(names)}: {some(ids)}: {note}" for (names, note), ids in katas.items()]
    _show_lines(console, f"Not judged, {again}", lines)


def _why(result: KataResult) -> str:
    """The end of a traceback says most."""
    return result.note or result.details.strip().rpartition("\n")[2]


def _show_one(console: Console, submission: SubmissionResult) -> None:
    for kata in submission.katas:
        feedback = next((test.feedback for test in kata.tests if test.feedback), "")
        texts = list(dict.fromkeys(filter(None, (kata.note, feedback))))  # often they are the same
        if kata.verdict == INFRASTRUCTURE or kata.note in submission.troubles:
            texts = []  # it is told below
        brief = [text for text in texts if "\n" not in text]
        console.print(": ".join([_line(kata), *map(_told, brief)]), soft_wrap=True)
        for text in texts:
            if text not in brief:
                console.print(f"\n{_told(text.rstrip())}\n", soft_wrap=True)
    console.print(
        f"\n[bold]{_told(submission.name)}[/]: {submission.points} of {submission.most} points"
    )


def _told(text: str) -> str:
    """What others have said, as text alone: no markup, and no command to CI that reads the log."""
    return escape(without_commands(text))


def _line(kata: KataResult) -> str:
    style = STYLES[kata.verdict]
    points = f"{kata.points} of {kata.most} points"
    return f"[{style}]{MARKS[kata.verdict]}[/] [bold]{kata.kata}[/]: {word(kata)}, {points}"


def _show_class(console: Console, grades: Grades) -> None:
    if not grades.submissions:
        console.print("There are no submissions.")
        return
    counts = {}
    for submission in grades.submissions:
        for kata in submission.katas:
            counts.setdefault(kata.kata, []).append(kata)
    console.print(_table(counts))
    points = sorted(submission.points for submission in judged_whole(grades))
    most = max(submission.most for submission in grades.submissions)
    console.print(f"\n[bold]{counted(len(grades.submissions), 'submission')}[/]", end="")
    if len(points) < len(grades.submissions):
        console.print(f", of which {len(points)} are judged whole", end="")
    if points:
        median = f"{statistics.median(points):g}"
        told = f": of {most} points they have {points[0]} to {points[-1]}, the median is {median}"
        console.print(told, end="")
    console.print()


def _table(results: dict[str, list[KataResult]]) -> Table:
    verdicts = Counter(result.verdict for found in results.values() for result in found)
    shown = [verdict for verdict in WORST_LAST if verdicts[verdict]]
    table = Table(box=None, pad_edge=False)
    table.add_column("kata", no_wrap=True)
    for verdict in shown:
        table.add_column(WORDS[verdict], justify="right", style=STYLES[verdict])
    table.add_column("mean points", justify="right")
    for kata, found in results.items():
        counts = Counter(result.verdict for result in found)
        judged = [result.points for result in found if result.verdict != INFRASTRUCTURE]
        mean = f"{statistics.fmean(judged):.1f}" if judged else "-"
        most = max(result.most for result in found)
        cells = [str(counts[verdict] or "") for verdict in shown]
        name = kata.rpartition("/")[2]  # with its lesson the table is wider than a terminal
        table.add_row(name, *cells, f"{mean} of {most}")
    return table


def _troubles(grades: Grades, verdicts: Sequence[str]) -> Iterator[str]:
    for submission in grades.submissions:
        for trouble in troubles_of(submission, verdicts):
            yield f"{submission.name}: {trouble}"


def _show_lines(console: Console, headline: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{escape(headline)}[/]", soft_wrap=True)
    for line in lines[:MOST_LINES]:
        console.print(f"  {_told(line)}", soft_wrap=True)
    if len(lines) > MOST_LINES:
        console.print(f"  and {len(lines) - MOST_LINES} more, which the reports have")
