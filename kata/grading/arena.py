"""Where attacks are tried: each judged beside an honest right and an honest wrong file.

Every attack goes through what grades: `kata.grading.intake` reads it, `kata.grading.judge` judges
it. Then is looked at what it has earned, what it has done to the others, and what it has left.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kata.errors import KataError
from kata.files import content_hash
from kata.grading.aftermath import Aftermath
from kata.grading.corpus import CODE, SUBMISSION, Attack, nothing_right
from kata.grading.intake import read_submission
from kata.grading.judge import GraderError, Job, judge
from kata.grading.model import KataResult
from kata.grading.store import Store
from kata.manifest import SOLUTIONS, Kata, Manifest
from kata.sandbox.confine import LEVELS
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED

LIMITS = {"cpu": 10, "cpu_total": 60, "idle": 5, "wall": 60}  # the same, only sooner
LONGEST = 900  # seconds for one attack, after which everything is ended
LONGEST_FEEDBACK = 100_000
BOAST = re.compile(r"Error: BOAST: (.{,200})")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class SelfAttackError(KataError):
    """Nothing could be attacked: not even what is honest is judged as it should be."""


@dataclass(frozen=True)
class Trial:
    """One file of an attack's, and the same file without the attack.

    content  None where nothing was taken from a submission; then `verdict` says how that is judged
    """

    kata: Kata
    what: str
    content: bytes | None
    honest: bytes
    verdict: str = ""


@dataclass(frozen=True)
class Judged:
    """What a trial got.

    allowed  points that the same file earns without the attack
    """

    kata: str
    what: str
    verdict: str
    earned: int = 0
    allowed: int = 0


@dataclass
class Finding:
    """What came of an attack.

    tried   whether it may be tried at this level
    judged  its files
    left    what it left behind
    harm    what it did, or says that it could do; what went wrong
    """

    attack: str
    kind: str
    tries: str
    tried: bool = True
    judged: list[Judged] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    harm: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def gain(self) -> int:
        return sum(max(0, one.earned - one.allowed) for one in self.judged)

    @property
    def is_held_off(self) -> bool:
        return not (self.gain or self.left or self.harm)


class Arena:
    """Where attacks and honest files are judged side by side.

    judge  what judges a job
    """

    def __init__(
        self,
        manifest: Manifest,
        katas: Sequence[Kata],
        level: str,
        folder: Path,
        executor: Executor,
        judge: Callable[[Job], KataResult] = judge,
    ):
        self.manifest = manifest
        self.katas = katas
        self.level = level
        self.folder = folder
        self.store = Store(folder / "out")
        self.aftermath = Aftermath((manifest.root, folder / "tmp"))
        self._executor = executor
        self._judge = judge
        self._known: dict[tuple[str, bytes], Future] = {}
        self._sources: set[str] = set()

    def begin(self) -> None:
        """Judge what is honest, alone. Raises SelfAttackError where what is right does not pass."""
        kata = self.katas[0]
        self.right = kata, kata.file(SOLUTIONS).read_bytes()
        self.wrong = kata, nothing_right(kata)
        result = self._honest(*self.right).result()
        if result.verdict != PASSED:
            raise SelfAttackError(
                f"The reference of {kata.id} is judged as {result.verdict}: {_telling(result)} "
                f"Mend that first: kata check {kata.name}"
            )
        self._honest(*self.wrong).result()
        self.aftermath.begin()

    def withstand(self, attack: Attack) -> Finding:
        """Judge the attack beside what is honest; look at what it has earned, harmed and left."""
        finding = Finding(attack.name, attack.kind, attack.doc)
        if attack.level and LEVELS.index(self.level) < LEVELS.index(attack.level):
            finding.tried = False
            return finding
        started = time.monotonic()
        trials = list(self._trials(attack))
        neighbours = [self._submit(*self.right), self._submit(*self.wrong)]
        self._judge_trials(finding, trials)
        for submitted, known in zip(neighbours, (self.right, self.wrong), strict=True):
            finding.harm += _differences(self._result(submitted), self._honest(*known).result())
        finding.left += self._changed_results()
        finding.left += self.aftermath.look()
        finding.seconds = time.monotonic() - started
        return finding

    def _trials(self, attack: Attack) -> Iterator[Trial]:
        for kata in self._targets(attack):
            if attack.form == SUBMISSION:
                yield self._submitted(attack, kata)
                continue
            yield Trial(kata, "whole", attack.source(kata), attack.honest_source(kata))
            if attack.form == CODE and len(kata.functions) > 1 and kata in self.katas:
                yield Trial(kata, "half", attack.half(kata), attack.honest_half(kata))

    def _targets(self, attack: Attack) -> list[Kata]:
        aimed_at = [kata for kata in self.manifest.katas if kata.name == attack.aim]
        return list(dict.fromkeys([*self.katas, *aimed_at]))

    def _submitted(self, attack: Attack, kata: Kata) -> Trial:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            place = Path(folder)
            submission = read_submission(attack.make(place, kata), self.manifest.katas)
        content = submission.files.get(kata.id)
        verdict = REFUSED if kata.id in submission.refused else NOT_STARTED
        return Trial(kata, "submission", content, nothing_right(kata), verdict)

    def _judge_trials(self, finding: Finding, trials: list[Trial]) -> None:
        futures = [trial.content and self._submit(trial.kata, trial.content) for trial in trials]
        for trial, future in zip(trials, futures, strict=True):
            name, what = trial.kata.name, trial.what
            if not future:
                finding.judged.append(Judged(name, what, trial.verdict))
                continue
            result = self._result(future)
            allowed = self._honest(trial.kata, trial.honest).result().points
            finding.judged.append(Judged(name, what, result.verdict, result.points, allowed))
            finding.harm += [f"{name}, {what}: {line}" for line in _harm(result)]

    def _honest(self, kata: Kata, content: bytes) -> Future:
        """What an honest file gets; judged once."""
        key = kata.id, content
        if key not in self._known:
            self._known[key] = self._submit(kata, content)
        return self._known[key]

    def _submit(self, kata: Kata, content: bytes) -> Future:
        file = self.store.put_source(content)
        self._sources.add(file)
        seeds = (str(secrets.randbelow(2**53)), str(secrets.randbelow(2**53)))
        key = secrets.token_hex(16)
        job = Job(kata.id, str(self.store.source(file)), key, seeds, self.level, LIMITS)
        return self._executor.submit(self._judge, job)

    def _result(self, future: Future) -> KataResult:
        """The result, or what stands for it where the grader had a trouble of its own."""
        try:
            return future.result(LONGEST)
        except GraderError as error:
            return _failed(str(error))
        except TimeoutError:
            for process in psutil.Process().children(recursive=True):
                process.kill()
            return _failed(f"no verdict within {LONGEST} seconds: everything was ended")

    def _changed_results(self) -> list[str]:
        """What is in the folder of the results that this run has not put there, or not so."""
        files = [path for path in self.store.out.rglob("*") if path.is_file()]
        changed = [path for path in files if content_hash(path) not in self._sources]
        return [f"{path} is new or was changed" for path in changed]


def _failed(note: str) -> KataResult:
    return KataResult("", "", INFRASTRUCTURE, 0, 0, note=note)


def _harm(result: KataResult) -> Iterator[str]:
    """What the attack boasts of, what the learner or the teacher would read that is not to be."""
    texts = [result.note, *(test.feedback for test in result.tests)]
    yield from dict.fromkeys(boast for text in texts for boast in BOAST.findall(text))
    if result.verdict == INFRASTRUCTURE:
        yield f"infrastructure: {_telling(result)}"
    if any(len(text) > LONGEST_FEEDBACK for text in texts):
        yield f"a feedback of {max(map(len, texts))} characters"
    if found := next((found for text in texts if (found := CONTROL.search(text))), None):
        yield f"the feedback holds the character {found[0]!r}"


def _differences(result: KataResult, known: KataResult) -> Iterator[str]:
    if (result.verdict, result.points) != (known.verdict, known.points):
        yield (
            f"an honest file beside it got {result.points} points ({result.verdict}) "
            f"in the place of {known.points} ({known.verdict}): {_telling(result)}"
        )


def _telling(result: KataResult) -> str:
    """The first words that were said."""
    texts = [
        result.note,
        *(test.feedback for test in result.tests if test.verdict == result.verdict),
    ]
    return next((text[-300:] for text in texts if text), "")
