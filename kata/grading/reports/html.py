"""Pages to look at: one for each learner, one of the class and one of conditions for the teacher.

Each is whole in itself (styles inside, pictures as data) and asks for no script. What a submission
says is text and nothing else: Jinja2 escapes it, and the page's policy forbids everything but its
own styles and pictures.
"""

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2

from kata.grading.model import Grades, KataResult, SubmissionResult
from kata.grading.reports import figures
from kata.grading.reports.entries import Entry, entries_of, line, total, troubles_of
from kata.grading.words import MARKS, WORDS, counted, some, word
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

LABEL_WIDTH = 14  # of the label on a learner's screen, with its margin (kata/screen.py)
TO_DO = (NOT_STARTED, WRONG, REFUSED)
PROSE = ("mistake", "looks like")  # labels whose lines were broken only to fit a terminal
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_PICTURE = 2 * 2**20  # bytes
MOST_NAMES = 20


@dataclass(frozen=True)
class Shown:
    """One kata on a learner's page; `picture` is a data URI, or "" where there is none."""

    kata: KataResult
    title: str
    entries: list[Entry]
    picture: str

    @property
    def shown(self) -> bool:
        return all(entry.shown for entry in self.entries)

    @property
    def not_taken(self) -> bool:
        """Whether a file was handed in that could not be taken for the kata's."""
        return self.kata.verdict == REFUSED and not self.kata.file

    @property
    def points(self) -> tuple[int, int]:
        return total(self.entries)

    def screen(self, entry: Entry) -> list[tuple[str, str]]:
        """What is told of an entry, as labels and texts.

        Nothing where its name says all, or where it is not started either, as an entry before.
        """
        before = self.entries[: self.entries.index(entry)]
        told = entry.verdict == NOT_STARTED and NOT_STARTED in {each.verdict for each in before}
        if entry.verdict == PASSED or told or entry.text == entry.name:
            return []
        first, _, rest = entry.text.partition("\n")
        return labelled(rest if rest and first.startswith(f"{entry.kata}: ") else entry.text)

    @property
    def name(self) -> str:
        return self.kata.kata.rpartition("/")[2]

    @property
    def lesson(self) -> str:
        return self.kata.kata.partition("/")[0].replace("_", " ")


def learner_page(
    submission: SubmissionResult,
    visibility: Mapping[str, str] | None = None,
    pictures: Mapping[tuple[str, str], Path] | None = None,
) -> str:
    """What one learner gets: points, a screen for each failure, pictures, what to do next.

    visibility  of each kata: of those that are not visible yet only the title is on the page
    pictures    PNG files by the names of submissions and the ids of katas
    """
    entries = entries_of(submission, visibility)
    pictures = pictures or {}
    katas = [
        Shown(
            kata,
            line(kata.title),
            [entry for entry in entries if entry.kata == kata.kata],
            picture_data(pictures.get((submission.name, kata.kata))),
        )
        for kata in submission.katas
    ]
    seen = [each for each in katas if each.shown]
    points, most = total([entry for entry in entries if entry.shown])
    return _render(
        "learner.html",
        name=line(submission.name),
        katas=katas,
        points=points,
        most=most,
        counts=figures.verdict_counts(each.kata for each in seen),
        again=any(each.not_taken for each in seen),
        next=next((e for e in seen if e.kata.verdict in TO_DO and not e.not_taken), None),
        done=len(seen) == len(katas) and all(each.kata.verdict == PASSED for each in seen),
        troubles=[line(trouble) for trouble in submission.troubles],
        isolation=_isolation(submission.katas),
    )


def class_page(grades: Grades, pages: Sequence[str], passed_over: Sequence[str] = ()) -> str:
    """What the teacher gets: points, verdicts, mistakes, links. Not for learners: all are in it.

    pages        the path of each submission's page, as seen from this one
    passed_over  names of what was taken for no submission
    """
    katas = [kata for submission in grades.submissions for kata in submission.katas]
    mean, median = figures.mean_and_median(grades)
    return _render(
        "class.html",
        submissions=[
            (
                submission,
                line(submission.name, 60),
                quote(page),
                figures.points_of(submission),
                [line(t) for t in troubles_of(submission, (REFUSED, INFRASTRUCTURE))],
            )
            for submission, page in zip(grades.submissions, pages, strict=True)
        ],
        katas=figures.kata_figures(grades),
        mistakes=figures.frequent_mistakes(grades),
        same_files=[(line(some(n, MOST_NAMES)), some(k)) for n, k in figures.same_files(grades)],
        passed_over=line(some(passed_over, MOST_NAMES), 2000),
        whole=len(figures.judged_whole(grades)),
        counts=figures.verdict_counts(katas),
        judged=len(katas),
        mean=mean,
        median=median,
        most=max((figures.points_of(each)[1] for each in grades.submissions), default=0),
        isolation=_isolation(katas),
        environments=sorted({_environment(kata) for kata in katas} - {""}),
    )


def conditions_page(grades: Grades) -> str:
    """Under what each file was judged, with the secret seeds: for the teacher alone."""
    rows = {}
    for submission in grades.submissions:
        for kata in submission.katas:
            if kata.key:
                rows.setdefault((kata.kata, kata.key), (kata, []))[1].append(line(submission.name))
    return _render("conditions.html", rows=[rows[key] for key in sorted(rows)])


def labelled(screen: str) -> list[tuple[str, str]]:
    """The lines of a screen under their labels; all under "" where it has another form."""
    found: list[tuple[str, list[str]]] = []
    for text in screen.splitlines():
        label, said = text[:LABEL_WIDTH], text[LABEL_WIDTH:]
        if label.strip() and label.startswith("  ") and not label[2].isspace():
            found.append((label.strip(), [said]))
        elif found and not label.strip():
            found[-1][1].append(said)
        else:
            return [("", screen)]
    return [(label, (" " if label in PROSE else "\n").join(said)) for label, said in found]


def picture_data(path: Path | None) -> str:
    """The PNG as a data URI; "" where there is none, or where it is none."""
    try:
        if path is None or path.stat().st_size > LARGEST_PICTURE:
            return ""
        content = path.read_bytes()
    except OSError:
        return ""
    if not content.startswith(PNG):
        return ""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(values)


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"MARKS": MARKS, "WORDS": WORDS, "counted": counted, "word": word}
    return environment


def _isolation(katas) -> list[str]:
    """Every level at which something was judged, with its means."""
    found = {(k.conditions.isolation, k.conditions.means) for k in katas if k.conditions.isolation}
    return [f"{level} ({', '.join(means)})" if means else level for level, means in sorted(found)]


def _environment(kata: KataResult) -> str:
    return ", ".join(f"{name} {version}" for name, version in kata.conditions.environment.items())
