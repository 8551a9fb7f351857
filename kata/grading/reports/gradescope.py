"""Gradescope: `results.json`, as gradescope-autograders.readthedocs.io specifies it.

Every text is plain: nothing that a submission says becomes HTML. What the grader could not judge is
an entry without a score, which costs nothing.
"""

from collections.abc import Mapping

from kata.grading.model import SubmissionResult
from kata.grading.reports.entries import Entry, entries_of, line, total
from kata.manifest import VISIBILITIES, VISIBLE
from kata.verdict import PASSED


def gradescope(submission: SubmissionResult, visibility: Mapping[str, str] | None = None) -> dict:
    """The content of `results.json`.

    visibility  of each kata; Gradescope itself shows to whom it says, so nothing is left out
    """
    visibility = visibility or {}
    entries = entries_of(submission)
    isolation = {kata.kata: kata.conditions.isolation for kata in submission.katas}
    used = {visibility.get(kata.kata, VISIBLE) for kata in submission.katas} or {VISIBLE}
    return {
        "score": total(entries)[0],
        "execution_time": round(submission.seconds, 3),
        "output": _summary(submission, entries),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": min(used, key=VISIBILITIES.index),
        "stdout_visibility": VISIBILITIES[0],
        "extra_data": {"verdict": submission.verdict},
        "tests": [
            _test(entry, isolation[entry.kata], visibility.get(entry.kata, VISIBLE))
            for entry in entries
        ],
    }


def _test(entry: Entry, isolation: str, visibility: str) -> dict:
    score = {"score": entry.points, "max_score": entry.most} if entry.counts else {}
    return {
        **score,
        "status": "passed" if entry.verdict == PASSED else "failed",
        "name": f"{entry.title}: {entry.name}",
        "name_format": "text",
        "number": entry.number,
        "output": entry.text,
        "output_format": "text",
        "visibility": visibility,
        "extra_data": {"verdict": entry.verdict, "kata": entry.kata, "isolation": isolation},
    }


def _summary(submission: SubmissionResult, entries: list[Entry]) -> str:
    points, most = total(entries)
    done = sum(kata.verdict == PASSED for kata in submission.katas)
    lines = [f"{points} of {most} points; {done} of {len(submission.katas)} katas passed."]
    return "\n".join([*lines, *map(line, submission.troubles)])
