"""`kata grade`: plan, run and merge; or all three at once, for one submission or a class.

Whatever is found is kept by what it depends on (`kata.grading.store`), so that each of these can be
interrupted at any moment, and said again.
"""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from kata.errors import KataError
from kata.grading import executors
from kata.grading.again import recorded, show_comparison
from kata.grading.board import Board
from kata.grading.engine import grade
from kata.grading.gather import gather
from kata.grading.intake import passed_over, read_class
from kata.grading.judge import Job, judge
from kata.grading.model import Grades, KataResult
from kata.grading.plan import Plan, PlanError, basis_here, check_basis, load_plan, make_plan
from kata.grading.reports import earlier, write_reports
from kata.grading.store import Store
from kata.grading.summary import AGAIN, show_not_judged, show_summary
from kata.grading.words import counted, some
from kata.manifest import ROOT, Kata, Manifest, load_manifest
from kata.sandbox.levels import LEVELS, reached, require
from kata.verdict import INFRASTRUCTURE
from kata.watch import scope_of

GRADED, LEFT_OVER = 0, 1
REPORTS = ("html", "csv", "json")
MOST_NAMES = 20


class IsolationError(KataError):
    """This machine does not isolate as well as it was asked to."""

    exit_status = 3


@dataclass(frozen=True)
class Options:
    """How to grade.

    minimum    the level of isolation below which nothing is graded
    isolation  the level to grade at; the highest that this machine reaches without
    jobs       how many files are judged at a time; one for each CPU without
    scheduler  of a Dask cluster, which judges instead of this machine
    """

    out: Path
    minimum: str = "confined"
    isolation: str | None = None
    jobs: int | None = None
    scheduler: str | None = None
    reports: tuple[str, ...] = REPORTS
    pictures: bool = True
    quiet: bool = False
    plain: bool = False

    @property
    def store(self) -> Store:
        return Store(self.out)

    @property
    def console(self) -> Console:
        bare = {"no_color": True, "force_terminal": False} if self.plain else {}
        return Console(highlight=False, quiet=self.quiet, **bare)


def grade_path(path: Path, only: Sequence[str], options: Options) -> int:
    """Grade one submission, or every one in a folder; return the exit status."""
    plan = plan_path(path, only, options)
    failed = _run(plan, list(plan.jobs), options)
    return _report(plan, failed, options)


def plan_path(path: Path, only: Sequence[str], options: Options) -> Plan:
    """Read what was handed in, and write down what is to be judged."""
    level = _level(options)
    manifest = load_manifest()
    katas = chosen(manifest, only)
    store = options.store
    store.tidy()
    with options.console.status("Reading what was handed in"):
        basis = basis_here(ROOT, level, {})
        over = passed_over(path, manifest.katas, options.out)
        submissions = read_class(path, manifest.katas, options.out)
        plan = make_plan(submissions, katas, store, basis, options.pictures, over)
    store.put_plan(plan.to_json())
    files = sum(plan.shares.values())
    different = sum(map(bool, plan.shares.values()))
    options.console.print(
        f"submissions: {len(plan.submissions)} · files: {files}, of which different: {different} · "
        f"isolation: {level}"
    )
    return plan


def run_shard(number: int, count: int, options: Options) -> int:
    """Judge the files of one shard of a plan; return the exit status."""
    plan = load_plan(options.store)
    check_basis(plan.basis, basis_here(ROOT, plan.basis.isolation, plan.basis.limits))
    if not options.scheduler:
        _require(plan.basis.isolation)
    failed = _run(plan, plan.shard(number, count), options)
    owners = [(one.name, key) for one in plan.submissions for key in one.keys.values()]
    owners += [("nobody's empty file", key) for key in plan.blanks.values()]
    show_not_judged(options.console, [(name, failed[key]) for name, key in owners if key in failed])
    return LEFT_OVER if failed else GRADED


def merge(folders: Sequence[Path], options: Options) -> int:
    """Take into the first folder what the others have; write its reports; return the status."""
    store, *others = (Store(folder) for folder in folders)
    plan = _first_plan(store, others)
    for other in others:
        for key in plan.jobs:
            store.take(key, other)
    store.put_plan(plan.to_json())
    run = f"kata grade run --shard I/N --out {folders[0]}"
    anew = f"kata grade plan PATH --out {folders[0]}"
    return _report(plan, {}, options, f"judge it: {run} (what could not be read: {anew})")


def replay(path: Path, only: Sequence[str], submission: str | None, options: Options) -> int:
    """Judge again what a file of results has, with the seeds of then; return the exit status."""
    entries = recorded(path, chosen(load_manifest(), only), submission)
    for level in sorted({entry.job.isolation for entry in entries}):
        level_for(options.minimum, level)
    now = judge_all([entry.job for entry in entries], options.jobs)
    same = show_comparison(options.console, [entry.result for entry in entries], now)
    if same:
        options.console.print(f"Every verdict is the same, of {counted(len(now), 'file')}.")
    return GRADED if same else LEFT_OVER


def chosen(manifest: Manifest, only: Sequence[str]) -> tuple[Kata, ...]:
    """The katas of these names, or lessons, in the order of the manifest; all without a name.

    Raises ManifestError for a name that is neither.
    """
    wanted = [kata for name in only or [None] for kata in scope_of(manifest, name)[1]]
    return tuple(kata for kata in manifest.katas if kata in wanted)


def jobs_of(plan: Plan, keys: Sequence[str], store: Store) -> list[Job]:
    """These jobs of a plan, for a judge. Raises PlanError where sources are not there."""
    jobs, basis = [], plan.basis
    drawn = set(keys) - set(plan.blanks.values()) if plan.pictures else set()
    for key in keys:
        planned = plan.jobs[key]
        source = store.source(planned.file)
        if not source.is_file():
            raise PlanError(
                f"{source} is missing, which the plan names. Copy the whole folder of the plan, or "
                f"make it anew: kata grade plan PATH --out {store.out}"
            )
        picture = str(store.picture(key)) if key in drawn else ""
        how = (planned.seeds, basis.isolation, basis.limits, picture)
        jobs.append(Job(planned.kata, str(source), key, *how))
    return jobs


def judge_all(jobs: Sequence[Job], count: int | None) -> list[KataResult]:
    """Judge these jobs here and now, whatever is known of them."""
    with ThreadPoolExecutor(count or cpus()) as pool:
        return list(pool.map(judge, jobs))


def cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0))


def level_for(minimum: str, isolation: str | None) -> str:
    """The level to grade at, which this machine reaches. Raises IsolationError."""
    if isolation and LEVELS.index(isolation) < LEVELS.index(minimum):
        raise IsolationError(
            f"{isolation!r} is below the lowest level that is asked for, {minimum!r}. If that is "
            f"meant: --isolation {isolation} --min-isolation {isolation}"
        )
    _require(isolation or minimum)
    return isolation or reached()


def _level(options: Options) -> str:
    if options.scheduler and options.isolation:
        return options.isolation  # the workers will say whether they reach it
    return level_for(options.minimum, options.isolation)


def _require(level: str) -> None:
    try:
        require(level)
    except KataError as error:
        raise IsolationError(str(error)) from None


def _run(plan: Plan, keys: Sequence[str], options: Options) -> dict[str, KataResult]:
    """Judge what is not known yet of these keys; return what could not be judged."""
    store, console = options.store, options.console
    jobs = jobs_of(plan, keys, store)
    if options.scheduler:
        workers = executors.dask(options.scheduler, plan.basis)
    else:
        workers = executors.local(options.jobs or cpus())

    def interrupted(running: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if running:
            under_way = counted(running, "file")
            console.print(f"Finishing {under_way} under way. Ctrl-C again ends at once.")

    board = Board(console, {key: plan.shares[key] for key in keys}, options.quiet)
    with board:
        return grade(
            jobs,
            store,
            workers.start,
            judge,
            ahead=workers.ahead,
            deadly=workers.deadly,
            on_start=board.started,
            on_result=board.finished,
            on_interrupt=interrupted,
        )


def _report(plan: Plan, failed: dict[str, KataResult], options: Options, again: str = AGAIN) -> int:
    grades = gather(plan, options.store, failed)
    pictures = {
        (one.name, kata): options.store.picture(key)
        for one in plan.submissions
        for kata, key in one.keys.items()
    }
    manifest = load_manifest()
    paths = write_reports(
        grades,
        options.out,
        options.reports,
        pictures,
        manifest.visibility,
        passed_over=plan.passed_over,
    )
    remarks = _remarks(plan, len(manifest.katas), options)
    show_summary(options.console, grades, paths, remarks, again)
    return LEFT_OVER if _left_over(grades) else GRADED


def _remarks(plan: Plan, katas: int, options: Options) -> list[str]:
    """What whoever looks at the reports should know of them."""
    found = []
    if plan.passed_over:
        found.append(f"Not taken for submissions: {some(plan.passed_over, MOST_NAMES)}")
    if len(plan.titles) < katas:
        found.append(f"These reports have {len(plan.titles)} of {katas} katas.")
    if old := earlier(options.out, options.reports):
        found.append(f"Of an earlier run, and not written anew: {', '.join(map(str, old))}")
    return found


def _left_over(grades: Grades) -> bool:
    katas = (kata for submission in grades.submissions for kata in submission.katas)
    return any(kata.verdict == INFRASTRUCTURE for kata in katas)


def _first_plan(store: Store, others: Sequence[Store]) -> Plan:
    for other in (store, *others):
        if other.plan.is_file():
            return load_plan(other)
    return load_plan(store)
