"""The engine carries every job to a result once, whatever becomes of executors and runs."""

import threading
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from kata.grading.engine import DIES, grade
from kata.grading.model import KataResult
from kata.grading.store import Store, StoreError
from kata.verdict import INFRASTRUCTURE, PASSED


@dataclass(frozen=True)
class Job:
    key: str
    kata: str = "01_data/first"
    source: str = "sources/abc.py"


JOBS = [Job(f"key{number}") for number in range(6)]


class AtOnce(Executor):
    """Does what is submitted before it returns."""

    def submit(self, call, *arguments):
        future = Future()
        try:
            future.set_result(call(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Judge:
    """Passes each job, but for those that it is told what to do with."""

    def __init__(self, **told):
        self.told = told
        self.judged = []

    def __call__(self, job):
        self.judged.append(job.key)
        told = self.told.get(job.key)
        if told:
            raise told
        return KataResult(job.kata, "First", PASSED, 1, 1, key=job.key)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "grades")


def keys(store, jobs=JOBS):
    return {job.key for job in jobs if store.get(job.key)}


def test_each_job_is_judged_and_kept(store):
    judge = Judge()
    assert grade(JOBS, store, AtOnce, judge) == {}
    assert judge.judged == [job.key for job in JOBS]
    assert keys(store) == {job.key for job in JOBS}


def test_what_is_known_costs_nothing(store):
    grade(JOBS, store, AtOnce, Judge())
    judge, heard = Judge(), []
    grade(JOBS, store, AtOnce, judge, on_result=lambda job, result, known: heard.append(known))
    assert judge.judged == []
    assert heard == [True] * len(JOBS)


def test_a_run_that_is_known_starts_no_executor(store):
    grade(JOBS, store, AtOnce, Judge())
    assert grade(JOBS, store, lambda: pytest.fail("it was started"), Judge()) == {}


@pytest.mark.parametrize("at", range(len(JOBS)))
def test_a_run_that_is_killed_at_any_job_goes_on_from_there(store, at):
    with pytest.raises(KeyboardInterrupt):
        grade(JOBS, store, AtOnce, Judge(**{JOBS[at].key: KeyboardInterrupt()}), ahead=1)
    assert keys(store) == {job.key for job in JOBS[:at]}
    judge = Judge()
    grade(JOBS, store, AtOnce, judge)
    assert judge.judged == [job.key for job in JOBS[at:]]


def test_a_result_that_was_damaged_is_judged_again_and_no_other(store):
    grade(JOBS, store, AtOnce, Judge())
    path = store.verdict("key3")
    path.write_bytes(path.read_bytes()[:50])
    judge = Judge()
    grade(JOBS, store, AtOnce, judge)
    assert judge.judged == ["key3"]


def test_what_is_under_way_at_an_interrupt_is_kept(store):
    """Two threads are at work; the first result interrupts the run."""
    both, told = threading.Barrier(2), []

    def judge(job):
        both.wait()
        return Judge()(job)

    def interrupt(job, result, known):
        if not told:
            told.append(job.key)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(
            JOBS[:2],
            store,
            lambda: ThreadPoolExecutor(2),
            judge,
            on_result=interrupt,
            on_interrupt=told.append,
        )
    assert keys(store, JOBS[:2]) == {"key0", "key1"}


def test_what_waits_at_an_interrupt_is_not_begun(store):
    class Waiting(Executor):
        """Never comes to any job but the first."""

        count = 0

        def submit(self, call, *arguments):
            self.count += 1
            return AtOnce().submit(call, *arguments) if self.count == 1 else Future()

    judge = Judge()
    with pytest.raises(KeyboardInterrupt):
        grade(JOBS, store, Waiting, judge, on_result=lambda *heard: _interrupt())
    assert judge.judged == ["key0"]


def _interrupt():
    raise KeyboardInterrupt


def test_a_job_whose_judge_has_a_trouble_is_tried_once_more(store):
    judge = Judge(key2=RuntimeError("the machine is short of memory"))
    failed = grade(JOBS, store, AtOnce, judge)
    assert Counter(judge.judged)["key2"] == 2
    assert failed["key2"].verdict == INFRASTRUCTURE
    assert failed["key2"].note == "RuntimeError: the machine is short of memory"
    assert keys(store) == {job.key for job in JOBS} - {"key2"}


def test_of_a_traceback_the_learner_reads_the_end_and_the_teacher_all(store):
    said = "the judge:\nTraceback\n  File 'test_secret.py'\nMemoryError"
    result = grade(JOBS, store, AtOnce, Judge(key2=RuntimeError(said)))["key2"]
    assert (result.note, result.details) == ("RuntimeError: MemoryError", said)


def test_a_job_that_succeeds_at_the_second_try_is_kept(store):
    judge = Judge(key2=RuntimeError())

    def once(job):
        try:
            return judge(job)
        finally:
            judge.told.pop(job.key, None)

    assert grade(JOBS, store, AtOnce, once) == {}
    assert "key2" in keys(store)


def test_a_verdict_on_the_grader_is_tried_once_more_and_not_kept(store):
    def judge(job):
        result = Judge()(job)
        return replace(result, verdict=INFRASTRUCTURE) if job.key == "key1" else result

    failed = grade(JOBS, store, AtOnce, judge)
    assert list(failed) == ["key1"]
    assert "key1" not in keys(store)


class Fragile(AtOnce):
    """Breaks at `key2`, as a pool does whose process dies, with all that was given to it before."""

    made = 0

    def __init__(self):
        Fragile.made += 1
        self.under_way = []
        self.broken = False

    def submit(self, call, job):
        if self.broken:
            raise BrokenExecutor("it is broken")
        if Fragile.made > 1 and job.key != "key2":
            return super().submit(call, job)
        self.under_way.append(Future())
        if job.key == "key2":
            self.broken = True
            for future in self.under_way:
                future.set_exception(BrokenExecutor("a process died"))
        return self.under_way[-1]


def test_the_job_that_breaks_executors_takes_no_other_with_it(store):
    judge = Judge()
    failed = grade(JOBS, store, Fragile, judge, ahead=4)
    assert list(failed) == ["key2"]
    assert (failed["key2"].note, failed["key2"].details) == (
        f"BrokenExecutor: {DIES}",
        "a process died",
    )
    assert sorted(judge.judged) == sorted(keys(store)) == ["key0", "key1", "key3", "key4", "key5"]


class Deadly(Exception):
    """What an executor raises whose workers died over a job, and which goes on with others."""


def test_who_died_beside_a_deadly_job_is_judged_after_it_alone(store):
    judge = Judge(key2=Deadly("4 workers died"))

    def beside(job):
        alone = len(judge.judged) >= len(JOBS)
        if job.key == "key3" and not alone:
            judge.judged.append("key3")
            raise Deadly("4 workers died")
        return judge(job)

    failed = grade(JOBS, store, AtOnce, beside, deadly=(Deadly,))
    assert {key: result.note for key, result in failed.items()} == {"key2": f"Deadly: {DIES}"}
    assert Counter(judge.judged) == {**dict.fromkeys(keys(store), 1), "key2": 2, "key3": 2}
    assert failed["key2"].details == "4 workers died"


def test_an_executor_that_is_broken_from_the_start_ends(store):
    class Broken(Executor):
        def submit(self, call, *arguments):
            raise BrokenExecutor("no process starts")

    assert set(grade(JOBS, store, Broken, Judge())) == {job.key for job in JOBS}


def test_no_more_jobs_are_under_way_than_was_said(store):
    under_way, most = set(), []

    class Counting(ThreadPoolExecutor):
        def submit(self, call, job):
            under_way.add(job.key)
            most.append(len(under_way))
            return super().submit(call, job)

    grade(
        JOBS,
        store,
        lambda: Counting(2),
        Judge(),
        ahead=3,
        on_result=lambda job, *heard: under_way.discard(job.key),
    )
    assert max(most) <= 3
    assert len(most) == len(JOBS)


def test_a_full_disk_ends_the_run_and_keeps_what_was_judged(store, monkeypatch):
    put = store.put

    def full_at_the_third(result):
        if result.key == "key2":
            raise StoreError("No space left on device")
        put(result)

    monkeypatch.setattr(store, "put", full_at_the_third)
    with pytest.raises(StoreError, match="No space"):
        grade(JOBS, store, AtOnce, Judge(), ahead=1)
    assert keys(store) == {"key0", "key1"}
