"""How often do the suites reject a right answer? Judge reference and variants by many seeds.

    uv run python benchmarks/false_alarms.py --seeds 20
    uv run python benchmarks/false_alarms.py --seeds 5 train_loop

Each seed draws other inputs, other weights and other noise. Prints, for each kata, how many tests
ran and which failed; ends with status 1 where one did.
"""

from collections import Counter
from typing import Annotated

import typer
from judging import judge
from rich.console import Console
from rich.progress import track
from rich.table import Table

from kata.manifest import load_manifest
from kata.worker import load_file
from kata.zoo import entries


class Outcomes:
    """A pytest plugin that counts outcomes by file."""

    def __init__(self):
        self.ran, self.failed = Counter(), []

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.ran[report.nodeid.partition("::")[0]] += 1
        if report.failed:
            self.failed.append(report.nodeid)


def main(names: Annotated[list[str] | None, typer.Argument()] = None, seeds: int = 20) -> None:
    manifest = load_manifest()
    katas = [manifest.find(name) for name in names or []] or manifest.katas
    console, outcomes = Console(), {kata.id: Outcomes() for kata in katas}
    for seed in track(range(1, seeds + 1), "seeds", console=console):
        for kata in katas:
            variants = [e.name for e in entries(load_file(kata.zoo)) if not e.is_mistake]
            paths = [str(kata.suite), *(f"{kata.zoo}::{name}" for name in variants)]
            judge(paths, seed, manifest.root, outcomes[kata.id])
    console.print(_table(outcomes, seeds))
    raise typer.Exit(int(any(outcome.failed for outcome in outcomes.values())))


def _table(outcomes: dict[str, Outcomes], seeds: int) -> Table:
    table = Table(title=f"Right answers judged with {seeds} seeds", title_justify="left", box=None)
    for column in ("kata", "tests run", "rejected", "which"):
        table.add_column(column)
    for name, outcome in outcomes.items():
        which = "\n".join(sorted(set(outcome.failed)))
        table.add_row(name, str(outcome.ran.total()), str(len(outcome.failed)), which)
    return table


if __name__ == "__main__":
    typer.run(main)
