"""Classroom 50: `result.json` of the schema `classroom50/result/v1`.

Who is graded stands in the environment of its runner, which also stamps `owner` and
`assignment_type`. A grader that fails leaves no result: its autograder ends with another status.
"""

import datetime
from collections.abc import Mapping

from kata.errors import KataError
from kata.grading.model import SubmissionResult
from kata.grading.reports.entries import Entry, entries_of, total
from kata.verdict import PASSED

SCHEMA = "classroom50/result/v1"
FIELDS = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
}


def classroom50(
    submission: SubmissionResult,
    environ: Mapping[str, str],
    visibility: Mapping[str, str] | None = None,
    now: datetime.datetime | None = None,
) -> dict:
    """The content of `result.json`.

    environ  that of Classroom 50's runner
    now      in UTC; the runner puts the time of the commit in its place
    Raises KataError where the environment is not that of the runner.
    """
    require_runner(environ)
    now = now or datetime.datetime.now(datetime.UTC)
    entries = entries_of(submission, visibility)
    points, most = total(entries)
    who = {
        "assignment_type": environ.get("ASSIGNMENT_TYPE") or "individual",
        "owner": environ.get("OWNER") or environ.get("USERNAME") or "",
    }
    return {
        "schema": SCHEMA,
        **{field: environ[name] for field, name in FIELDS.items()},
        "review": environ.get("REVIEW_URL") or environ["COMMIT_URL"],
        **{field: value for field, value in who.items() if value},
        "datetime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": points,
        "max-score": most,
        "tests": [_test(entry) for entry in entries],
    }


def require_runner(environ: Mapping[str, str]) -> None:
    """Raise KataError where the environment is not that of Classroom 50's runner."""
    missing = [name for name in FIELDS.values() if not environ.get(name)]
    if missing:
        raise KataError(
            f"For Classroom 50 the environment lacks {', '.join(missing)}: its runner sets them. "
            "To see the points here: kata grade PATH --out DIR --report html"
        )


def _test(entry: Entry) -> dict:
    return {
        "test-name": f"{entry.number} {entry.title}: {entry.name}",
        "passed": entry.verdict == PASSED,
        "score": entry.points,
        "max-score": entry.most,
        "output": entry.text,
    }
