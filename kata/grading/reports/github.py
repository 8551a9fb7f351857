"""GitHub Classroom as it was: the step output `result`, base64 of JSON.

The reporter (`classroom-resources/autograding-grading-reporter`) prints names and texts into the
log of a workflow, where a line may be a command, and gets all of it in one environment variable,
which Linux limits to 128 KiB.
"""

import base64
import json
from collections.abc import Mapping

from kata.grading.model import SubmissionResult
from kata.grading.printable import without_commands
from kata.grading.reports.entries import Entry, entries_of, total, whole
from kata.verdict import INFRASTRUCTURE, PASSED

MOST_BYTES = 100_000


def github(submission: SubmissionResult, visibility: Mapping[str, str] | None = None) -> str:
    """The line for `$GITHUB_OUTPUT`: `result=` and base64.

    Long feedback is cut until all fits; where that is not enough, a kata is one test.
    """
    entries = entries_of(submission, visibility)
    katas = [whole(kata, n, False) for n, kata in enumerate(submission.katas, 1)]
    for tests, longest in ((entries, 4000), (entries, 800), (entries, 0), (katas, 0)):
        content = json.dumps(_result(tests, longest), separators=(",", ":"))
        result = base64.b64encode(content.encode()).decode()
        if len(result) <= MOST_BYTES:
            break
    return f"result={result}\n"


def _result(entries: list[Entry], longest: int) -> dict:
    verdicts = {entry.verdict for entry in entries}
    failed = "error" if INFRASTRUCTURE in verdicts else "fail"
    return {
        "version": 1,
        "status": "pass" if verdicts <= {PASSED} else failed,
        "max_score": total(entries)[1],
        "tests": [_test(entry, longest) for entry in entries],
    }


def _test(entry: Entry, longest: int) -> dict:
    text = without_commands(entry.text)
    return {
        "name": without_commands(f"{entry.number} {entry.title}: {entry.name}"),
        "status": {PASSED: "pass", INFRASTRUCTURE: "error"}.get(entry.verdict, "fail"),
        "message": text.partition("\n")[0][: min(longest, 200)],
        "test_code": text[:longest],
        "filename": f"{entry.kata}.py",
        "line_no": 0,
        "execution_time": 0,
        "score": entry.points,
    }
