"""What grading finds out, as one model from which every report is made.

A kata is judged by the content of its file alone, so a `KataResult` belongs to every submission
with that content. All of it is plain: `to_json` and `from_json` lose nothing.
"""

import json
from dataclasses import asdict, dataclass, field

from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

WORST_LAST = (PASSED, NOT_STARTED, WRONG, REFUSED, INFRASTRUCTURE)
VERSION = 1


@dataclass(frozen=True)
class TestResult:
    """What one graded test said.

    name      of the test, with its parameters: `test_x[case]`
    sentence  what it judges, in words
    points    earned, out of `most`
    verdict   one of WORST_LAST
    feedback  what the learner reads, "" where it passed
    """

    __test__ = False  # no test of pytest's

    name: str
    sentence: str
    points: int
    most: int
    verdict: str
    feedback: str = ""


@dataclass(frozen=True)
class Conditions:
    """Under what a kata was judged.

    seeds        of the two runs, as texts of digits: for the teacher alone, and for `--replay`
    isolation    the level that was reached, and by which means
    environment  versions of Python and of the libraries
    """

    seeds: tuple[str, ...] = ()
    isolation: str = ""
    means: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KataResult:
    """What was found of one kata's file.

    kata     its id, `02_training/add_noise`
    verdict  PASSED where every test passed, else the worst of the tests, or that of the file
    note     a line about the file as a whole: why it could not be judged, "" where it could
    details  what went wrong in the grader itself: for the teacher alone, for suites are shown in it
    file     hash of its content, "" where there is none
    key      under which the result is kept: of content, suite and environment
    seconds  of CPU time that judging took
    """

    kata: str
    title: str
    verdict: str
    points: int
    most: int
    tests: tuple[TestResult, ...] = ()
    note: str = ""
    file: str = ""
    key: str = ""
    seconds: float = 0.0
    details: str = ""
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True)
class SubmissionResult:
    """One submission: its katas in the order of the manifest, and what was wrong with its files."""

    name: str
    path: str
    katas: tuple[KataResult, ...]
    troubles: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return sum(kata.points for kata in self.katas)

    @property
    def most(self) -> int:
        return sum(kata.most for kata in self.katas)

    @property
    def verdict(self) -> str:
        return worst(kata.verdict for kata in self.katas)

    @property
    def seconds(self) -> float:
        return sum(kata.seconds for kata in self.katas)


@dataclass(frozen=True)
class Grades:
    """A whole class, or a single submission."""

    submissions: tuple[SubmissionResult, ...]

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Grades":
        """Raises ValueError for a text that `to_json` has not written."""
        table = json.loads(text)
        if not isinstance(table, dict) or table.get("version") != VERSION:
            raise ValueError("these are no grades of this version")
        return cls(tuple(map(_submission, table["submissions"])))


def worst(verdicts) -> str:
    """The gravest of some verdicts; PASSED of none."""
    return max(verdicts, key=WORST_LAST.index, default=PASSED)


def kata_to_json(result: KataResult) -> str:
    return json.dumps({"version": VERSION, **asdict(result)}, indent=1)


def kata_from_json(text: str) -> KataResult:
    """Raises ValueError, KeyError or TypeError for a text that `kata_to_json` has not written."""
    table = json.loads(text)
    if not isinstance(table, dict) or table.pop("version", None) != VERSION:
        raise ValueError("this is no result of this version")
    return _kata(table)


def _submission(table: dict) -> SubmissionResult:
    katas, troubles = tuple(map(_kata, table["katas"])), tuple(table["troubles"])
    return SubmissionResult(table["name"], table["path"], katas, troubles)


def _kata(table: dict) -> KataResult:
    conditions = table["conditions"]
    lists = {key: tuple(conditions[key]) for key in ("seeds", "means")}
    return KataResult(
        **{
            **table,
            "tests": tuple(TestResult(**test) for test in table["tests"]),
            "conditions": Conditions(**{**conditions, **lists}),
        }
    )
