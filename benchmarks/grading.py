"""What does grading cost, and what does it lose when it is killed?

    uv run python benchmarks/grading.py cold              # against one cold pytest a submission
    uv run python benchmarks/grading.py overhead          # of judging over the suites' own work
    uv run python benchmarks/grading.py killed --size 1000
    uv run python benchmarks/grading.py growth --sizes 10,100,1000

Classes are made by `kata.grading.classroom`, with a seed. Every file names its author, so that no
two are alike and each is judged; with --alike they are as classes are. Everything is timed by the
wall clock, on an idle machine.
"""

import contextlib
import functools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from kata.grading.classroom import is_as_expected, make_class
from kata.grading.judge import Job, judge
from kata.grading.model import Grades
from kata.manifest import ROOT, Kata, load_manifest

QUICK = ["noise_schedule", "timesteps", "add_noise"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
CPUS = len(os.sched_getaffinity(0))
PATIENCE = 10  # seconds in which all that a killed run has started must be gone

app = typer.Typer(help=__doc__)
console = Console(highlight=False)
Names = Annotated[list[str], typer.Option("--only", help="katas that are graded")]
Level = Annotated[str, typer.Option(help="of isolation")]
Alike = Annotated[bool, typer.Option("--alike", help="leave files alike that are")]


@app.command()
def cold(
    size: Annotated[int, typer.Option(help="submissions that are graded")] = 40,
    runs: Annotated[int, typer.Option(help="of the cold pytest")] = 3,
    only: Names = QUICK,
    level: Level = "isolated",
) -> None:
    """Submissions a minute and core: `kata grade`, and a new pytest for each."""
    katas = _katas(only)
    pytest = statistics.median(_cold_pytest(katas) for _ in range(runs))
    with _class(katas, size, alike=False, hostile=0.0) as (handed_in, out, _):
        graded = _grade(handed_in, out, katas, level) * CPUS / size
    table = Table("", "seconds a submission and core", "a minute and core", box=None)
    table.add_row("a cold pytest, one run of each suite", f"{pytest:.1f}", f"{60 / pytest:.1f}")
    table.add_row("kata grade, two, sandboxed", f"{graded:.2f}", f"{60 / graded:.1f}")
    console.print(table)
    console.print(f"{pytest / graded:.1f} times as many ({size} submissions, start included)")


@app.command()
def overhead(
    only: Annotated[list[str] | None, typer.Option("--only")] = None, level: Level = "isolated"
) -> None:
    """Of judging a right file over what two runs of its suite take in one warm process."""
    from judging import judge as run_suites

    table = Table("kata", "suite, twice", "judged", "overhead", box=None)
    judge(_job(load_manifest().katas[0], level))  # starts the process with the libraries
    for kata in _katas(only) if only else load_manifest().katas:
        own = []
        for seed in (1, 2, 3):
            own.append(Durations())
            run_suites([str(kata.suite)], seed, ROOT, own[-1])
        work = own[1].seconds + own[2].seconds  # the first run has imported the suite
        judged = _seconds(lambda kata=kata: judge(_job(kata, level)))
        table.add_row(kata.id, f"{work:.2f} s", f"{judged:.2f} s", f"{judged - work:+.2f} s")
    console.print(table)


class Durations:
    """A pytest plugin that adds up what tests take, their fixtures included."""

    seconds = 0.0

    def pytest_runtest_logreport(self, report):
        self.seconds += report.duration


def _job(kata: Kata, level: str) -> Job:
    return Job(kata.id, str(kata.file("solutions")), "benchmark", ("2", "3"), level)


@app.command()
def killed(
    size: Annotated[int, typer.Option(help="submissions")] = 1000,
    kills: Annotated[int, typer.Option(help="on the way, evenly")] = 2,
    only: Names = QUICK,
    level: Level = "isolated",
    alike: Alike = False,
    seed: int = 1,
) -> None:
    """A class, hostile submissions in it: killed on the way, continued, compared with the truth."""
    katas = _katas(only)
    with _class(katas, size, alike, seed=seed) as (handed_in, out, expected):
        command = _command(handed_in, out, katas, level)
        subprocess.run([*command[:4], "plan", *command[4:]], env=ONE_THREAD, cwd=ROOT, check=True)
        jobs = _count_of_jobs(out)
        memory, left, known = [], 0, {}
        started = time.monotonic()
        for number in range(1, kills + 1):
            left += _run_until(command, out, jobs * number // (kills + 1), memory)
            known = {**_results(out), **known}
        _run_until(command, out, sys.maxsize, memory)
        took = time.monotonic() - started
        lost = len(known.items() - _results(out).items())
        known = _results(out)
        again = _grade(handed_in, out, katas, level)
        rewritten = len(_results(out).items() - known.items())
        grades = Grades.from_json((out / "grades.json").read_text(encoding="utf-8"))
        wrong = list(_unexpected(grades, expected))
    verdicts = Counter(kata.verdict for one in grades.submissions for kata in one.katas)
    quarters = [max(part) for part in _quarters(memory)]
    table = Table("", "", box=None, show_header=False)
    table.add_row("submissions", f"{len(grades.submissions)} of {size}")
    table.add_row("files judged", str(jobs))
    table.add_row("verdicts", ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    table.add_row("not as generated", str(len(wrong)))
    table.add_row("killed", f"{kills} times; {lost} results judged twice, {left} processes left")
    table.add_row("time, starts included", f"{took / 60:.1f} minutes")
    table.add_row("a minute and core", f"{60 * size / took / CPUS:.1f} submissions")
    table.add_row("said again", f"{again:.0f} s, {rewritten} files judged")
    table.add_row("memory by quarters", ", ".join(f"{most / 2**20:.0f} MiB" for most in quarters))
    console.print(table)
    for line in wrong:
        console.print(f"  {line}", soft_wrap=True)
    raise typer.Exit(int(bool(wrong or lost or left or rewritten)))


@app.command()
def growth(
    sizes: str = "10,100,1000", only: Names = QUICK, level: Level = "isolated", alike: Alike = False
) -> None:
    """The cost of a submission as the class grows."""
    katas = _katas(only)
    table = Table("submissions", "time", "a submission", "files judged", box=None)
    for size in map(int, sizes.split(",")):
        with _class(katas, size, alike) as (handed_in, out, _):
            took = _grade(handed_in, out, katas, level)
            jobs = _count_of_jobs(out)
        table.add_row(str(size), f"{took:.0f} s", f"{took / size:.2f} s", str(jobs))
    console.print(table)


def _katas(names: list[str]) -> list[Kata]:
    manifest = load_manifest()
    return [manifest.find(name) for name in names]


@contextmanager
def _class(
    katas: list[Kata], size: int, alike: bool, hostile: float = 0.1, seed: int = 1
) -> Iterator[tuple[Path, Path, dict]]:
    """The folder of a class, one for its grades, and the verdicts that are expected."""
    with tempfile.TemporaryDirectory(prefix="kata-class-") as folder:
        handed_in, out = Path(folder) / "class", Path(folder) / "grades"
        handed_in.mkdir()
        expected = make_class(handed_in, katas, size, seed, hostile, signed=not alike)
        yield handed_in, out, expected


def _command(handed_in: Path, out: Path, katas: list[Kata], level: str) -> list[str]:
    only = [word for kata in katas for word in ("--only", kata.id)]
    levels = ["--isolation", level, "--min-isolation", level]
    paths = [str(handed_in), "--out", str(out)]
    return [sys.executable, "-m", "kata", "grade", *paths, *only, *levels, "--no-pictures"]


def _grade(handed_in: Path, out: Path, katas: list[Kata], level: str) -> float:
    """Grade the class; return the seconds it took."""
    command = [*_command(handed_in, out, katas, level), "--quiet"]
    run = functools.partial(subprocess.run, command, env=ONE_THREAD, cwd=ROOT, check=False)
    return _seconds(lambda: _must_have_ended(run().returncode))


def _cold_pytest(katas: list[Kata]) -> float:
    files = [str(kata.file("solutions")) for kata in katas]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return _seconds(lambda: subprocess.run(command, env=ONE_THREAD, cwd=ROOT, check=True, **quiet))


def _run_until(command: list[str], out: Path, enough: int, memory: list[int]) -> int:
    """Run until there are enough results, then kill; return how many processes outlive that.

    memory  of the process that grades, in bytes, is added once a second
    """
    process = psutil.Popen([*command, "--plain"], env=ONE_THREAD, cwd=ROOT, start_new_session=True)
    while process.poll() is None:
        if len(_results(out)) >= enough:
            below = process.children(recursive=True)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return len(psutil.wait_procs(below, PATIENCE)[1])
        with contextlib.suppress(psutil.Error):
            memory.append(process.memory_info().rss)
        time.sleep(1)
    _must_have_ended(process.returncode)
    return 0


def _must_have_ended(status: int) -> None:
    """Stop where grading has failed. Where some was not judged, the table tells of it."""
    if status not in (0, 1):
        raise typer.Exit(status)


def _results(out: Path) -> dict[Path, int]:
    """When each result was written."""
    return {path: path.stat().st_mtime_ns for path in (out / "verdicts").glob("*.json")}


def _count_of_jobs(out: Path) -> int:
    from kata.grading.plan import load_plan
    from kata.grading.store import Store

    return len(load_plan(Store(out)).jobs)


def _unexpected(grades: Grades, expected: dict[str, dict[str, str]]) -> Iterator[str]:
    names = {one.name for one in grades.submissions}
    yield from (f"{name} is not there" for name in expected.keys() - names)
    for one in grades.submissions:
        for kata in one.katas:
            wanted = expected.get(one.name, {}).get(kata.kata, "nothing")
            if not is_as_expected(wanted, kata.verdict):
                yield f"{one.name} {kata.kata}: {kata.verdict}, not {wanted}: {kata.note[:200]}"


def _quarters(values: list[int]) -> list[list[int]]:
    step = max(len(values) // 4, 1)
    return [part for n in range(4) if (part := values[n * step : (n + 1) * step])]


def _seconds(run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    app()
