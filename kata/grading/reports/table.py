"""CSV for a gradebook: a row for each submission, a column of points for each kata.

A cell is empty where nothing counts (the grader failed), so that an import changes no grade there.
The text starts with a byte order mark: without one Excel reads UTF-8 as something else.
"""

import csv
import io

from kata.grading.model import Grades, SubmissionResult
from kata.grading.reports.entries import entries_of, line, total, troubles_of
from kata.grading.words import WORDS
from kata.verdict import INFRASTRUCTURE

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and in full width
BOM = "\ufeff"


def table(grades: Grades) -> str:
    """The table as a text of CSV (RFC 4180): its file is written as it is."""
    katas = list(dict.fromkeys(k.kata for each in grades.submissions for k in each.katas))
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["submission", *katas, "total", "most", "verdict", "troubles"])
    rows.writerows(_row(submission, katas) for submission in grades.submissions)
    return BOM + text.getvalue()


def safe(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    text = line(text, 1000)
    return f"'{text}" if text.startswith(FORMULA) else text


def _row(submission: SubmissionResult, katas: list[str]) -> list:
    points = {k.kata: k.points for k in submission.katas if k.verdict != INFRASTRUCTURE}
    return [
        safe(submission.name),
        *(points.get(kata, "") for kata in katas),
        *total(entries_of(submission)),
        WORDS[submission.verdict],
        safe("; ".join(troubles_of(submission, tuple(WORDS)))),
    ]
