"""In the judge's process: one kata's file, judged twice by its suite, on secret seeds.

The second run takes a new worker, another seed and the tests in reversed order: what a learner's
code keeps between calls (a cache, a counter, a global) gives itself away. A test is passed that was
passed in both; of one that was not passed in the first, the first says why.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import socket
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from kata import collecting, recording, reporting
from kata.answer import Answer
from kata.diagnosis import LONGEST
from kata.files import write_whole
from kata.grading.environment import environment
from kata.grading.model import Conditions, KataResult, TestResult, kata_to_json, worst
from kata.grading.printable import printable
from kata.manifest import EXERCISES, ROOT, SOLUTIONS, Kata, load_manifest
from kata.recording import points_of
from kata.reporting import sentence_of
from kata.resident import run_pytest
from kata.sandbox import system
from kata.sandbox.levels import means
from kata.sandbox.limits import Limits, mapped_bytes
from kata.sandbox.nursery import Nursery
from kata.sandbox.remote import RemoteWorker, Staff
from kata.sandbox.wire import Channel
from kata.sandbox.zygote import FOLDERS
from kata.verdict import INFRASTRUCTURE, PASSED, REFUSED, WRONG, Refused

PLUGINS = (recording, reporting, collecting)  # by name, pytest looks for them in all packages
MOST = 2**20
OURS = "The grader had a trouble of its own here."
STRANGE = "The suite can make nothing of what your code returned: no such thing was asked for."
KEEPS_SOMETHING = (
    "This test was passed once, and not when it was asked with other inputs, in another order: "
    "does your code keep anything between its calls?"
)


def serve(end: socket.socket, zygote: int) -> None:
    """Judge one job and send what was found.

    zygote  its pidfd: a judge without it is told to end by nobody
    """
    system.die_with(zygote)
    nursery = Nursery()  # before anything is known that a worker could look for
    channel = Channel(end)
    job = json.loads(channel.receive(MOST))
    base = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}{os.getppid()}-"))
    try:
        base.chmod(0o711)  # a worker of another user finds its own folder, and sees no other
        said = {"result": kata_to_json(_judged(job, base, nursery))}
    except Exception:
        said = {"trouble": traceback.format_exc()[-2000:]}
    finally:
        nursery.close()
        shutil.rmtree(base, ignore_errors=True)
    channel.send(json.dumps(said).encode())


def _judged(job: dict, base: Path, nursery: Nursery) -> KataResult:
    kata = load_manifest().find(job["kata"])
    limits = Limits(**job["limits"])
    _limit_itself(limits)
    nursery.prepare(base, job["isolation"], limits)
    content = Path(job["source"]).read_bytes()
    first = Run(kata, content, base / "first", nursery, limits)
    first.judge(job["seeds"][0])
    if job["picture"]:
        first.draw(Path(job["picture"]))
    first.end()
    tests = _not_ours(first, job["seeds"][0])
    if any(test.verdict == PASSED for test in tests.values()):
        again = {name for name, test in tests.items() if test.verdict in (PASSED, WRONG)}
        second = Run(kata, content, base / "second", nursery, limits, only=again)
        second.answer.spent = LONGEST  # what is wrong in the first run was diagnosed there
        second.judge(job["seeds"][1])
        second.end()
        later = _not_ours(second, job["seeds"][1])
        tests = {name: _in_both(test, later.get(name)) for name, test in tests.items()}
    return KataResult(
        kata=kata.id,
        title=kata.title,
        verdict=worst(test.verdict for test in tests.values()),
        points=sum(test.points for test in tests.values()),
        most=sum(test.most for test in tests.values()),
        tests=tuple(tests.values()),
        note=first.note,
        details=first.details,
        file=Path(job["source"]).stem,
        key=job["key"],
        seconds=round(_cpu_seconds() + nursery.spent, 3),
        conditions=Conditions(
            seeds=tuple(job["seeds"]),
            isolation=job["isolation"],
            means=means(job["isolation"]),
            environment=environment(),
        ),
    )


def _not_ours(run: "Run", seed: str) -> dict[str, TestResult]:
    """The tests of a run. An error of the suite's is the answer's doing where the reference passes:
    then it is refused.
    """
    troubled = {name for name, test in run.tests.items() if test.verdict == INFRASTRUCTURE}
    if not troubled or not run.kata.file(SOLUTIONS).is_file():
        return run.tests
    reference = Run(run.kata, b"", run.here / "reference", run.nursery, run.limits, only=troubled)
    reference.answer = Answer(run.kata)
    reference.here.mkdir()
    reference.ask(seed)
    passed = {name for name, test in reference.tests.items() if test.verdict == PASSED}
    told = {name: replace(run.tests[name], verdict=REFUSED, feedback=STRANGE) for name in passed}
    return {**run.tests, **told}


def _in_both(first: TestResult, second: TestResult | None) -> TestResult:
    if second is None or first.verdict != PASSED or second.verdict == PASSED:
        return first
    return replace(second, feedback=f"{KEEPS_SOMETHING}\n\n{second.feedback}")


def _limit_itself(limits: Limits) -> None:
    """A judge builds what an answer describes: no more of it than a worker could have had."""
    if not torch.cuda.is_available():  # which maps more than any machine has
        most = mapped_bytes() + 2 * limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    most = 10 * limits.cpu_total
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class GradedAnswer(Answer):
    """A submission's file, whose code runs in a process without rights.

    here  the folder in which it lies, as in the repository
    """

    def __init__(self, kata: Kata, here: Path, nursery: Nursery):
        super().__init__(kata, tree="submission")
        self.here = here
        self.staff = Staff(self, nursery, here)

    @property
    def path(self) -> Path:
        return self.here / EXERCISES / f"{self.kata.id}.py"

    @property
    def root(self) -> Path:
        return self.here

    def worker(self, folder: Path | None) -> RemoteWorker:
        return RemoteWorker(self.staff, folder)


@dataclass
class Run:
    """One run of a kata's suite: a plugin of pytest's.

    only   the tests to run, in reversed order; all in their own order without
    tests  what each has said, by name
    note   about the file as a whole; `details` of the grader's own trouble
    """

    kata: Kata
    content: bytes
    here: Path
    nursery: Nursery
    limits: Limits
    only: set[str] | None = None
    tests: dict[str, TestResult] = field(default_factory=dict)
    note: str = ""
    details: str = ""

    def __post_init__(self):
        self.answer = GradedAnswer(self.kata, self.here, self.nursery)

    def judge(self, seed: str) -> None:
        self.answer.path.parent.mkdir(parents=True)
        self.answer.path.write_bytes(self.content)
        self.ask(seed)
        self._complete()

    def ask(self, seed: str) -> None:
        """Run the suite on the answer."""
        options = ["--kata-seed", seed, "--timeout=0", "-p", "no:cacheprovider", "-p", "no:logging"]
        places = [f"--rootdir={ROOT}", f"--basetemp={self.here / 'files'}", str(self.kata.suite)]
        status = run_pytest([*options, *places], self, *PLUGINS)
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise RuntimeError(f"pytest ended with {status!r} on {self.kata.suite}\n{self.details}")

    def draw(self, path: Path) -> None:
        """Leave the picture of `kata show`, where the answer allows for one."""
        if self.answer.broken:
            return
        with contextlib.suppress(Exception), self._timed():  # a verdict does not hang on it
            buffer = io.BytesIO()
            self.answer.staff.picture(self.kata).save(buffer, format="PNG")
            write_whole(path, buffer.getvalue())

    def end(self) -> None:
        self.answer.staff.dismiss()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self):
        with self._timed():
            return (yield)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """What an answer makes its suite do shall not go on for ever either."""

        def too_much(*signal_and_frame) -> None:
            self.answer.broken = True
            raise Refused(
                "what your code returned keeps the suite busy without an end", "an answer"
            )

        signal.signal(signal.SIGPROF, too_much)
        signal.setitimer(signal.ITIMER_PROF, self.limits.cpu, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def pytest_internalerror(self, excrepr):
        self.details = str(excrepr)[-2000:]

    @pytest.hookimpl(trylast=True)
    def pytest_itemcollected(self, item):
        item.answer = self.answer

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self.only is not None:
            items[:] = [item for item in reversed(items) if item.name in self.only]
        for item in items:
            self.tests[item.name] = TestResult(item.name, sentence_of(item), 0, points_of(item), "")

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.partition("::")[2]
        verdict = dict(report.user_properties).get("verdict")
        if report.failed and verdict in (None, PASSED):
            verdict = INFRASTRUCTURE  # a fixture of the suite's
        if verdict is None or (report.when != "call" and not report.failed):
            return
        test = self.tests[name]
        points = test.most if verdict == PASSED else 0
        feedback = "" if verdict == PASSED else printable(str(report.longrepr))
        if verdict == INFRASTRUCTURE:
            self.details, feedback = feedback[-2000:], OURS
        self.tests[name] = replace(test, verdict=verdict, points=points, feedback=feedback)

    def _complete(self) -> None:
        """What one result has spoken for says so; a test without any result earns nothing."""
        said = [test for test in self.tests.values() if test.verdict]
        last = said[-1] if said else None
        for name, test in self.tests.items():
            if not test.verdict:
                verdict = last.verdict if last and self.answer.broken else INFRASTRUCTURE
                why = f"Not tried, because of: {last.sentence}." if last else "Not tried."
                self.tests[name] = replace(test, verdict=verdict, feedback=why)
        if self.answer.broken and last:
            self.note = last.feedback
