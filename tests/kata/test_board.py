"""The board: what a run has judged, what is done of all katas, and what is next."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from kata import board
from kata.board import Tally, show_board, show_progress_board
from kata.files import content_hash
from kata.manifest import EXERCISES, parse_manifest
from kata.progress import DONE, Record, remember
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, WRONG


@pytest.fixture(autouse=True)
def manifest(small, monkeypatch):
    monkeypatch.setattr(board, "load_manifest", lambda: small)
    return small


@pytest.fixture
def judge(small):
    """Write a kata and remember these verdicts on it: one test is worth two points each."""

    def judge(name, *verdicts):
        kata = small.find(name)
        kata.file(EXERCISES).write_text("def f(x):\n    return x + 1\n")
        tests = {f"test_{number}": verdict for number, verdict in enumerate(verdicts)}
        file, suite = content_hash(kata.file(EXERCISES)), content_hash(kata.suite)
        remember(small.root, [(kata.id, Record(file, suite, dict.fromkeys(tests, 2), tests))])
        return kata

    return judge


class Terminal:
    """As much of pytest's terminal as a board needs."""

    hasmarkup = False

    def __init__(self, brief=False):
        self.text = ""
        self.stats = {}
        self.config = SimpleNamespace(getoption={"brief": brief}.get)

    def write(self, text):
        self.text += text

    def ensure_newline(self):
        pass


def report(kata, verdict, points=1, tree=EXERCISES, when="call"):
    lesson = "02_training" if kata == "third" else "01_data"
    properties = {"kata": f"{lesson}/{kata}", "tree": tree, "verdict": verdict}
    return SimpleNamespace(user_properties=[*properties.items(), ("points", points)], when=when)


@pytest.fixture
def after_run(monkeypatch):
    def after_run(*reports, width=100, brief=False):
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = Terminal(brief)
        show_board(terminal, list(reports))
        return terminal.text

    return after_run


def row_of(kata, text):
    (row,) = [line for line in text.splitlines() if line[3:].startswith(f"{kata} ")]
    return row.split()


# After a run


@pytest.mark.parametrize(
    ("verdicts", "state", "text"),
    [
        ([PASSED, PASSED], DONE, "2 of 2 tests pass"),
        ([PASSED, WRONG], WRONG, "1 of 2 tests pass"),
        ([NOT_STARTED], NOT_STARTED, "not started"),
        ([NOT_STARTED, NOT_STARTED], NOT_STARTED, "not started"),
        ([PASSED, NOT_STARTED], WRONG, "1 of 2 tests pass, 1 not started"),
        ([WRONG, NOT_STARTED], WRONG, "0 of 2 tests pass, 1 not started"),
        ([PASSED, INFRASTRUCTURE], WRONG, "1 of 2 tests pass"),
    ],
)
def test_a_kata_is_as_good_as_its_worst_test(verdicts, state, text):
    tally = Tally(verdicts)
    assert (tally.state, tally.text) == (state, text)


def test_points_are_earned_by_tests_that_passed(after_run):
    text = after_run(report("first", PASSED, 2), report("first", WRONG, 4), report("first", PASSED))
    assert row_of("first", text)[-1] == "3"


def test_points_are_told_out_of_those_that_the_suite_has(after_run, judge):
    judge("first", PASSED, PASSED, WRONG)
    assert row_of("first", after_run(report("first", PASSED, 2)))[-1] == "2/6"


def test_next_comes_after_what_was_judged(after_run, judge):
    judge("second", PASSED)
    text = after_run(report("second", PASSED))
    assert "write  exercises/02_training/third.py" in text


def test_in_brief_a_kata_that_is_wrong_takes_one_line(after_run):
    text = after_run(report("first", PASSED), report("first", WRONG), brief=True)
    assert text == "✗ first: 1 of 2 tests pass, 1 points\n"


def test_in_brief_a_kata_that_is_done_says_what_is_next(after_run, judge):
    judge("first", PASSED)
    text = after_run(report("first", PASSED), brief=True)
    assert text.startswith("✓ first: 1 of 1 tests pass")
    assert "Next" in text and "second" in text


def test_only_what_was_judged_has_a_row_and_all_have_one_line(after_run, judge):
    judge("second", PASSED)
    text = after_run(report("third", PASSED))
    assert "02_training" in text
    assert row_of("third", text)[0] == "✓"
    assert "first" not in text.partition("Next")[0]
    assert "01_data" not in text.partition("Next")[0]
    assert "1 of 3 katas done, 2 points" in text


def test_katas_stand_in_the_order_of_the_manifest(after_run):
    text = after_run(report("third", PASSED), report("first", PASSED))
    assert text.index("01_data") < text.index("first") < text.index("02_training")
    assert text.index("02_training") < text.index("third")


def test_the_first_open_kata_of_the_run_is_next(after_run):
    text = after_run(report("third", WRONG), report("second", NOT_STARTED))
    assert "read   exercises/01_data/README.md" in text
    assert "write  exercises/01_data/second.py" in text
    assert "check  pytest exercises/01_data/second.py" in text
    assert "stuck  kata hint second" in text


def test_where_all_of_the_run_is_done_the_first_of_all_that_is_not_is_next(after_run, judge):
    judge("third", PASSED)
    judge("first", PASSED)
    text = after_run(report("third", PASSED), report("first", PASSED))
    assert "write  exercises/01_data/second.py" in text


def test_a_kata_of_which_a_part_was_judged_is_next_to_be_verified(after_run, judge):
    judge("third", PASSED, "skipped")
    text = after_run(report("third", PASSED))
    assert "(to be verified)\n  check  pytest exercises/02_training/third.py\n" in text


def test_when_all_are_done_nothing_is_next(after_run, judge):
    for name in ("first", "second", "third"):
        judge(name, PASSED)
    text = after_run(report("third", PASSED))
    assert "All done." in text
    assert "3 of 3 katas done, 6 of 6 points" in text
    assert "write" not in text


def test_tests_that_need_a_gpu_and_were_left_out_are_counted():
    terminal = Terminal()
    item = SimpleNamespace(get_closest_marker={"gpu": "mark"}.get)
    terminal.stats = {"deselected": [item, item, SimpleNamespace(get_closest_marker={}.get)]}
    show_board(terminal, [report("first", PASSED)])
    assert "Not run here: 2 that need a GPU." in terminal.text


def test_a_title_is_shown_as_it_stands(after_run):
    text = after_run(report("first", WRONG))
    assert text.count("Build [b]first[/b] with x[i]") == 2


@pytest.mark.parametrize(
    "reports",
    [
        [],
        [SimpleNamespace(user_properties=[], when="call")],
        [report("first", PASSED, tree="solutions")],
        [report("first", WRONG, when="teardown")],
    ],
    ids=["nothing", "another test", "the reference", "a teardown"],
)
def test_without_a_learners_kata_there_is_no_board(after_run, reports):
    assert after_run(*reports) == ""


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_board_fits_the_terminal(after_run, width):
    reports = [report("first", WRONG), report("first", NOT_STARTED), report("second", PASSED)]
    assert max(map(len, after_run(*reports, width=width).splitlines())) <= width


@pytest.mark.parametrize("width", [20, 60, 80])
def test_a_narrow_terminal_cuts_no_name_that_one_has_to_type(after_run, small, monkeypatch, width):
    long = "a_kata_with_a_long_name"
    text = (small.root / "katas.toml").read_text().replace('"first"', f'"{long}"')
    monkeypatch.setattr(board, "load_manifest", lambda: parse_manifest(text, small.root))
    text = after_run(report(long, WRONG), report(long, NOT_STARTED), width=width)
    assert row_of(long, text)[:2] == ["✗", long]


# A bare `kata`


@pytest.fixture
def progress_board(capsys):
    def progress_board(width=100):
        show_progress_board(Console(width=width))
        return capsys.readouterr().out

    return progress_board


def test_every_kata_has_its_state_tests_and_points(progress_board, judge):
    judge("first", PASSED, PASSED)
    judge("third", PASSED, WRONG, NOT_STARTED)
    text = progress_board()
    assert row_of("first", text)[-3:] == ["done", "2/2", "4/4"]
    assert row_of("second", text)[-4:] == ["not", "started", "–", "–"]  # noqa: RUF001
    assert row_of("third", text)[-3:] == ["wrong", "1/3", "2/6"]
    assert "1 of 3 katas done, 6 points" in text


def test_what_changed_since_is_to_be_verified_and_the_command_is_named(progress_board, judge):
    judge("first", PASSED, PASSED).suite.write_text("# an update")
    text = progress_board()
    assert row_of("first", text)[-5:] == ["to", "be", "verified", "–/2", "–/4"]  # noqa: RUF001
    assert "? to be judged as it is now: pytest exercises\n" in text
    assert "0 of 3 katas done, 0 points" in text


def test_lessons_are_headings(progress_board):
    lines = progress_board().splitlines()
    assert [line.split()[0] for line in lines if "A lesson" in line] == ["01_data", "02_training"]


def test_the_next_kata_is_named_with_its_commands(progress_board, judge):
    judge("first", PASSED)
    text = progress_board()
    assert "Next   Build [b]second[/b] with x[i] (about 15 minutes)" in text
    assert "check  pytest exercises/01_data/second.py" in text


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_progress_board_fits_the_terminal(progress_board, judge, width):
    judge("first", PASSED).suite.write_text("# an update")
    judge("third", *[PASSED] * 20)
    assert max(map(len, progress_board(width).splitlines())) <= max(width, 60)


def test_the_bar_is_readable_without_colour(progress_board, judge):
    judge("first", PASSED)
    assert f"All {'━' * 6}{'─' * 14} 1 of 3 katas done" in progress_board()


def test_a_bare_kata_shows_the_board(house):
    result = house.kata()
    assert result.status == 0
    assert "0 of 1 katas done" in result.output
    assert "kata hint add_noise" in result.output


def test_help_is_still_there(house):
    result = house.kata("--help")
    assert result.status == 0
    assert "reset" in result.output
    assert "katas done" not in result.output


def test_a_broken_manifest_is_told_without_a_traceback(house):
    (house.root / "katas.toml").write_text("[[lesson")
    result = house.kata()
    assert result.status == 2
    assert "katas.toml is not valid TOML" in result.output
    assert "Traceback" not in result.output
