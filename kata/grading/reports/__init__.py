"""Every report of a grading, each a file that is written whole.

OUT/grades.json, OUT/grades.csv, OUT/junit.xml    the class, for the teacher
OUT/html/index.html, OUT/html/conditions.html     the class and the secret seeds, likewise
OUT/html/learners/NAME.html                       one for each learner, to hand out
OUT/gradescope/NAME/results.json                  one for each submission, as are
OUT/classroom50/NAME/result.json
OUT/github/NAME/result.txt
"""

import contextlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kata.errors import KataError
from kata.files import write_whole
from kata.grading.model import Grades
from kata.grading.reports.classroom50 import classroom50, require_runner
from kata.grading.reports.entries import plain
from kata.grading.reports.github import github
from kata.grading.reports.gradescope import gradescope
from kata.grading.reports.html import class_page, conditions_page, learner_page
from kata.grading.reports.junit import junit
from kata.grading.reports.table import table

PLACES = {
    "json": "grades.json",
    "csv": "grades.csv",
    "junit": "junit.xml",
    "html": "html",
    "gradescope": "gradescope",
    "classroom50": "classroom50",
    "github": "github",
}
OF_LEARNERS = {  # the files that each learner has of their own
    "html": "html/learners/*.html",
    "gradescope": "gradescope/*/results.json",
    "classroom50": "classroom50/*/result.json",
    "github": "github/*/result.txt",
}
FORMATS = tuple(PLACES)
UNSAFE = re.compile(r"[^\w.-]+")
LONGEST_NAME = 50  # characters, at most four bytes each


def write_reports(
    grades: Grades,
    out: Path,
    formats: Iterable[str],
    pictures: Mapping[tuple[str, str], Path] | None = None,
    visibility: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    passed_over: Sequence[str] = (),
) -> list[Path]:
    """Write the reports of some formats under `out`; return the files, in the order of `formats`.

    What an earlier run has left there of learners who are in the grades no more is removed.

    pictures    PNG files by (name of the submission, id of the kata), for the learners' pages
    visibility  of each kata, `Manifest.visibility`
    environ     where Classroom 50's runner says who is graded
    passed_over  names of what was taken for no submission, for the teacher's page
    Raises KataError for a format that is not known, for a file that cannot be written or removed,
    and for `classroom50` outside its runner.
    """
    formats = list(dict.fromkeys(formats))
    for name in formats:
        require_format(name, environ)
    reports = _Reports(grades, pictures or {}, visibility or {}, environ, passed_over)
    written = []
    for name in formats:
        for place, text in getattr(reports, name)():
            _write(out / place, text)
            written.append(out / place)
        if name in OF_LEARNERS:
            _remove_others(out, OF_LEARNERS[name], written)
    return written


def earlier(out: Path, formats: Iterable[str]) -> list[Path]:
    """The reports of other formats than these, which an earlier run has left in the folder."""
    return [
        out / place
        for name, place in PLACES.items()
        if name not in formats and (out / place).exists()
    ]


def require_format(name: str, environ: Mapping[str, str] = os.environ) -> None:
    """Raise KataError for a format that is not known, or that cannot be written here.

    For whoever is about to grade for hours.
    """
    if name not in FORMATS:
        raise KataError(f"There is no report `{name}`. --report is one of {', '.join(FORMATS)}.")
    if name == "classroom50":
        require_runner(environ)


def file_names(names: Iterable[str]) -> list[str]:
    """A name for the files of each submission: safe in any folder, and no two alike.

    Where letters' case makes no difference, as on macOS and Windows, they differ still.
    """
    taken, found = set(), []
    for name in names:
        safe = UNSAFE.sub("-", unicodedata.normalize("NFC", plain(name))).strip("-.")
        safe = stem = safe[:LONGEST_NAME] or "submission"
        number = 1
        while safe.casefold() in taken:
            number += 1
            safe = f"{stem}-{number}"
        taken.add(safe.casefold())
        found.append(safe)
    return found


Files = Iterator[tuple[str, str]]  # the place of each below the folder of the reports, its content


@dataclass(frozen=True)
class _Reports:
    """The files of each format, one method a format."""

    grades: Grades
    pictures: Mapping[tuple[str, str], Path]
    visibility: Mapping[str, str]
    environ: Mapping[str, str]
    passed_over: Sequence[str]

    @cached_property
    def names(self) -> list[str]:
        return file_names(submission.name for submission in self.grades.submissions)

    def json(self) -> Files:
        yield "grades.json", self.grades.to_json()

    def csv(self) -> Files:
        yield "grades.csv", table(self.grades)

    def junit(self) -> Files:
        yield "junit.xml", junit(self.grades)

    def html(self) -> Files:
        pages = [f"learners/{name}.html" for name in self.names]
        yield "html/index.html", class_page(self.grades, pages, self.passed_over)
        yield "html/conditions.html", conditions_page(self.grades)
        for submission, page in zip(self.grades.submissions, pages, strict=True):
            yield f"html/{page}", learner_page(submission, self.visibility, self.pictures)

    def gradescope(self) -> Files:
        for name, submission in zip(self.names, self.grades.submissions, strict=True):
            content = gradescope(submission, self.visibility)
            yield f"gradescope/{name}/results.json", json.dumps(content, indent=1)

    def classroom50(self) -> Files:
        for name, submission in zip(self.names, self.grades.submissions, strict=True):
            content = classroom50(submission, self.environ, self.visibility)
            yield f"classroom50/{name}/result.json", json.dumps(content, indent=1)

    def github(self) -> Files:
        for name, submission in zip(self.names, self.grades.submissions, strict=True):
            yield f"github/{name}/result.txt", github(submission, self.visibility)


def _remove_others(out: Path, pattern: str, written: Sequence[Path]) -> None:
    """Remove what else there is of the kind, with the folders that become empty.

    Where letters' case makes no difference, a file may have kept another case than was written.
    """
    kept = {str(path).casefold() for path in written}
    for path in [path for path in out.glob(pattern) if str(path).casefold() not in kept]:
        try:
            path.unlink()
        except OSError as error:
            raise KataError(f"Cannot remove {path}: {error.strerror or error}.") from error
        with contextlib.suppress(OSError):  # the others are still in it
            path.parent.rmdir()


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise KataError(f"Cannot write {path}: {error.strerror or error}.") from error
