"""What every report has in common: one entry a graded test, in texts that any format can hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kata.grading.model import KataResult, SubmissionResult
from kata.manifest import VISIBLE
from kata.verdict import INFRASTRUCTURE

LONGEST = 20_000  # characters of one feedback
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.?)")
STRANGE = re.compile(  # what XML forbids, what moves a terminal, what turns the reading direction
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
CASE = re.compile(r"\[.*\]$", re.S)  # of a test with parameters
NOT_JUDGED = "Not judged"
OUR_FAULT = "That is no fault of this answer, which does not count before it is judged."
LATER = "Your teacher shows this one later."


@dataclass(frozen=True)
class Entry:
    """One line of a report: a graded test, or a kata's file as a whole.

    number  of the kata in the manifest's order and of the test in it, `3.2`
    kata    the id of its kata, `title` its title
    test    the name of the test, "" for the file as a whole; `name` is its sentence and its case
    counts  False where the grader failed: then it is worth nothing, of nothing
    text    what the learner reads
    shown   False where the learner shall not see it yet
    """

    number: str
    kata: str
    title: str
    test: str
    name: str
    points: int
    most: int
    verdict: str
    text: str
    shown: bool = True

    @property
    def counts(self) -> bool:
        return self.verdict != INFRASTRUCTURE


def entries_of(
    submission: SubmissionResult, visibility: Mapping[str, str] | None = None
) -> list[Entry]:
    """The entries of all katas, whose points add up to those of the submission.

    visibility  of each kata, as `Manifest.visibility` has it; without one all is shown
    """
    shown = {kata for kata, value in (visibility or {}).items() if value != VISIBLE}
    return [
        entry
        for number, kata in enumerate(submission.katas, 1)
        for entry in _entries(kata, number, kata.kata not in shown)
    ]


def whole(kata: KataResult, number: int, shown: bool = True) -> Entry:
    """One entry for all that was found of a kata."""
    texts = [kata.note, *(test.feedback for test in kata.tests)]
    text = "\n\n".join(text for text in dict.fromkeys(texts) if text)
    said = kata.note.partition("\n")[0].removeprefix(f"{kata.kata}: ")
    name = NOT_JUDGED if kata.verdict == INFRASTRUCTURE else said or kata.title
    return _entry(
        kata,
        number=f"{number}",
        test="",
        name=name if shown else kata.title,
        points=kata.points,
        most=kata.most,
        verdict=kata.verdict,
        text=text,
        shown=shown,
    )


def troubles_of(submission: SubmissionResult, verdicts: Sequence[str]) -> list[str]:
    """Lines on what was wrong with a submission, and with its katas of these verdicts.

    A screen for learners is none of them; what is said of the whole is not said of each kata.
    """
    notes = [
        (kata.kata, kata.note)
        for kata in submission.katas
        if kata.note and "\n" not in kata.note and kata.verdict in verdicts
    ]
    told = [f"{kata}: {note}" for kata, note in notes if note not in submission.troubles]
    return [*submission.troubles, *told]


def total(entries: list[Entry]) -> tuple[int, int]:
    """The points and the most that could be had, of what counts."""
    counting = [entry for entry in entries if entry.counts]
    return sum(entry.points for entry in counting), sum(entry.most for entry in counting)


def plain(text: str, longest: int = LONGEST) -> str:
    """The text without terminal codes and without characters that a format forbids."""
    text = STRANGE.sub("\ufffd", ESCAPES.sub("", text.replace("\r\n", "\n")))
    left = len(text) - longest
    return text if left <= 0 else f"{text[:longest]}\n... and {left} characters more"


def line(text: str, longest: int = 200) -> str:
    """The same in one line: for names and headlines."""
    text = " ".join(plain(text, LONGEST).split())
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _entries(kata: KataResult, number: int, shown: bool) -> list[Entry]:
    """One a test; the file as a whole where there are none, where they do not add up, and where
    it was not judged: then its tests have nothing to say.
    """
    points, most = sum(t.points for t in kata.tests), sum(t.most for t in kata.tests)
    adds_up = bool(kata.tests) and (points, most) == (kata.points, kata.most)
    if not adds_up or kata.verdict == INFRASTRUCTURE:
        return [whole(kata, number, shown)]
    found = [
        _entry(
            kata,
            number=f"{number}.{position}",
            test=test.name,
            name=f"{test.sentence} {case[0]}"
            if (case := CASE.search(test.name))
            else test.sentence,
            points=test.points,
            most=test.most,
            verdict=test.verdict,
            text=test.feedback,
            shown=shown,
        )
        for position, test in enumerate(kata.tests, 1)
    ]
    if not kata.note or kata.note in {test.feedback for test in kata.tests}:
        return found
    note = replace(
        whole(kata, number, shown), text=plain(kata.note) if shown else LATER, points=0, most=0
    )
    return [note, *found]


def _entry(
    kata: KataResult,
    *,
    number: str,
    test: str,
    name: str,
    points: int,
    most: int,
    verdict: str,
    text: str,
    shown: bool,
) -> Entry:
    ours = verdict == INFRASTRUCTURE
    text = "\n\n".join(filter(None, (OUR_FAULT, text))) if ours else text
    return Entry(
        number=number,
        kata=kata.kata,
        title=line(kata.title),
        test=line(test),
        name=line(name) or line(test) or kata.kata,
        points=0 if ours else points,
        most=0 if ours else most,
        verdict=verdict,
        text=plain(text) if shown else LATER,
        shown=shown,
    )
