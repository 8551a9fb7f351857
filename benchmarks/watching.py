"""How long it takes from saving a kata to its verdict: `kata watch` beside `pytest` from cold.

    python benchmarks/watching.py                     every kata, its reference as the answer
    python benchmarks/watching.py --only add_noise --repeats 5

Both judge the same copy of the repository, by turns. "Suite" is what pytest reports for the tests
of that very run: setup, call and teardown. Every file is compiled before anything is measured.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from kata.manifest import EXERCISES, ROOT, SOLUTIONS, Kata, load_manifest
from kata.watch import ON_ONE_SCREEN

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".kata", "__pycache__", "runs")
MOST_ABOVE, LEAST_RATIO = 0.3, 15  # what is promised: seconds, times
VERDICT = "Waiting for a save."  # the watcher's last line after each run


@dataclass(frozen=True)
class Timing:
    """Seconds, each the median of some repeats."""

    kata: Kata
    suite: float
    watched: float
    above: float
    cold: float

    @property
    def ratio(self) -> float:
        return self.cold / self.watched


def main(
    only: Annotated[list[str] | None, typer.Option(help="katas; all without")] = None,
    repeats: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "repository"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        manifest = load_manifest(root)
        katas = [manifest.find(name) for name in only or []] or list(manifest.katas)
        for kata in manifest.katas:
            shutil.copy(kata.file(SOLUTIONS), kata.file(EXERCISES))
        environment = _environment(Path(folder))
        _judge_from_cold(katas[0], environment)  # compiles the libraries
        with _watcher(root, environment) as watcher:
            _wait_for_verdict(watcher)  # on the next kata, at the start
            timings = [
                _measure(kata, watcher, environment, repeats)
                for kata in track(katas, "Judging", console=Console(stderr=True))
            ]
    _print(timings, repeats)


def _environment(folder: Path) -> dict[str, str]:
    report = folder / "report.xml"
    names = {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "COLUMNS": "80"}
    names["PYTEST_ADDOPTS"] = f"--junitxml={report}"
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | names


@contextmanager
def _watcher(root: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "kata", "watch"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True}
    watcher = subprocess.Popen(command, cwd=root, env=environment, **pipes)
    try:
        yield watcher
    finally:
        watcher.terminate()
        watcher.wait()


def _measure(kata: Kata, watcher, environment: dict[str, str], repeats: int) -> Timing:
    """Save and judge from cold by turns, so that a busy moment of the machine meets both."""
    rounds = []
    for number in range(repeats):
        watched = _save_and_wait(kata, number, watcher)
        suite = _seconds_of_tests(kata, environment)
        cold = _judge_from_cold(kata, environment)
        rounds.append((suite, watched, watched - suite, cold))
    return Timing(kata, *map(statistics.median, zip(*rounds, strict=True)))


def _save_and_wait(kata: Kata, number: int, watcher: subprocess.Popen) -> float:
    path = kata.file(EXERCISES)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(f"{kata.file(SOLUTIONS).read_text()}\n# saved {number}\n")
    start = time.perf_counter()
    os.replace(temporary, path)
    _wait_for_verdict(watcher)
    return time.perf_counter() - start


def _wait_for_verdict(watcher: subprocess.Popen) -> None:
    said = []
    for line in watcher.stdout:
        said.append(line)
        if VERDICT in line:
            return
    sys.exit(f"The watcher ended:\n{''.join(said)}")


def _seconds_of_tests(kata: Kata, environment: dict[str, str]) -> float:
    """What pytest reports of the run that has just ended, which must be green."""
    path = environment["PYTEST_ADDOPTS"].partition("=")[2]
    cases = list(ElementTree.parse(path).iter("testcase"))
    if not cases or any(
        case.find(end) is not None for case in cases for end in ("failure", "error")
    ):
        sys.exit(f"{kata.id}: the reference is not green.")
    Path(path).unlink()  # the next run writes its own
    return sum(float(case.get("time")) for case in cases)


def _judge_from_cold(kata: Kata, environment: dict[str, str]) -> float:
    path = kata.file(EXERCISES).relative_to(kata.root)
    command = [sys.executable, "-m", "pytest", str(path), *ON_ONE_SCREEN]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=kata.root, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{kata.id}: the reference is not green.\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def _print(timings: list[Timing], repeats: int) -> None:
    console = Console(highlight=False)
    table = Table(title=f"From save to verdict, in seconds; medians of {repeats}", box=None)
    table.add_column("kata")
    for column in ("suite", "watched", "above suite", "cold pytest", "times faster"):
        table.add_column(column, justify="right")
    for timing in timings:
        numbers = (timing.suite, timing.watched, timing.above, timing.cold)
        table.add_row(timing.kata.id, *(f"{x:.2f}" for x in numbers), f"{timing.ratio:.1f}")
    console.print(table)
    watched, cold = sum(t.watched for t in timings), sum(t.cold for t in timings)
    quick = sum(timing.above <= MOST_ABOVE for timing in timings)
    fast = sum(timing.ratio >= LEAST_RATIO for timing in timings)
    console.print(
        f"Of {len(timings)} katas {quick} take at most {MOST_ABOVE} s above the suite's own work, "
        f"and {fast} are at least {LEAST_RATIO} times faster than from cold. On the whole: "
        f"{watched:.1f} s watched, {cold:.1f} s cold."
    )


if __name__ == "__main__":
    typer.run(main)
