"""What is shown while a class is graded, and when it is over."""

import io
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from kata.grading.board import LOG_EVERY, Board
from kata.grading.model import Grades, KataResult, SubmissionResult, TestResult
from kata.grading.printable import without_commands
from kata.grading.summary import MOST_LINES, show_summary
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG


@dataclass
class Job:
    key: str
    kata: str = "02_training/add_noise"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100, highlight=False)


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), width=100, highlight=False, force_terminal=True)


def result(verdict, key="key", points=0, note="", feedback=""):
    tests = (TestResult("test_x", "It works", points, 3, verdict, feedback),)
    kata = "02_training/add_noise"
    return KataResult(kata, "Corrupt", verdict, points, 3, tests, note, "f" * 64, key)


def said(console):
    return console.file.getvalue()


def test_each_verdict_counts_for_all_who_share_it(console):
    with Board(console, {"a": 3, "b": 1, "blank": 0}) as board:
        board.finished(Job("a"), result(PASSED), known=True)
        board.finished(Job("b"), result(WRONG), known=False)
        board.finished(Job("blank"), result(NOT_STARTED), known=False)
    assert "3 of 3 files · 1 known before · 2 more are alike · 3 passed · 1 wrong" in said(console)


def test_a_log_has_a_line_now_and_then(console):
    clock = Clock()
    with Board(console, {str(n): 1 for n in range(100)}, clock=clock) as board:
        for number in range(60):
            clock.now += 1
            board.finished(Job(str(number)), result(PASSED), known=False)
    lines = said(console).splitlines()
    assert len(lines) == len(set(lines)) == 60 // LOG_EVERY  # the last one is told once
    assert lines[0] == "15 of 100 files · 60 a minute · 85 s left · 15 passed"


def test_the_rate_is_that_of_judging_whatever_was_known_and_imported(console):
    clock = Clock()
    board = Board(console, {str(n): 1 for n in range(400)}, clock=clock)
    for number in range(100):
        clock.now += 1
        board.finished(Job(str(number)), result(PASSED), known=True)
    for number in range(100, 103):
        clock.now += 30
        board.finished(Job(str(number)), result(PASSED), known=False)
    assert "2 a minute · 148 minutes left" in board.line()


def test_a_terminal_shows_what_is_being_judged(terminal):
    with Board(terminal, {"a": 1, "b": 1}) as board:
        board.started(Job("a"))
        board.started(Job("b"))
        terminal.print(board)
        board.finished(Job("a"), result(PASSED), known=False)
        board.finished(Job("b"), result(PASSED), known=False)
    assert "add_noise (x2)" in said(terminal)


@pytest.mark.parametrize("width", [80, 60, 40])
def test_a_narrow_terminal_shows_the_rate_and_the_time_left(width):
    terminal = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    clock = Clock()
    board = Board(terminal, {str(n): 2 for n in range(400)}, clock=clock, quiet=True)
    for number in range(30):
        clock.now += 30
        board.finished(Job(str(number)), result(PASSED), known=number < 10)
    terminal.print(board)
    lines = said(terminal).splitlines()
    assert not any("of 400 files" in line and "━" in line for line in lines)
    assert "2 a minute · 185 minutes left" in " ".join(said(terminal).split())
    assert max(map(len, lines)) <= width


def test_quiet_says_nothing(console, terminal):
    for one in (console, terminal):
        with Board(one, {"a": 1}, quiet=True) as board:
            board.finished(Job("a"), result(PASSED), known=False)
        assert said(one) == ""


def submission(name, *results, troubles=()):
    return SubmissionResult(name, name, results, troubles)


def test_a_class_has_its_statistics(console, tmp_path):
    results = [result(PASSED, points=3), result(WRONG, points=1), result(NOT_STARTED)]
    one = [submission(str(n), kata) for n, kata in enumerate(results)]
    show_summary(console, Grades(tuple(one)), [tmp_path / "grades.csv"])
    assert "3 submissions: of 3 points they have 0 to 3, the median is 1" in said(console)
    assert "1.3 of 3" in said(console)
    assert "grades.csv" in said(console)


def test_what_is_not_judged_lowers_no_mean(console):
    three = (result(PASSED, points=3), result(PASSED, points=2), result(INFRASTRUCTURE))
    show_summary(console, Grades(tuple(submission(str(n), k) for n, k in enumerate(three))), [])
    assert "not judged" in said(console) and "infrastructure" not in said(console)
    assert "2.5 of 3" in said(console)
    assert "3 submissions, of which 2 are judged whole: of 3 points they have 2 to" in said(console)


def test_why_a_file_was_refused_is_among_the_troubles(console):
    refused = replace(result(REFUSED, note="`x.py` is a link"), tests=())
    whole = submission("bob", refused, replace(refused, note="bad"), troubles=("bad",))
    show_summary(console, Grades((submission("ann", refused), whole)), [])
    assert "ann: 02_training/add_noise: `x.py` is a link" in said(console)
    assert said(console).count("bad") == 1


def test_the_end_of_a_traceback_tells_why_something_was_not_judged(console):
    lost = replace(result(INFRASTRUCTURE), details="Traceback\n  x\nMemoryError: no room")
    show_summary(console, Grades((submission("ann", lost), submission("bob", lost))), [])
    assert "ann, bob: 02_training/add_noise: MemoryError: no room" in said(console)


def test_a_single_submission_shows_the_first_feedback_of_each_kata(console):
    wrong = result(WRONG, feedback="seen [3] tensors")
    tests = (*wrong.tests, TestResult("test_y", "Also", 0, 1, WRONG, "and more"))
    show_summary(console, Grades((submission("ann", replace(wrong, tests=tests)),)), [])
    assert "seen [3] tensors" in said(console)
    assert "and more" not in said(console)
    assert "ann: 0 of 3 points" in said(console)


def test_troubles_are_told_as_lines_and_not_by_the_hundred(console):
    many = [submission(str(n), result(PASSED), troubles=("a [bomb]",)) for n in range(40)]
    show_summary(console, Grades(tuple(many)), [])
    assert "0: a [bomb]" in said(console)
    assert f"and {40 - MOST_LINES} more" in said(console)


def test_a_class_of_all_verdicts_fits_a_terminal_of_80_columns():
    terminal = Console(file=io.StringIO(), width=80)
    verdicts = (PASSED, NOT_STARTED, WRONG, REFUSED, INFRASTRUCTURE)
    results = [replace(result(v), kata="00_hello_pipeline/pipeline_anatomy") for v in verdicts]
    one = [submission(str(number), kata) for number, kata in enumerate(results)]
    show_summary(terminal, Grades(tuple(one)), [])
    head, row = said(terminal).splitlines()[:2]
    assert row.startswith("pipeline_anatomy") and len(head) == len(row) <= 80


def test_of_a_single_submission_what_holds_for_all_is_told_once_and_what_is_short_in_its_line(
    console,
):
    missing = replace(result(NOT_STARTED, note="the file is missing"), tests=())
    refused = replace(result(REFUSED, note="`ann.rar` is no form that is read"), tests=())
    one = submission("ann", missing, refused, refused, troubles=(refused.note,))
    show_summary(console, Grades((one,)), [])
    assert "not started, 0 of 3 points: the file is missing\n" in said(console)
    assert said(console).count(refused.note) == 1


@pytest.mark.parametrize("names", [("ann", "bob"), ("ann",)])
def test_what_could_not_be_judged_is_told_once(console, names):
    lost = result(INFRASTRUCTURE, note="no memory")
    show_summary(console, Grades(tuple(submission(name, lost) for name in names)), [])
    assert said(console).count("no memory") == 1


@pytest.mark.parametrize("names", [("ann", "bob"), ("ann",)])
def test_nothing_that_a_submission_says_is_a_command_to_ci(console, names):
    evil = "::error::stolen\n  ::set-output name=result::all\n##[add-path]/tmp ##vso[task.complete]"
    found = result(WRONG, feedback=evil), result(INFRASTRUCTURE, note=evil)
    one = [submission(name, *found, troubles=(evil,)) for name in names]
    show_summary(console, Grades(tuple(one)), [], remarks=[evil])
    assert "stolen" in said(console)
    assert not any(line.strip().startswith("::") for line in said(console).splitlines())
    assert "##[" not in said(console) and "##vso[" not in said(console)


def test_a_name_of_a_test_is_no_command():
    assert without_commands("test_a.py::test_b, seen 1::2") == "test_a.py::test_b, seen 1::2"


def test_a_class_of_nobody_is_said(console):
    show_summary(console, Grades(()), [])
    assert "no submissions" in said(console)


def test_the_pages_of_many_learners_are_told_as_a_folder(console, tmp_path):
    pages = [tmp_path / "learners" / f"{n}.html" for n in range(9)]
    show_summary(console, Grades(()), [tmp_path / "index.html", *pages, tmp_path / "grades.csv"])
    lines = [line for line in said(console).splitlines() if line.startswith("report")]
    assert [line.rpartition("/")[2] for line in lines] == ["index.html", " (9 files)", "grades.csv"]
