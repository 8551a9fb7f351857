"""What a class's results say as a whole: counts, shares, and the mistakes that many make."""

import re
import statistics
from collections import Counter
from dataclasses import dataclass

from kata.grading.model import WORST_LAST, Grades, KataResult, SubmissionResult, TestResult
from kata.grading.reports.entries import entries_of, line, total
from kata.verdict import INFRASTRUCTURE, PASSED, REFUSED, WRONG

MOST_MISTAKES = 15
CAUSE = r"(?m)^  {}\s+(.+(?:\n {{14}}.+)*)"  # a labelled line of the screen, and how it goes on
TOLD_ELSEWHERE = re.compile(r"(?m)^  as in |^Not tried")


@dataclass(frozen=True)
class KataFigures:
    """How a class did on one kata: `judged` submissions, the verdicts' counts, the share passed."""

    number: int
    kata: str
    title: str
    judged: int
    counts: dict[str, int]
    mean: float
    most: int

    @property
    def share(self) -> float:
        return self.counts[PASSED] / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class Mistake:
    """What several learners read, and how many of them."""

    kata: str
    text: str
    learners: int


def points_of(submission: SubmissionResult) -> tuple[int, int]:
    """The points of a submission and the most that it could have, of what counts."""
    return total(entries_of(submission))


def mean_and_median(grades: Grades) -> tuple[float, float]:
    """Of the points; zeros for an empty class."""
    points = [points_of(submission)[0] for submission in grades.submissions] or [0]
    return statistics.fmean(points), statistics.median(points)


def verdict_counts(katas) -> dict[str, int]:
    """How many of some katas' results have each verdict, in the order of WORST_LAST."""
    found = Counter(kata.verdict for kata in katas)
    return {verdict: found[verdict] for verdict in WORST_LAST}


def kata_figures(grades: Grades) -> list[KataFigures]:
    """One for each kata, in the order in which the submissions have them."""
    results: dict[str, list[KataResult]] = {}
    for submission in grades.submissions:
        for kata in submission.katas:
            results.setdefault(kata.kata, []).append(kata)
    return [_kata(number, katas) for number, katas in enumerate(results.values(), 1)]


def frequent_mistakes(grades: Grades, most: int = MOST_MISTAKES) -> list[Mistake]:
    """The mistakes that most learners make, the most frequent first."""
    found = Counter(
        mistake
        for submission in grades.submissions
        for mistake in {
            (kata.kata, headline(test))
            for kata in submission.katas
            for test in kata.tests
            if test.verdict in (WRONG, REFUSED) and not TOLD_ELSEWHERE.search(test.feedback)
        }
    )
    return [Mistake(kata, text, count) for (kata, text), count in found.most_common(most)]


def headline(test: TestResult) -> str:
    """The mistake that a test's feedback names; else what the test judges."""
    for label in ("mistake", "looks like"):
        if said := re.search(CAUSE.format(label), test.feedback[:10_000]):
            return line(said[1], 400)
    return line(test.sentence or test.name, 400)


def _kata(number: int, results: list[KataResult]) -> KataFigures:
    judged = [result for result in results if result.verdict != INFRASTRUCTURE]
    first = results[0]
    return KataFigures(
        number=number,
        kata=first.kata,
        title=line(first.title),
        judged=len(judged),
        counts=verdict_counts(results),
        mean=statistics.fmean([result.points for result in judged] or [0]),
        most=first.most,
    )
