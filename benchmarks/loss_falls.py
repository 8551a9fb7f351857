"""How far does the loss fall in the two checks that ask for it, over many seeds?

    uv run python benchmarks/loss_falls.py --seeds 50

Runs the checks of the suites of train_step and train_loop on the reference, and prints which share
of the loss is left after the training: mean, standard deviation and maximum, how many standard
deviations lie between the mean and the suites' limit, and how many seeds were rejected.
"""

import statistics

import pytest
import typer
from judging import judge
from rich.console import Console
from rich.progress import track
from rich.table import Table

from kata.manifest import load_manifest

LIMIT = 0.7  # of both checks
CHECKS = {
    "train_step": "test_the_loss_falls_on_a_fixed_batch",
    "train_loop": "test_the_loss_falls_on_the_butterflies",
}


class Shares:
    """A pytest plugin that listens to the losses before and after the training of a check."""

    def __init__(self):
        self.left, self.rejected = [], 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        losses, measure = [], item.module.loss_on
        item.module.loss_on = lambda *a, **k: losses.append(measure(*a, **k)) or losses[-1]
        try:
            return (yield)
        finally:
            item.module.loss_on = measure
            self.left.append(losses[-1] / losses[0])

    def pytest_runtest_logreport(self, report):
        self.rejected += report.failed


def main(seeds: int = 50) -> None:
    console, manifest = Console(), load_manifest()
    table = Table("check", "mean", "deviation", "largest", "deviations to limit", "rejected")
    for name, test in CHECKS.items():
        shares = Shares()
        for seed in track(range(1, seeds + 1), name, console=console):
            path = f"{manifest.find(name).suite}::{test}"
            judge([path], seed, manifest.root, shares)
        mean, deviation = statistics.mean(shares.left), statistics.stdev(shares.left)
        numbers = (mean, deviation, max(shares.left), (LIMIT - mean) / deviation)
        table.add_row(test, *(f"{x:.3f}" for x in numbers), f"{shares.rejected} of {seeds}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
