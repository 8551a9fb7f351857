"""`kata check`: prove the whole repository, and tell an author what to mend where it is not."""

import contextlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kata.manifest import EXERCISES, SOLUTIONS, TESTS, TREES, Kata, Manifest
from kata.stub import StubError
from kata.stubs import stub_of
from kata.verdict import NOT_STARTED
from kata.worker import load_file
from kata.zoo import entries

ENOUGH_MISTAKES, ENOUGH_VARIANTS, HINTS = 6, 3, 3
ASIDE = {"__pycache__", ".ipynb_checkpoints"}


@dataclass
class Findings:
    """What is wrong, a line each, and the numbers for the table."""

    troubles: list[str] = field(default_factory=list)
    counts: dict[str, Counter] = field(default_factory=dict)

    def add(self, place: str, what: str, mend: str) -> None:
        self.troubles.append(f"[bold]{place}[/]: {what}\n    → {mend}")


def check_repository(manifest: Manifest, katas: list[Kata], jobs: int = 2) -> int:
    """Check these katas and what lies around them. Print what is found; return 0 or 1.

    jobs  processes that run the suites
    """
    console = Console()
    findings = look_at(manifest, katas)
    _run_suites(manifest, katas, jobs, findings, console)
    console.print(_table(katas, findings.counts))
    for trouble in findings.troubles:
        console.print(trouble, highlight=False)
    if findings.troubles:
        console.print(f"\n[red]{len(findings.troubles)} to mend.[/]")
        return 1
    console.print(f"\n[green]All {len(katas)} katas are proved.[/]")
    return 0


# What can be seen without running a suite


def look_at(manifest: Manifest, katas: list[Kata]) -> Findings:
    """Find what is missing, stray or out of date, and count the zoos."""
    findings = Findings()
    for kata in katas:
        findings.counts[kata.id] = Counter()
        for place, what, mend in _look_at(kata, findings.counts[kata.id]):
            findings.add(place, what, mend)
    for path in _strays(manifest):
        place = str(path.relative_to(manifest.root))
        findings.add(place, "belongs to no kata", "name it in katas.toml or delete it")
    return findings


def _look_at(kata: Kata, count: Counter) -> Iterator[tuple[str, str, str]]:
    for path, purpose in _files(kata):
        if not path.is_file():
            yield kata.id, f"{path.relative_to(kata.root)} is missing", f"write it: {purpose}"
    hints = [hint for hint in kata.hints if hint.strip()]
    if len(set(hints)) < HINTS:
        yield kata.id, f"{len(set(hints))} of {HINTS} hints", "write them in katas.toml"
    yield from _look_at_page(kata)
    yield from _look_at_stub(kata)
    yield from _look_at_zoo(kata, count)


def _files(kata: Kata) -> list[tuple[Path, str]]:
    return [
        (kata.file(SOLUTIONS), "the reference"),
        (kata.file(EXERCISES), "run `kata stubs`"),
        (kata.suite, "the suite"),
        (kata.zoo, "mistakes and variants"),
        (kata.show, "what `kata show` draws"),
    ]


def _look_at_page(kata: Kata) -> Iterator[tuple[str, str, str]]:
    page = kata.root / EXERCISES / kata.lesson / "README.md"
    name = str(page.relative_to(kata.root))
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    section = re.search(rf"^## {kata.name}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if section is None:
        yield name, f"no section `## {kata.name}`", "write why, the code, the mathematics"
    elif len(section[1].split()) < 50:
        yield name, f"`## {kata.name}` has {len(section[1].split())} words", "a learner needs more"
    for picture in re.findall(r"!\[.*?\]\((?!http)(.*?)\)", section[1] if section else ""):
        if not (page.parent / picture).is_file():
            yield name, f"the picture {picture} is missing", "draw it: data/pictures/"


def _look_at_stub(kata: Kata) -> Iterator[tuple[str, str, str]]:
    solution, stub = kata.file(SOLUTIONS), kata.file(EXERCISES)
    if not solution.is_file():
        return
    name = f"{SOLUTIONS}/{kata.id}.py"
    try:
        fresh = stub_of(kata)
    except (StubError, SyntaxError) as error:
        yield name, str(error), "a stub is the solution without its bodies: see kata/stub.py"
        return
    if re.search(r"^\s*(from|import) kata\b", solution.read_text(encoding="utf-8"), re.M):
        yield name, "imports `kata`", "a lesson uses only the libraries that it teaches"
    if stub.is_file() and stub.read_text(encoding="utf-8") != fresh:
        mend = "`kata stubs` writes it anew (your own work in it? then this check is not for you)"
        yield f"{EXERCISES}/{kata.id}.py", "is not the stub of its solution", mend


def _look_at_zoo(kata: Kata, count: Counter) -> Iterator[tuple[str, str, str]]:
    if not kata.zoo.is_file():
        return
    zoo = entries(load_file(kata.zoo))
    count["rewrites"] = sum(entry.original is not None for entry in zoo)
    count["mistakes"] = sum(entry.is_mistake for entry in zoo) - count["rewrites"]
    count["variants"] = len(zoo) - count["mistakes"] - count["rewrites"]
    name = str(kata.zoo.relative_to(kata.root))
    if count["mistakes"] < ENOUGH_MISTAKES:
        yield name, f"{count['mistakes']} mistakes", f"think of {ENOUGH_MISTAKES} that people make"
    if count["variants"] < ENOUGH_VARIANTS:
        yield name, f"{count['variants']} variants", f"write {ENOUGH_VARIANTS} other right answers"
    for entry in zoo:
        if not entry.function.__doc__:
            yield name, f"`{entry.name}` has no docstring", "say in a sentence what it does"
        if entry.replaces not in kata.functions:
            yield name, f"`{entry.name}` replaces `{entry.replaces}`", "name one of the functions"


def _strays(manifest: Manifest) -> Iterator[Path]:
    """Files in the mirrored trees that no lesson or kata owns."""
    known = {path for kata in manifest.katas for path, _ in _files(kata)}
    known |= {lesson.page for lesson in manifest.lessons}
    for tree in (*TREES, TESTS):
        for path in sorted((manifest.root / tree).rglob("*")):
            lesson = path.relative_to(manifest.root / tree).parts[0]
            if path.is_dir() or ASIDE & set(path.parts) or path in known:
                continue
            if tree == TESTS and not re.match(r"\d\d_", lesson):
                continue  # tests of the tooling
            if path.parent.name == "pictures" or (tree == EXERCISES and path.suffix == ".md"):
                continue
            yield path


# What must be run


class _Recorder:
    """A pytest plugin that keeps one outcome for each test."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.task = progress.add_task("suites and zoo", total=None)
        self.failed = {}
        self.collect_errors = []
        self.passed = Counter()
        self.seconds = Counter()
        self.not_started = set()

    def pytest_collection_finish(self, session):
        self.progress.update(self.task, total=len(session.items) or None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        self.progress.update(self.task, total=len(ids))

    def pytest_collectreport(self, report):
        if report.failed:
            self.collect_errors.append((report.nodeid, str(report.longrepr)))

    def pytest_runtest_logreport(self, report):
        file = report.nodeid.partition("::")[0]
        self.seconds[file] += report.duration
        if report.failed:
            self.failed[report.nodeid] = str(report.longrepr)
            if ("verdict", NOT_STARTED) in report.user_properties:
                self.not_started.add(report.nodeid)
        elif report.when == "call":
            self.passed[file] += 1
        if report.when == "call":
            self.progress.advance(self.task)


def _run_suites(
    manifest: Manifest, katas: list[Kata], jobs: int, findings: Findings, console: Console
) -> None:
    paths = [p for k in katas for p in (k.suite, k.zoo, k.file(EXERCISES)) if p.is_file()]
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        recorder = _Recorder(progress)
        output = io.StringIO()
        options = [
            f"--rootdir={manifest.root}",
            "--each-test",
            "-p",
            "no:cacheprovider",
            f"-n{jobs}",
        ]
        with contextlib.redirect_stdout(output):
            status = pytest.main([*options, *map(str, paths)], plugins=[recorder])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        findings.add("pytest", f"ended with {status!r}", output.getvalue().strip()[-2000:])
    for nodeid, error in recorder.collect_errors:
        findings.add(nodeid, f"cannot be collected: {error[-800:]}", "mend the file")
    _judge(recorder, findings)
    for kata in katas:
        suite = str(kata.suite.relative_to(manifest.root))
        count = findings.counts[kata.id]
        count["tests"] = recorder.passed[suite]
        count["seconds"] = recorder.seconds[suite]


def _judge(recorder: _Recorder, findings: Findings) -> None:
    """Stubs must be red for the intended reason; everything else must be green."""
    for nodeid, text in recorder.failed.items():
        if not nodeid.startswith(f"{EXERCISES}/"):
            findings.add(nodeid, text, "the suite, the solution or the zoo is at fault")
        elif nodeid not in recorder.not_started:
            findings.add(
                nodeid, f"the stub is red, but not as *not started*\n{text}", "see the stub"
            )
    for file, passed in recorder.passed.items():
        if file.startswith(f"{EXERCISES}/"):
            findings.add(
                file, f"{passed} tests pass on the stub", "such a test cannot fail: mend it"
            )


def _table(katas: list[Kata], counts: dict[str, Counter]) -> Table:
    table = Table(title="Katas", title_justify="left", box=None, pad_edge=False)
    table.add_column("kata")
    columns = ("tests", "mistakes", "rewrites", "variants")
    for name in (*columns, "seconds"):
        table.add_column(name, justify="right")
    rows = [(kata.id, counts[kata.id]) for kata in katas]
    for name, count in [*rows, ("together", sum(counts.values(), Counter()))]:
        numbers = [str(count[key]) for key in columns]
        table.add_row(name, *numbers, f"{count['seconds']:.1f}")
    return table
