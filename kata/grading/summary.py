"""What the terminal shows when grading is over: of a class its statistics, of one its screens."""

import itertools
import os
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kata.grading.board import MARKS, STYLES
from kata.grading.model import WORST_LAST, Grades, KataResult, SubmissionResult
from kata.verdict import INFRASTRUCTURE

MOST_LINES = 15
MOST_REPORTS = 3  # that are named, of one folder


def show_summary(console: Console, grades: Grades, reports: Sequence[Path]) -> None:
    """Print what was found, what was in the way, and where the reports lie."""
    if len(grades.submissions) == 1:
        _show_one(console, grades.submissions[0])
    else:
        _show_class(console, grades)
    _show_lines(console, "Troubles with what was handed in", list(_troubles(grades)))
    show_not_judged(console, [kata for one in grades.submissions for kata in one.katas])
    console.print()
    for folder, paths in itertools.groupby(reports, key=lambda path: path.parent):
        paths = list(paths)
        several = [f"{folder}{os.sep} ({len(paths)} files)"]
        for report in several if len(paths) > MOST_REPORTS else paths:
            console.print(f"[dim]report[/]  {escape(str(report))}", soft_wrap=True)


def show_not_judged(console: Console, results: Iterable[KataResult]) -> None:
    """Say which files wait for another run, and why."""
    waiting = {result.key: result for result in results if result.verdict == INFRASTRUCTURE}
    lines = [f"{result.kata} ({result.file[:12]}): {result.note}" for result in waiting.values()]
    _show_lines(console, "Not judged, which the same command tries again", lines)


def _show_one(console: Console, submission: SubmissionResult) -> None:
    for kata in submission.katas:
        console.print(_line(kata))
        feedback = next((test.feedback for test in kata.tests if test.feedback), "")
        for text in dict.fromkeys(filter(None, (kata.note, feedback))):  # often they are the same
            console.print(f"\n{escape(text.rstrip())}\n", soft_wrap=True)
    console.print(
        f"\n[bold]{escape(submission.name)}[/]: {submission.points} of {submission.most} points"
    )


def _line(kata: KataResult) -> str:
    style = STYLES[kata.verdict]
    points = f"{kata.points} of {kata.most} points"
    return f"[{style}]{MARKS[kata.verdict]}[/] [bold]{kata.kata}[/]: {kata.verdict}, {points}"


def _show_class(console: Console, grades: Grades) -> None:
    if not grades.submissions:
        console.print("There are no submissions.")
        return
    counts = {}
    for submission in grades.submissions:
        for kata in submission.katas:
            counts.setdefault(kata.kata, []).append(kata)
    console.print(_table(counts))
    points = sorted(submission.points for submission in grades.submissions)
    most = max(submission.most for submission in grades.submissions)
    console.print(
        f"\n[bold]{len(points)} submissions[/]: of {most} points they have {points[0]} to "
        f"{points[-1]}, half of them {statistics.median_low(points)} or less"
    )


def _table(results: dict[str, list[KataResult]]) -> Table:
    verdicts = Counter(result.verdict for found in results.values() for result in found)
    shown = [verdict for verdict in WORST_LAST if verdicts[verdict]]
    table = Table(box=None, pad_edge=False)
    table.add_column("kata")
    for verdict in shown:
        table.add_column(verdict, justify="right", style=STYLES[verdict])
    table.add_column("mean points", justify="right")
    for kata, found in results.items():
        counts = Counter(result.verdict for result in found)
        mean = statistics.fmean(result.points for result in found)
        most = max(result.most for result in found)
        cells = [str(counts[verdict] or "") for verdict in shown]
        table.add_row(kata, *cells, f"{mean:.1f} of {most}")
    return table


def _troubles(grades: Grades):
    for submission in grades.submissions:
        for trouble in submission.troubles:
            yield f"{submission.name}: {trouble}"


def _show_lines(console: Console, headline: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{headline}[/]")
    for line in lines[:MOST_LINES]:
        console.print(f"  {escape(line)}", soft_wrap=True)
    if len(lines) > MOST_LINES:
        console.print(f"  and {len(lines) - MOST_LINES} more, which the reports have")
