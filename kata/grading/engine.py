"""Jobs through an executor: any of `concurrent.futures`, on this machine or on many.

What is known already is not judged again. Of the rest a bounded number is under way, and each
result is kept as soon as it is there: a class of thousands takes hardly more memory than a small
one, and whatever ends the run, the same command goes on from there.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kata.grading.model import KataResult
from kata.grading.store import Store, StoreError
from kata.verdict import INFRASTRUCTURE

if TYPE_CHECKING:
    from kata.grading.judge import Job

DIES = "what judges it dies, also where nothing else is judged. Is there too little memory?"


def grade(
    jobs: Iterable["Job"],
    store: Store,
    start: Callable[[], Executor],
    judge: Callable[["Job"], KataResult],
    *,
    ahead: int = 8,
    deadly: tuple[type[Exception], ...] = (),
    on_start: Callable[["Job"], None] = lambda job: None,
    on_result: Callable[["Job", KataResult, bool], None] = lambda job, result, known: None,
    on_interrupt: Callable[[int], None] = lambda running: None,
) -> dict[str, KataResult]:
    """Judge what is not in the store yet; return what could not be judged, by its key.

    start         makes an executor, and another one where a job broke it
    judge         is called in the executor, with nothing but the job; both it and what it returns
                  must be picklable where the executor has processes
    ahead         how many jobs are given to the executor at a time, at most
    deadly        what an executor raises of a job that broke whoever judged it, where the executor
                  itself goes on
    on_result     hears each result, and whether it was known before
    on_interrupt  hears, when the run is cut short, how many jobs are finished all the same
    A job whose judge raises, or whose process dies, is tried once more; after that it counts as the
    grader's own trouble. Raises StoreError, and KeyboardInterrupt; all that is finished is kept.
    """
    run = _Run(store, judge, deadly, on_start, on_result)
    for job in jobs:
        known = store.get(job.key)
        if known is None:
            run.waiting.append(_Try(job))
        else:
            on_result(job, known, True)
    while run.waiting or run.suspects:
        executor = start()
        try:
            run.through(executor, ahead)
        except BaseException:
            run.end(on_interrupt)
            raise
        finally:
            executor.shutdown(wait=False)
    return run.failed


@dataclass(frozen=True)
class _Try:
    job: "Job"
    again: bool = False
    alone: bool = False


@dataclass
class _Run:
    """The jobs of one call of `grade`.

    suspects  were under way together when the executor broke, or one of its workers. Each is tried
              alone, so that the one that breaks them takes no other with it.
    """

    store: Store
    judge: Callable
    deadly: tuple[type[Exception], ...]
    on_start: Callable
    on_result: Callable
    waiting: deque[_Try] = field(default_factory=deque)
    suspects: deque[_Try] = field(default_factory=deque)
    running: dict[Future, _Try] = field(default_factory=dict)
    failed: dict[str, KataResult] = field(default_factory=dict)
    broken: bool = False

    def through(self, executor: Executor, ahead: int) -> None:
        """Work until nothing is left, or until the executor is broken."""
        self.broken = False
        self._work(executor, self.suspects, 1)
        self._work(executor, self.waiting, ahead)
        for attempt in self.running.values():
            self._suspect(attempt)
        self.running.clear()

    def end(self, on_interrupt: Callable[[int], None]) -> None:
        """Begin nothing more, and keep what is under way, where it still can be kept."""
        running = {f: attempt for f, attempt in self.running.items() if not f.cancel()}
        on_interrupt(len(running))
        wait(running)
        for future, attempt in running.items():
            if not future.exception():
                with contextlib.suppress(StoreError):
                    self._take_result(attempt, future.result())

    def _work(self, executor: Executor, queue: deque[_Try], most: int) -> None:
        while not self.broken and (queue or self.running):
            while queue and len(self.running) < most and not self.broken:
                self._submit(executor, queue.popleft())
            done, _ = wait(self.running, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future, self.running.pop(future))

    def _submit(self, executor: Executor, attempt: _Try) -> None:
        try:
            self.running[executor.submit(self.judge, attempt.job)] = attempt
        except BrokenExecutor as error:
            self._break(attempt, error)
        else:
            self.on_start(attempt.job)

    def _take(self, future: Future, attempt: _Try) -> None:
        try:
            result = future.result()
        except BrokenExecutor as error:
            self._break(attempt, error)
        except self.deadly as error:
            self._died(attempt, error)
        except Exception as error:
            self._take_result(attempt, failure(attempt.job, error))
        else:
            self._take_result(attempt, result)

    def _break(self, attempt: _Try, error: BrokenExecutor) -> None:
        self.broken = True
        self._died(attempt, error)

    def _died(self, attempt: _Try, error: Exception) -> None:
        if attempt.alone:
            self._give_up(attempt, failure(attempt.job, error, DIES))
        else:
            self._suspect(attempt)

    def _suspect(self, attempt: _Try) -> None:
        self.suspects.append(_Try(attempt.job, attempt.again, alone=True))

    def _take_result(self, attempt: _Try, result: KataResult) -> None:
        if result.verdict != INFRASTRUCTURE:
            self.store.put(result)
            self.on_result(attempt.job, result, False)
        elif attempt.again:
            self._give_up(attempt, result)
        else:
            self.waiting.append(_Try(attempt.job, again=True))

    def _give_up(self, attempt: _Try, result: KataResult) -> None:
        self.failed[attempt.job.key] = result
        self.on_result(attempt.job, result, False)


def failure(job: "Job", error: BaseException, words: str = "") -> KataResult:
    """What is said of a job that the grader itself could not do; of a traceback, its end.

    words  in the place of the error's own, which are kept for the teacher
    """
    said = str(error).strip() or "it gave no reason"
    note = f"{type(error).__name__}: {words or said.splitlines()[-1]}"
    facts = {"file": Path(job.source).stem, "key": job.key, "details": said}
    return KataResult(job.kata, "", INFRASTRUCTURE, 0, 0, note=note, **facts)
