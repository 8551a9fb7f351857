"""The board: after a run, which katas are done and what to do next."""

import io
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kata.command_line import run_prefix
from kata.learner import trouble_of
from kata.manifest import EXERCISES, Kata, load_manifest
from kata.verdict import NOT_STARTED, PASSED, WRONG

STYLES = {PASSED: "green", WRONG: "red", NOT_STARTED: "yellow"}
MARKS = {PASSED: "✓", WRONG: "✗", NOT_STARTED: "·"}


@dataclass
class Tally:
    """The verdicts on one kata in one tree."""

    verdicts: list[str] = field(default_factory=list)
    points: int = 0

    @property
    def verdict(self) -> str:
        """The worst of its verdicts: started and wrong comes before not started."""
        kinds = set(self.verdicts)
        if kinds == {PASSED}:
            return PASSED
        return NOT_STARTED if kinds == {NOT_STARTED} else WRONG

    @property
    def text(self) -> str:
        if self.verdict == NOT_STARTED:
            return NOT_STARTED
        passed, todo = self.verdicts.count(PASSED), self.verdicts.count(NOT_STARTED)
        text = f"{passed} of {len(self.verdicts)} tests pass"
        return f"{text}, {todo} not started" if todo else text


def show_board(terminal, reports: list) -> None:
    """Write the board of the learner's katas that `reports` judged; nothing where there are none.

    terminal  pytest's terminal reporter
    """
    tallies = _tally(reports)
    if not tallies:
        return
    katas = [kata for kata in load_manifest().katas if kata.id in tallies]
    buffer = io.StringIO()
    width = max(terminal.fullwidth if hasattr(terminal, "fullwidth") else 80, 60)
    console = Console(
        file=buffer,
        force_terminal=terminal.hasmarkup,
        no_color=not terminal.hasmarkup,
        width=width,
        highlight=False,
    )
    console.print(_table(katas, tallies))
    left_out = terminal.stats.get("deselected", [])
    if need_gpu := [item for item in left_out if item.get_closest_marker("gpu")]:
        console.print(f"[dim]Not run here: {len(need_gpu)} that need a GPU.[/]")
    _print_next(console, katas, tallies)
    terminal.ensure_newline()
    terminal.write(buffer.getvalue())


def _tally(reports: list) -> dict[str, Tally]:
    tallies = {}
    for report in reports:
        properties = dict(report.user_properties)
        if properties.get("tree") == EXERCISES and report.when != "teardown":
            tally = tallies.setdefault(properties["kata"], Tally())
            tally.verdicts.append(properties["verdict"])
            tally.points += properties["points"] * (properties["verdict"] == PASSED)
    return tallies


def _table(katas: list[Kata], tallies: dict[str, Tally]) -> Table:
    table = Table(title="Your katas", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("kata", no_wrap=True)
    table.add_column("what you build", ratio=1)
    table.add_column("state")
    table.add_column("points", justify="right")
    for kata in katas:
        tally = tallies[kata.id]
        style = STYLES[tally.verdict]
        state = f"[{style}]{tally.text}[/]"
        mark = f"[{style}]{MARKS[tally.verdict]}[/]"
        table.add_row(mark, kata.id, escape(kata.title), state, str(tally.points))
    return table


def _print_next(console: Console, katas: list[Kata], tallies: dict[str, Tally]) -> None:
    run = run_prefix()
    kata = _next_kata(katas, tallies)
    console.print()
    if kata is None:
        console.print(f"[green]All done.[/] See it paint: {run}kata train, then {run}kata sample")
        return
    path = f"{EXERCISES}/{kata.id}.py"
    console.print(f"[bold]Next[/]   {escape(kata.title)} (about {kata.minutes} minutes)")
    console.print(f"  read   {EXERCISES}/{kata.lesson}/README.md")
    console.print(f"  write  {path}")
    console.print(f"  check  {run}pytest {path}")
    console.print(f"  stuck  {run}kata hint {kata.name}")


def _next_kata(katas: list[Kata], tallies: dict[str, Tally]) -> Kata | None:
    """The first that was judged and is not green, else the first of all that is not written."""
    not_green = [kata for kata in katas if tallies[kata.id].verdict != PASSED]
    others = [kata for kata in load_manifest().katas if kata.id not in tallies]
    not_written = (kata for kata in others if trouble_of(kata, EXERCISES))
    return not_green[0] if not_green else next(not_written, None)
