"""What a class's results say as a whole: counts, shares, and the mistakes that many make."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kata.grading.model import WORST_LAST, Grades, KataResult, SubmissionResult, TestResult
from kata.grading.reports.entries import entries_of, line, total
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

MOST_MISTAKES = 15
CAUSE = r"(?m)^  {}\s+(.+(?:\n {{14}}.+)*)"  # a labelled line of the screen, and how it goes on
TELLING = ("raised", "mistake", "looks like", "seen")
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


def judged_whole(grades: Grades) -> list[SubmissionResult]:
    """The submissions whose points are known: no kata waits for being judged."""
    return [one for one in grades.submissions if one.verdict != INFRASTRUCTURE]


def mean_and_median(grades: Grades) -> tuple[float, float]:
    """Of the points, where they are known; zeros where they are of nobody."""
    points = [points_of(submission)[0] for submission in judged_whole(grades)] or [0]
    return statistics.fmean(points), statistics.median(points)


def same_files(grades: Grades) -> list[tuple[list[str], list[str]]]:
    """Who has handed in the very same files, and for which katas; untouched ones do not count."""
    names, katas = defaultdict(list), defaultdict(list)
    for submission in grades.submissions:
        for kata in submission.katas:
            if kata.file and kata.verdict != NOT_STARTED:
                names[kata.kata, kata.file].append(submission.name)
    for (kata, _), learners in names.items():
        if len(learners) > 1:
            katas[tuple(learners)].append(kata)
    return [(list(learners), found) for learners, found in katas.items()]


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
        for mistake in {(kata.kata, text) for kata in submission.katas for text in _mistakes(kata)}
    )
    return [Mistake(kata, text, count) for (kata, text), count in found.most_common(most)]


def headline(test: TestResult) -> str:
    """The mistake that a test's feedback names; else what the test judges."""
    for label in ("mistake", "looks like"):
        if said := re.search(CAUSE.format(label), test.feedback[:10_000]):
            return line(said[1], 400)
    return line(test.sentence or test.name, 400)


def _mistakes(kata: KataResult) -> Iterator[str]:
    """A line for each; one alone for a file that cannot be judged, none for one not taken."""
    if kata.note:
        if kata.file and kata.verdict in (WRONG, REFUSED):
            yield f"The file cannot be judged: {_telling_line(kata.note)}"
        return
    for test in kata.tests:
        if test.verdict in (WRONG, REFUSED) and not TOLD_ELSEWHERE.search(test.feedback):
            yield headline(test)


def _telling_line(screen: str) -> str:
    found = (re.search(CAUSE.format(label), screen[:10_000]) for label in TELLING)
    said = next((match[1] for match in found if match), screen)
    return line(said.partition("\n")[0], 400)


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
