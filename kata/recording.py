"""What a run has judged of the learner's katas is added to their progress when it ends.

A pytest plugin. Each verdict travels with the hashes of what it was given on, from the process that
judged to the one that writes: under pytest-xdist these are two. It travels in the report alone, not
in the item, so that JUnit XML does not repeat it.
"""

import pytest

from kata.files import content_hash
from kata.manifest import EXERCISES, ROOT
from kata.progress import Record, progress_file, remember
from kata.verdict import INFRASTRUCTURE

SUITE = pytest.StashKey[str | None]()
POINTS = pytest.StashKey[dict[str, int]]()
FILE = pytest.StashKey[str | None]()


def points_of(item: pytest.Item) -> int:
    """What a test is worth."""
    marker = item.get_closest_marker("points")
    return marker.args[0] if marker else 1


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config), "kata-recorder")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_make_collect_report(collector):
    """Note all tests of a learner's kata, before `--lf` leaves out any, and the suite's hash."""
    answer = getattr(collector, "answer", None)
    if answer is None or answer.tree != EXERCISES:
        return (yield)
    collector.stash[SUITE] = content_hash(answer.kata.suite)
    report = yield
    items = [item for item in report.result or [] if isinstance(item, pytest.Item)]
    collector.stash[POINTS] = {_name(item): points_of(item) for item in items if _runs_here(item)}
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The learner may save while the suite runs: the hash is taken anew for each test."""
    answer = getattr(item, "answer", None)
    if answer is not None and answer.tree == EXERCISES:
        item.stash[FILE] = content_hash(answer.path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    file = item.stash.get(FILE, None)
    if file is not None and call.when != "teardown" and content_hash(item.answer.path) == file:
        report.user_properties.append(("judged", _judged(item, file)))
    return report


def _judged(item: pytest.Item, file: str) -> tuple:
    collector = next(node for node in item.iter_parents() if POINTS in node.stash)
    return _name(item), file, collector.stash[SUITE], collector.stash[POINTS]


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[2]


def _runs_here(item: pytest.Item) -> bool:
    import torch

    return torch.cuda.is_available() or not item.get_closest_marker("gpu")


class Recorder:
    """Gathers the verdicts of a run in the process that reports them."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.judged: list[tuple[str, Record]] = []

    def pytest_runtest_logreport(self, report):
        facts = dict(report.user_properties)
        if "judged" not in facts or facts.get("verdict") in (None, INFRASTRUCTURE):
            return
        test, file, suite, points = facts["judged"]
        self.judged.append((facts["kata"], Record(file, suite, points, {test: facts["verdict"]})))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self):
        """Also after Ctrl-C, and before the board is drawn, which reads what is written here."""
        if not self.judged:
            return
        try:
            remember(ROOT, self.judged)
        except OSError as error:
            terminal = self.config.pluginmanager.get_plugin("terminalreporter")
            terminal.ensure_newline()
            why = error.strerror or error
            terminal.line(f"Progress cannot be kept: {progress_file(ROOT)}: {why}.", yellow=True)
