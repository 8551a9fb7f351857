"""The board: which katas are done, what they are worth, and what to do next."""

import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kata.command_line import run_prefix
from kata.manifest import EXERCISES, Kata, Manifest, load_manifest
from kata.progress import DONE, VERIFY, Progress, Score, load_progress
from kata.verdict import NOT_STARTED, PASSED, WRONG

STYLES = {DONE: "green", WRONG: "red", NOT_STARTED: "yellow", VERIFY: "cyan"}
MARKS = {DONE: "✓", WRONG: "✗", NOT_STARTED: "·", VERIFY: "?"}
NARROWEST, WIDEST = 60, 110
WIDE_ENOUGH_FOR_TITLES = 80
BAR_WIDTH = 20
UNKNOWN = "–"  # noqa: RUF001


@dataclass
class Tally:
    """The verdicts of a run on one kata."""

    verdicts: list[str] = field(default_factory=list)
    points: int = 0

    @property
    def state(self) -> str:
        """The worst of its verdicts: started and wrong comes before not started."""
        kinds = set(self.verdicts)
        if kinds == {PASSED}:
            return DONE
        return NOT_STARTED if kinds == {NOT_STARTED} else WRONG

    @property
    def text(self) -> str:
        if self.state == NOT_STARTED:
            return NOT_STARTED
        passed, todo = self.verdicts.count(PASSED), self.verdicts.count(NOT_STARTED)
        text = f"{passed} of {len(self.verdicts)} tests pass"
        return f"{text}, {todo} not started" if todo else text


@dataclass(frozen=True)
class Row:
    """A kata on the board. After a run its text tells the tests, which have no cell then."""

    kata: Kata
    state: str
    text: str
    points: str
    tests: str = ""


def show_board(terminal, reports: list) -> None:
    """Write what a run has judged of the learner's katas; nothing where it judged none.

    terminal  pytest's terminal reporter
    """
    tallies = _tally(reports)
    if not tallies:
        return
    progress = load_progress(load_manifest())
    katas = [kata for kata in progress.manifest.katas if kata.id in tallies]
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=terminal.hasmarkup,
        no_color=not terminal.hasmarkup,
        width=_width(shutil.get_terminal_size().columns),
        highlight=False,
    )
    rows = [_row_of_run(kata, tallies[kata.id], progress) for kata in katas]
    todo = [k for k in katas if tallies[k.id].state != DONE or not progress.is_done(k)]
    if terminal.config.getoption("brief") and len(rows) == 1:
        _print_line(console, rows[0])
    else:
        console.print(_table(progress.manifest, rows, console))
        _print_need_of_gpu(console, terminal.stats.get("deselected", []))
        _print_total(console, progress)
    if not (todo and terminal.config.getoption("brief")):
        _print_next(console, next(iter(todo), None) or progress.next_kata(katas[-1]), progress)
    terminal.ensure_newline()
    terminal.write(buffer.getvalue())


def show_progress_board(console: Console) -> None:
    """Print the board of all katas, as they were judged last."""
    progress = load_progress(load_manifest())
    console = Console(file=console.file, width=_width(console.width), highlight=False)
    rows = [_row(kata, progress) for kata in progress.manifest.katas]
    console.print(_table(progress.manifest, rows, console))
    _print_total(console, progress)
    if any(row.state == VERIFY for row in rows):
        check = f"{run_prefix()}pytest {EXERCISES}"
        console.print(f"\n[cyan]?[/] to be judged as it is now: {check}")
    _print_next(console, progress.next_kata(), progress)


def _width(width: int) -> int:
    return min(max(width, NARROWEST), WIDEST)


def _tally(reports: list) -> dict[str, Tally]:
    tallies = {}
    for report in reports:
        properties = dict(report.user_properties)
        if properties.get("tree") == EXERCISES and report.when != "teardown":
            tally = tallies.setdefault(properties["kata"], Tally())
            tally.verdicts.append(properties["verdict"])
            tally.points += properties["points"] * (properties["verdict"] == PASSED)
    return tallies


def _row_of_run(kata: Kata, tally: Tally, progress: Progress) -> Row:
    score = progress.score(kata)
    points = _out_of(tally.points, score.most) if score else str(tally.points)
    return Row(kata, tally.state, tally.text, points)


def _row(kata: Kata, progress: Progress) -> Row:
    state, score = progress.state(kata), progress.score(kata)
    if score is None:
        return Row(kata, state, state, UNKNOWN, UNKNOWN)
    points, tests = _out_of(score.points, score.most), _out_of(score.passed, score.tests)
    return Row(kata, state, state, points, tests)


def _out_of(reached: int | None, most: int) -> str:
    return f"{UNKNOWN if reached is None else reached}/{most}"


def _table(manifest: Manifest, rows: list[Row], console: Console) -> Table:
    """Lessons as headings, their katas below; what one builds only where there is room."""
    has_titles = console.width >= WIDE_ENOUGH_FOR_TITLES
    has_tests = any(row.tests for row in rows)
    table = Table(title="Your katas", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("kata", no_wrap=True)
    if has_titles:
        table.add_column("what you build", ratio=1)
    table.add_column("state")
    if has_tests:
        table.add_column("tests", justify="right")
    table.add_column("points", justify="right")
    for lesson in manifest.lessons:
        of_lesson = [row for row in rows if row.kata in lesson.katas]
        if of_lesson:
            title = [f"[bold]{escape(lesson.title)}[/]"] if has_titles else []
            table.add_row("", f"[bold]{lesson.name}[/]", *title)
        for row in of_lesson:
            mark, state = (f"[{STYLES[row.state]}]{x}[/]" for x in (MARKS[row.state], row.text))
            title = [escape(row.kata.title)] if has_titles else []
            tests = [row.tests] if has_tests else []
            table.add_row(mark, row.kata.name, *title, state, *tests, row.points)
    return table


def _print_line(console: Console, row: Row) -> None:
    """The one kata of a run, for who watches it and knows what it is about."""
    mark = f"[{STYLES[row.state]}]{MARKS[row.state]}[/]"
    console.print(f"{mark} [bold]{row.kata.name}[/]: {row.text}, {row.points} points")


def _print_need_of_gpu(console: Console, left_out: list) -> None:
    if need_gpu := [item for item in left_out if item.get_closest_marker("gpu")]:
        console.print(f"[dim]Not run here: {len(need_gpu)} that need a GPU.[/]")


def _print_total(console: Console, progress: Progress) -> None:
    katas = progress.manifest.katas
    done = sum(map(progress.is_done, katas))
    points = _total_points(progress.score(kata) for kata in katas)
    filled = BAR_WIDTH * done // max(len(katas), 1)
    bar = f"[green]{'━' * filled}[/][dim]{'─' * (BAR_WIDTH - filled)}[/]"
    console.print(f"\n[bold]All[/] {bar} {done} of {len(katas)} katas done, {points}")


def _total_points(scores: Iterable[Score | None]) -> str:
    """The most that one can reach is known when every suite was run once."""
    scores = list(scores)
    reached = sum(score.points or 0 for score in scores if score)
    if None in scores:
        return f"{reached} points"
    return f"{reached} of {sum(score.most for score in scores)} points"


def _print_next(console: Console, kata: Kata | None, progress: Progress) -> None:
    run = run_prefix()
    console.print()
    if kata is None:
        console.print(f"[green]All done.[/] See it paint: {run}kata train, then {run}kata sample")
        return
    path = f"{EXERCISES}/{kata.id}.py"
    if progress.state(kata) == VERIFY:
        console.print(f"[bold]Next[/]   {escape(kata.title)} (to be verified)")
        console.print(f"  check  {run}pytest {path}")
        return
    console.print(f"[bold]Next[/]   {escape(kata.title)} (about {kata.minutes} minutes)")
    console.print(f"  read   {EXERCISES}/{kata.lesson}/README.md")
    console.print(f"  write  {path}")
    console.print(f"  check  {run}pytest {path}")
    console.print(f"  stuck  {run}kata hint {kata.name}")
