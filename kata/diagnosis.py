"""Which mistake a wrong answer is: the one that gives the very same results.

What the learner's code was given in a test is given to every mistake of the kata's zoo, with the
same random state and the same files. Where a mistake answers each call as the learner's code did,
its docstring is what the learner reads. Where none does, nothing is said.
"""

import contextlib
import functools
import io
import re
import time
import warnings
from pathlib import Path

from kata.answer import Answer
from kata.crossing import CrossingError
from kata.crossing.alike import alike
from kata.evidence import Attempt, Files, read_files, write_files
from kata.exercise import Exercise
from kata.manifest import SOLUTIONS, Kata
from kata.worker import MissingName, Worker, load_file
from kata.zoo import Entry, entries

LONGEST = 10.0  # seconds that a learner waits for the diagnoses of a kata at most
SAYS_NOTHING = ("names", "line")  # of an answer: what the learner calls the arguments, and where


def diagnose(exercise: Exercise, test_name: str, longest: float = LONGEST) -> Entry | None:
    """Return the mistake that explains every call of the test, or None: never a guess.

    Of several that fit, those are more specific that were written against this very test. Where
    they still say different things, none is named.

    longest  in seconds; where the replays take longer, nothing is said
    """
    end = time.monotonic() + longest
    every = suspects(exercise)
    own = [entry for entry in every if entry.takes(test_name)]
    for group in (own, [entry for entry in every if entry not in own]):
        fitting = []
        for entry in group:
            if time.monotonic() > end:
                return None
            if explains(entry, exercise):
                fitting.append(entry)
        if fitting:
            same = len({entry.misconception for entry in fitting}) == 1
            return fitting[0] if same else None
    return None


def suspects(exercise: Exercise) -> list[Entry]:
    """The mistakes in the functions that were called, where there is anything to replay."""
    attempts, kata = exercise.attempts, exercise.kata
    if any(None in (attempt.before, attempt.after) for attempt in attempts):
        return []
    if any(isinstance(attempt.error, MissingName) for attempt in attempts):
        return []
    called = {attempt.target for attempt in attempts}
    return [entry for entry in _mistakes(kata) if entry.replaces in called]


@functools.cache
def _mistakes(kata: Kata) -> list[Entry]:
    """Those of the zoo; none in a class's starter, which has neither zoo nor solutions."""
    if not (kata.zoo.is_file() and kata.file(SOLUTIONS).is_file()):
        return []
    zoo = entries(load_file(kata.zoo))
    return [entry for entry in zoo if entry.is_mistake and entry.original is None]


def explains(entry: Entry, exercise: Exercise) -> bool:
    """Whether the mistake answers every call as the learner's code did."""
    worker = Worker(Answer(exercise.kata, entry=entry).load)
    left = None  # the files as the learner's code left them; the mistake goes on from its own
    for attempt in exercise.attempts:
        if attempt.begins_anew:
            worker.begin_anew()
        if exercise.folder is not None and attempt.before != left:
            write_files(exercise.folder, attempt.before)
        if not _answers_alike(worker, attempt, exercise.folder):
            return False
        left = attempt.after
    return True


def _answers_alike(worker: Worker, attempt: Attempt, folder: Path | None) -> bool:
    answer, error = _answer(worker, attempt.request)
    if not _same_files(read_files(folder), attempt.after):
        return False
    if answer is None or attempt.answer is None:
        return _told(error) == _told(attempt.error)
    with contextlib.suppress(CrossingError):  # no answer, but bytes of the learner's own making
        return alike(answer, attempt.answer, without=SAYS_NOTHING)
    return False


def _same_files(one: Files | None, other: Files) -> bool:
    """What `torch.save` wrote may have names of its own: what it holds shows when it is loaded."""
    if one is None or one.keys() != other.keys():
        return False
    pairs = [(one[name], other[name]) for name in one]
    return all(a == b or (_is_checkpoint(a) and _is_checkpoint(b)) for a, b in pairs)


def _is_checkpoint(content: object) -> bool:
    return isinstance(content, bytes) and content.startswith(b"PK\x03\x04")  # a zip file


def _answer(worker: Worker, request: bytes) -> tuple[bytes | None, BaseException | None]:
    """What the mistake answers, or what it raises, without what it prints."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return worker.answer(request), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, error


def _told(error: BaseException | None) -> tuple[str, str]:
    """An error as it is read, without addresses in memory."""
    return type(error).__name__, re.sub(r"0x[0-9a-f]+", "", str(error))
