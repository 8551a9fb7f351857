"""Every report holds what was found, in the form that its readers ask for, and nothing else."""

import base64
import csv
import datetime
import io
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kata.errors import KataError
from kata.grading.model import Grades
from kata.grading.reports import FORMATS, earlier, file_names, write_reports
from kata.grading.reports.classroom50 import classroom50
from kata.grading.reports.entries import LATER, OUR_FAULT, entries_of, line, plain, total
from kata.grading.reports.figures import (
    frequent_mistakes,
    headline,
    kata_figures,
    mean_and_median,
)
from kata.grading.reports.github import MOST_BYTES, github
from kata.grading.reports.gradescope import gradescope
from kata.grading.reports.html import class_page, labelled, learner_page, picture_data
from kata.grading.reports.junit import junit
from kata.grading.reports.table import BOM, safe, table
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, REFUSED, WRONG
from tests.kata.classes import (
    CLASSES,
    EVIL,
    SCREEN,
    SEEDS,
    graded,
    kata_result,
    ordinary,
    submission,
    without_file,
)

jsonschema = pytest.importorskip("jsonschema")

RUNNER = {
    "CLASSROOM": "cs",
    "ASSIGNMENT": "katas",
    "SUBMISSION_TAG": "submit/2026-11-26T10-00-00Z-abcdef0",
    "COMMIT_URL": "https://github.com/o/r/commit/abcdef0",
    "RELEASE_URL": "https://github.com/o/r/releases/tag/x",
    "OWNER": "anna",
}
VISIBILITY = {"02_training/add_noise": "hidden", "02_training/timesteps": "after_due_date"}


@pytest.fixture(params=CLASSES)
def grades(request):
    return CLASSES[request.param]()


def is_valid(content, schema):
    text = (Path(__file__).parent / "schemas" / f"{schema}.json").read_text()
    jsonschema.Draft202012Validator(json.loads(text)).validate(content)


def decoded(text):
    return json.loads(base64.b64decode(text.removeprefix("result=").strip()))


# Entries


def test_points_of_the_entries_add_up_to_those_of_the_submission():
    first = ordinary().submissions[0]
    assert total(entries_of(first)) == (first.points, first.most) == (4, 12)
    assert [entry.number for entry in entries_of(first)] == ["1.1", "1.2", "2.1", "3"]


def test_a_kata_whose_tests_do_not_add_up_is_one_entry():
    taken_away = kata_result(graded(), graded(WRONG, 3, "no"), verdict=REFUSED, points=0)
    [entry] = entries_of(submission(taken_away))
    assert (entry.points, entry.most, entry.verdict, entry.text) == (0, 5, REFUSED, "no")


def test_a_note_comes_before_the_tests_and_is_worth_nothing():
    entries = entries_of(submission(kata_result(graded(), note="a late file")))
    assert [(entry.text, entry.points, entry.most) for entry in entries] == [
        ("a late file", 0, 0),
        ("", 2, 2),
    ]


def test_a_note_that_a_test_says_as_well_is_told_once():
    [entry] = entries_of(submission(kata_result(graded(WRONG, 3, SCREEN), note=SCREEN)))
    assert (entry.test, entry.text) == ("test_noise", SCREEN)


def test_trouble_of_the_grader_counts_nothing_and_says_so():
    [entry] = entries_of(submission(without_file(INFRASTRUCTURE, "signal 9")))
    assert (entry.points, entry.most) == (0, 0)
    assert (entry.name, entry.text) == ("Not judged", f"{OUR_FAULT}\n\nsignal 9")


def test_trouble_of_the_grader_is_told_once_on_a_page():
    tests = [graded(INFRASTRUCTURE, 1, "", f"t{n}", f"S{n}.") for n in range(3)]
    lost = kata_result(*tests, note="MemoryError: no memory is left")
    text = Page(learner_page(submission(lost))).text
    assert (text.count(OUR_FAULT), text.count(lost.note)) == (1, 1)
    assert "S0." not in text


def test_what_a_learner_shall_not_see_yet_is_not_in_the_texts():
    shown, hidden = entries_of(
        submission(without_file(), kata_result(graded(WRONG, 3, SCREEN))), VISIBILITY
    )
    assert (shown.text, hidden.text) == ("the file is missing", LATER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\r\nc\n", "a\tb\nc\n"),
        ("\x1b[31mred\x1b[0m\x1b]0;title\x07!", "red!"),
        ("nul\x00 del\x7f c1\x9b", "nul\ufffd del\ufffd c1\ufffd"),
        ("\ud800\ufffe\uffff", "\ufffd" * 3),
        ("\u202egpj.exe", "\ufffdgpj.exe"),
        ("Zoë 李 🦋", "Zoë 李 🦋"),
    ],
    ids=ascii,
)
def test_a_text_loses_what_no_format_can_hold(text, expected):
    assert plain(text) == expected


def test_a_long_text_is_cut_and_says_by_how_much():
    assert plain("x" * 30, 10) == f"{'x' * 10}\n... and 20 characters more"
    assert line("one\n two\t three", 11) == "one two ..."


# Schemas


def test_gradescope_results_are_valid(grades):
    for each in grades.submissions:
        is_valid(json.loads(json.dumps(gradescope(each, VISIBILITY))), "gradescope")


def test_classroom_50_results_are_valid(grades):
    for each in grades.submissions:
        result = json.loads(json.dumps(classroom50(each, RUNNER)))
        is_valid(result, "classroom50")
        assert result["score"] <= result["max-score"]
        assert all(test["score"] <= test["max-score"] for test in result["tests"])


def test_github_results_are_valid_and_fit_an_environment_variable(grades):
    for each in grades.submissions:
        text = github(each)
        is_valid(decoded(text), "github")
        assert len(text) < MOST_BYTES + 10
        assert text.count("\n") == 1


def test_junit_is_xml_and_counts_what_it_holds(grades):
    root = ElementTree.fromstring(junit(grades).encode())
    for suite, each in zip(root, grades.submissions, strict=True):
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases) == len(entries_of(each))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))


def test_json_loses_nothing(grades):
    assert Grades.from_json(grades.to_json()) == grades


# Gradescope


def test_gradescope_gets_a_test_for_each_entry_with_its_points_and_its_feedback():
    result = gradescope(ordinary().submissions[0])
    assert result["score"] == 4
    assert isinstance(result["execution_time"], float)
    assert result["output"] == "4 of 12 points; 1 of 3 katas passed."
    test = result["tests"][1]
    assert (test["score"], test["max_score"], test["status"]) == (0, 3, "failed")
    assert test["name"] == "Corrupt: Every picture gets its own noise. [case]"
    assert (test["number"], test["output"]) == ("1.2", SCREEN)
    assert test["extra_data"] == {
        "verdict": "wrong",
        "kata": "02_training/add_noise",
        "isolation": "confined",
    }


def test_gradescope_shows_as_the_manifest_says_and_the_whole_as_its_strictest_part():
    result = gradescope(ordinary().submissions[0], VISIBILITY)
    found = [test["visibility"] for test in result["tests"]]
    assert found == ["hidden", "hidden", "after_due_date", "visible"]
    assert result["visibility"] == "hidden"


def test_what_the_grader_could_not_judge_has_no_score_in_gradescope():
    [test] = gradescope(submission(without_file(INFRASTRUCTURE, "signal 9")))["tests"]
    assert "score" not in test
    assert "max_score" not in test


# Classroom 50


def test_classroom_50_gets_who_is_graded_from_its_runner():
    now = datetime.datetime(2026, 11, 26, 10, 0, 0, tzinfo=datetime.UTC)
    result = classroom50(ordinary().submissions[0], RUNNER, now=now)
    assert (result["classroom"], result["owner"], result["review"]) == (
        "cs",
        "anna",
        RUNNER["COMMIT_URL"],
    )
    assert (result["datetime"], result["score"], result["max-score"]) == (
        "2026-11-26T10:00:00Z",
        4,
        12,
    )


def test_outside_its_runner_what_is_missing_is_named():
    environ = {**RUNNER, "ASSIGNMENT": "", "COMMIT_URL": ""}
    with pytest.raises(KataError, match=r"lacks ASSIGNMENT, COMMIT_URL"):
        classroom50(ordinary().submissions[0], environ)


# GitHub Classroom


def test_github_gets_names_scores_and_the_status_of_the_whole():
    result = decoded(github(ordinary().submissions[0]))
    assert (result["status"], result["max_score"]) == ("fail", 12)
    assert [test["score"] for test in result["tests"]] == [2, 0, 2, 0]
    assert result["tests"][1]["test_code"] == SCREEN


def test_github_is_told_of_an_error_where_the_grader_failed():
    result = decoded(github(submission(without_file(INFRASTRUCTURE, "signal 9"))))
    assert (result["status"], result["tests"][0]["status"]) == ("error", "error")


def test_nothing_that_github_prints_is_a_command():
    result = decoded(github(submission(kata_result(graded(WRONG, 3, EVIL, "t", EVIL)))))
    for test in result["tests"]:
        for text in (test["name"], test["message"], test["test_code"]):
            assert not any(row.strip().startswith("::") for row in text.splitlines())
            assert "##[" not in text


def test_long_feedback_is_cut_before_tests_are():
    tests = [graded(WRONG, 1, "y" * 3000, f"test_{n}", f"Number {n}.") for n in range(60)]
    result = decoded(github(submission(kata_result(*tests))))
    assert len(result["tests"]) == 60
    assert len(result["tests"][0]["test_code"]) == 800


def test_where_tests_are_too_many_a_kata_is_one():
    tests = [graded(name=f"test_{n}", sentence="s" * 180) for n in range(500)]
    [test] = decoded(github(submission(kata_result(*tests))))["tests"]
    assert (test["score"], test["status"]) == (1000, "pass")


# JUnit


def test_junit_has_a_case_for_each_entry_and_its_points_as_properties():
    suite = ElementTree.fromstring(junit(ordinary()).encode())[0]
    found = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (found["points"], found["most"], found["1.2.points"], found["1.2.most"]) == (
        "4",
        "12",
        "0",
        "3",
    )
    failure = suite.find("testcase[@name='1.2 test_b[case]']/failure")
    assert failure.get("type") == "wrong"
    assert failure.text == SCREEN


# CSV


def rows_of(grades):
    text = table(grades)
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_the_table_has_a_row_for_each_submission_and_a_column_for_each_kata():
    first, second = rows_of(ordinary())
    assert first == {
        "submission": "anna",
        "02_training/add_noise": "2",
        "02_training/timesteps": "2",
        "01_data/transform": "0",
        "total": "4",
        "most": "12",
        "verdict": "wrong",
        "troubles": "01_data/transform: the file is missing",
    }
    assert (second["submission"], second["01_data/transform"]) == ("Zoë 李", "")


def test_a_cell_is_empty_where_the_grader_failed():
    [row] = rows_of(Grades((submission(without_file(INFRASTRUCTURE, "signal 9")),)))
    assert (row["01_data/transform"], row["total"], row["most"]) == ("", "0", "0")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n@x", "\uff1d1", " =1"])
def test_no_text_is_a_formula(text):
    assert safe(text).startswith("'")


def test_no_cell_of_a_hostile_class_is_a_formula_or_starts_a_row():
    for row in rows_of(CLASSES["hostile"]()):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
        assert not any("\n" in cell for cell in row.values())


def test_screens_for_learners_are_no_troubles_of_the_table():
    [row] = rows_of(Grades((submission(without_file(note=SCREEN), troubles=("a", "b")),)))
    assert row["troubles"] == "a; b"


# Pages


class Page(HTMLParser):
    """The tags of a page with their attributes, the ids, and what has no end."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def pages_of(grades, tmp_path):
    return {p.name: p.read_text() for p in write_reports(grades, tmp_path, ["html"])}


def test_no_word_of_a_submission_is_markup(grades, tmp_path):
    for text in pages_of(grades, tmp_path).values():
        page = Page(text)
        assert page.open == []
        assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "object", "form"})
        assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
        assert all(each["src"].startswith("data:image/png") for each in page.all("img"))
        assert "49]]" not in page.text


def test_pages_are_whole_and_say_their_language(grades, tmp_path):
    for text in pages_of(grades, tmp_path).values():
        page = Page(text)
        assert page.all("html") == [{"lang": "en"}]
        assert page.all("link") == []
        assert "default-src 'none'" in str(page.all("meta"))
        assert "http" not in text.replace("http-equiv", "")
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        labels = [attributes.get("aria-labelledby") for _, attributes in page.tags]
        assert set(labels) - {None} <= set(ids)
        assert all("scope" in attributes for attributes in page.all("th"))


def test_a_learner_reads_each_failure_as_labels_and_texts_and_what_to_do_next():
    text = Page(learner_page(ordinary().submissions[0])).text
    assert "4 of 12 points" in text
    assert "pytest exercises/02_training/add_noise.py\nkata hint add_noise" in text
    assert "The noise has the shape of one picture, so that all pictures share it." in text


def test_whoever_has_passed_everything_is_sent_on():
    assert "kata train" in learner_page(ordinary().submissions[1])


def test_of_what_is_shown_later_a_learner_sees_the_title_alone():
    text = Page(learner_page(ordinary().submissions[0], VISIBILITY)).text
    assert "0 of 5 points" in text
    assert "Corrupt" in text
    assert LATER in text
    assert "one noise for the whole batch" not in text


def test_what_is_not_started_is_told_once_a_kata():
    tests = [graded(NOT_STARTED, 1, f"write `f`, {n}", f"t{n}", f"S{n}.") for n in range(3)]
    text = learner_page(submission(kata_result(*tests)))
    assert "write `f`, 0" in text
    assert "write `f`, 1" not in text


def test_a_screen_falls_into_labels_and_what_is_no_screen_stays_as_it_is():
    assert labelled("  seen        one\n              two\n  next        pytest") == [
        ("seen", "one\ntwo"),
        ("next", "pytest"),
    ]
    assert labelled("  not started write `f`") == [("not started", "write `f`")]
    assert labelled("Traceback\n  x") == [("", "Traceback\n  x")]


def test_pictures_are_inside_the_page(tmp_path):
    picture = tmp_path / "p.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\nrest")
    page = Page(
        learner_page(
            ordinary().submissions[0], pictures={("anna", "02_training/add_noise"): picture}
        )
    )
    [image] = page.all("img")
    assert base64.b64decode(image["src"].partition(",")[2]) == picture.read_bytes()
    assert "add_noise" in image["alt"]


def test_what_is_no_png_is_no_picture(tmp_path):
    page = tmp_path / "p.png"
    page.write_bytes(b"<svg onload='alert(1)'/>")
    assert picture_data(page) == picture_data(tmp_path / "none") == picture_data(None) == ""
    assert picture_data(tmp_path) == ""


def test_the_class_page_links_to_every_learner():
    grades = ordinary()
    page = Page(class_page(grades, ["learners/a b.html", "learners/zoë.html"]))
    assert [each["href"] for each in page.all("a")][:2] == [
        "learners/a%20b.html",
        "learners/zo%C3%AB.html",
    ]


def test_the_figures_count_what_a_class_has_passed_and_what_it_gets_wrong():
    grades = ordinary()
    add_noise, timesteps, transform = kata_figures(grades)
    assert (add_noise.share, timesteps.share, transform.judged) == (0.0, 1.0, 1)
    assert add_noise.counts[WRONG] == 1
    [mistake] = frequent_mistakes(grades)
    assert (mistake.learners, mistake.text) == (
        1,
        "The noise has the shape of one picture, so that all pictures share it.",
    )


def test_what_is_told_of_another_test_is_one_mistake():
    again = "02_training/add_noise: Again.\n  seen        one\n  as in       Every picture."
    tests = [graded(WRONG, 1, SCREEN), graded(WRONG, 1, again), graded(WRONG, 1, "Not tried: x")]
    assert len(frequent_mistakes(Grades((submission(kata_result(*tests)),)))) == 1


def test_a_file_that_cannot_be_judged_is_one_mistake():
    text = "02_training/add_noise: It is noise.\n  raised      SyntaxError: '(' was never closed"
    tests = [graded(WRONG, 1, text, "a", "A."), graded(WRONG, 1, "Not tried: A.", "b", "B.")]
    not_taken = without_file(REFUSED, "`x.txt` is not taken")
    katas = kata_result(*tests, note=text), not_taken
    [mistake] = frequent_mistakes(Grades((submission(*katas), submission(*katas))))
    assert mistake.text == "The file cannot be judged: SyntaxError: '(' was never closed"
    assert mistake.learners == 2


def test_mean_and_median_are_of_what_is_judged():
    lost = without_file(INFRASTRUCTURE, "It was not judged yet.")
    half = submission(kata_result(graded()), lost)
    grades = Grades((submission(kata_result(graded())), half))
    assert mean_and_median(grades) == (2, 2)
    page = class_page(grades, ["a", "b"])
    assert "not judged" in page and "of the 1 submissions" not in page
    assert "\N{EN DASH}</strong> of" in class_page(Grades((half,)), ["a"])


def test_the_class_page_says_why_files_were_refused_and_who_has_the_same():
    same = kata_result(graded(), kata="02_training/timesteps")
    refused = without_file(REFUSED, "`transform.txt` is not taken")
    ann, sue = (submission(same, refused, name=name) for name in ("ann", "sue"))
    stub = kata_result(graded(NOT_STARTED), kata="01_data/stub")
    page = Page(class_page(Grades((ann, sue, submission(stub, name="x"))), "abc", ["list.csv"]))
    assert "01_data/transform: `transform.txt` is not taken" in page.text
    assert "ann, sue: 02_training/timesteps" in page.text
    assert "Not taken for submissions: list.csv" in page.text


def test_untouched_files_are_the_same_without_a_word():
    stub = submission(kata_result(graded(NOT_STARTED)))
    assert "The same file" not in class_page(Grades((stub, stub)), ["a", "b"])


def test_whoever_handed_in_what_cannot_be_read_is_told_to_hand_in_again_first():
    damaged = without_file(REFUSED, "`a.zip` is damaged")
    text = Page(learner_page(submission(damaged, troubles=("`a.zip` is damaged",)))).text
    assert "First pack or rename the files" in text and "kata hint" not in text
    text = Page(learner_page(submission(damaged, kata_result(graded(WRONG, 3, SCREEN))))).text
    assert text.index("First pack or rename") < text.index("kata hint add_noise")


def test_what_has_points_is_unfinished_and_not_without_a_start():
    begun = kata_result(graded(), graded(NOT_STARTED, 3, "write `f`", "b", "B."))
    assert "unfinished" in learner_page(submission(begun))
    assert "add_noise: unfinished" in class_page(Grades((submission(begun),)), ["a"])
    assert "unfinished" not in learner_page(submission(kata_result(graded(NOT_STARTED))))


def test_a_mistake_without_a_name_is_called_by_its_test():
    assert headline(graded(WRONG, 1, "  seen        nothing")) == "It is noise."


# Files


def test_seeds_are_in_nothing_that_a_learner_can_see(tmp_path):
    written = write_reports(ordinary(), tmp_path, FORMATS, environ=RUNNER)
    with_seeds = {p.name for p in written if any(seed in p.read_text() for seed in SEEDS)}
    assert with_seeds == {"grades.json", "conditions.html"}


def test_every_format_writes_its_files_whole(tmp_path):
    written = write_reports(ordinary(), tmp_path, FORMATS, environ=RUNNER)
    assert [str(path.relative_to(tmp_path)) for path in written] == [
        "grades.json",
        "grades.csv",
        "junit.xml",
        "html/index.html",
        "html/conditions.html",
        "html/learners/anna.html",
        "html/learners/Zoë-李.html",
        "gradescope/anna/results.json",
        "gradescope/Zoë-李/results.json",
        "classroom50/anna/result.json",
        "classroom50/Zoë-李/result.json",
        "github/anna/result.txt",
        "github/Zoë-李/result.txt",
    ]
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(written)


def test_reports_are_written_for_a_hostile_class_under_its_folder_alone(tmp_path):
    out = tmp_path / "out"
    written = write_reports(CLASSES["hostile"](), out, FORMATS, environ=RUNNER)
    assert all(path.resolve().is_relative_to(out) for path in written)
    assert list(tmp_path.iterdir()) == [out]


def test_names_of_files_are_safe_and_differ_in_every_folder():
    names = ["../../etc/passwd", "Anna", "anna", "anna-2", "", "/", "é", "e\u0301", "a\x00b"]
    assert file_names(names) == [
        "etc-passwd",
        "Anna",
        "anna-2",
        "anna-2-2",
        "submission",
        "submission-2",
        "é",
        "é-2",
        "a-b",
    ]


def test_reports_of_an_earlier_run_are_found(tmp_path):
    write_reports(ordinary(), tmp_path, ["html", "csv"])
    assert earlier(tmp_path, ["csv"]) == [tmp_path / "html"]
    assert earlier(tmp_path, FORMATS) == []


def test_learners_who_are_gone_leave_no_files(tmp_path):
    class_of_two = ordinary()
    write_reports(class_of_two, tmp_path, FORMATS, environ=RUNNER)
    (tmp_path / "html/learners/notes.txt").write_text("the teacher's own")
    anna = Grades(class_of_two.submissions[:1])
    written = write_reports(anna, tmp_path, FORMATS, environ=RUNNER)
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - set(written)
    assert left == {tmp_path / "html/learners/notes.txt"}
    assert not (tmp_path / "github/Zoë-李").exists()


def test_a_format_that_is_none_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(KataError, match=r"There is no report `pdf`\. --report is one of json, csv"):
        write_reports(ordinary(), tmp_path, ["json", "pdf"])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "html").write_text("in the way")
    with pytest.raises(KataError, match="Cannot write"):
        write_reports(ordinary(), tmp_path, ["html"])


def test_a_thousand_submissions_make_a_page_with_a_row_for_each(tmp_path):
    katas = [kata_result(graded(), kata=f"01_data/kata_{n}") for n in range(5)]
    grades = Grades(tuple(submission(*katas, name=f"learner {n}") for n in range(1000)))
    page = class_page(grades, [f"learners/{n}.html" for n in range(1000)])
    assert page.count('<th scope="row"><a') == 1000
    assert len(list(csv.reader(io.StringIO(table(grades))))) == 1001
