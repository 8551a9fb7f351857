"""What a run shows: a verdict for each test, one screen for each failure, the board at the end.

A pytest plugin. The whole traceback comes back with `-vv`, `--pdb` or any `--tb`; `--brief` shows
the first failure alone and the others in a line each.
"""

import time

import pytest

from kata.board import show_board
from kata.diagnosis import LONGEST, diagnose
from kata.exercise import Exercise
from kata.recording import points_of
from kata.screen import Screen, fold, is_timeout, make_screen, show_briefly
from kata.verdict import (
    INFRASTRUCTURE,
    NOT_STARTED,
    PASSED,
    REFUSED,
    WRONG,
    NotStarted,
    Refused,
)
from kata.zoo import ZooError


def pytest_addoption(parser):
    parser.addoption(
        "--brief",
        action="store_true",
        help="katas: the first failure in full, the others in a line each (kata watch)",
    )


def pytest_configure(config):
    if config.getoption("brief"):
        config.option.tbstyle, config.option.reportchars = "no", "N"


def failure_text(item: pytest.Item, error: BaseException) -> str | None:
    """What the learner reads when `error` ended the test; None for trouble that is not theirs."""
    screen = make_screen(item.answer, item.funcargs.get("exercise"), sentence_of(item), error)
    return None if screen is None else str(screen)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """One result speaks for a file that cannot be judged: its other tests are passed over."""
    if getattr(item, "answer", None) is None or not item.answer.broken:
        return None
    item.session._setupstate.teardown_exact(nextitem)  # what its own teardown would have done
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    answer = getattr(item, "answer", None)
    if answer is None or (call.when != "call" and call.excinfo is None):
        return report
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, ZooError):
        report.longrepr = str(error)
        return report
    exercise = item.funcargs.get("exercise")
    if is_timeout(error):
        answer.broken = True  # the other tests would wait for the same loop
    mistake = _mistake(item, exercise, error)
    screen = make_screen(answer, exercise, sentence_of(item), error, mistake)
    properties = [
        ("kata", answer.kata.id),
        ("tree", answer.tree),
        ("verdict", _verdict(error, screen)),
        ("points", points_of(item)),
        ("sentence", sentence_of(item)),
    ]
    item.user_properties += properties  # JUnit XML takes them from the report of the teardown
    report.user_properties += properties
    if screen is None:
        return report
    if _wants_one_screen(item.config):
        report.longrepr = fold(screen, answer.told)
    elif mistake:
        report.sections.append(("mistake", mistake))
    return report


def _mistake(item: pytest.Item, exercise: Exercise | None, error: BaseException | None) -> str:
    """The misconception that gives the very results of a learner's wrong answer, or ""."""
    is_learners = item.answer.entry is None and exercise is not None
    if not is_learners or not isinstance(error, Exception):
        return ""
    if isinstance(error, (NotStarted, Refused)):
        return ""
    answer = item.answer
    if item.config.getoption("brief") and answer.told:
        return ""  # the first failure alone is shown in full
    started = time.monotonic()
    found = diagnose(exercise, item.name, LONGEST - answer.spent)
    answer.spent += time.monotonic() - started
    return found.misconception if found else ""


def pytest_report_teststatus(report):
    properties = getattr(report, "user_properties", [])  # the report of a collector has none
    if report.failed and ("verdict", NOT_STARTED) in properties:
        return "not started", "-", ("NOT STARTED", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("brief"):
        kinds = (terminalreporter.stats.get(kind, []) for kind in ("error", "failed", NOT_STARTED))
        failures = [report.longrepr for kind in kinds for report in kind]
        show_briefly(config.get_terminal_writer(), failures)
    reports = [report for stat in terminalreporter.stats.values() for report in stat]
    show_board(terminalreporter, [r for r in reports if hasattr(r, "user_properties")])


def _verdict(error: BaseException | None, screen: Screen | None) -> str:
    if error is None:
        return PASSED
    if isinstance(error, NotStarted):
        return NOT_STARTED
    if isinstance(error, Refused):
        return REFUSED
    return INFRASTRUCTURE if screen is None else WRONG


def sentence_of(item: pytest.Item) -> str:
    """The first line of the test's docstring, or its name as words."""
    doc = (item.function.__doc__ or "").strip().splitlines()
    return doc[0].rstrip(".") if doc else item.originalname.removeprefix("test_").replace("_", " ")


def _wants_one_screen(config: pytest.Config) -> bool:
    style = "no" if config.getoption("brief") else "auto"
    return (
        config.get_verbosity() < 2 and config.option.tbstyle == style and not config.option.usepdb
    )
