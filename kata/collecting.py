"""From a path to a suite: `exercises/...` judges the learner, `solutions/...` the reference.

A pytest plugin. A file under `exercises/` or `solutions/` collects the suite that grades it; a zoo
collects its suite once for each of its answers. Every item of a suite carries the `answer` that it
judges.
"""

import math
import os

import pytest

from kata.answer import Answer
from kata.diagnosis import diagnose
from kata.manifest import TREES, ManifestError, load_manifest
from kata.reporting import failure_text
from kata.zoo import NOTHING, entries, verify_diagnosis, verify_rejection

try:
    MANIFEST = load_manifest()
except ManifestError as error:
    raise pytest.UsageError(str(error)) from None
MOST_PROCESSES = 4  # each holds the libraries in memory, nearly a gigabyte
SUITES = {kata.suite: kata for kata in MANIFEST.katas}
ZOOS = {kata.zoo: kata for kata in MANIFEST.katas}


class KataFile(pytest.File):
    """A learner's or a reference file: its tests are those of the suite."""

    def collect(self):
        suite = self.answer.kata.suite
        if not suite.is_file():
            raise self.CollectError(f"{self.path} has no suite: {suite} is missing")
        module = pytest.Module.from_parent(self, path=suite, nodeid=self.nodeid)
        items = module.collect()
        for node in (module, *items):
            node.path = self.path  # an editor lists a test under its path, and runs what lies there
        return items


class ZooFile(pytest.Module):
    """A zoo: one collector for each of its answers, and one for nothing at all."""

    def collect(self):
        for entry in [*entries(self.obj), NOTHING]:
            node = ZooAnswer.from_parent(self, name=entry.name)
            node.answer = Answer(ZOOS[self.path], entry=entry)
            yield node


class ZooAnswer(pytest.Collector):
    """One answer of a zoo: a mistake with the test that must reject it, or a variant with all."""

    def collect(self):
        suite = self.answer.kata.suite
        module = pytest.Module.from_parent(self, path=suite, nodeid=self.nodeid)
        items = [item for item in module.collect() if self.answer.entry.takes(item.name)]
        if not items:
            raise self.CollectError(f"{suite} has no test `{self.answer.entry.rejected_by}`")
        return items


def pytest_addoption(parser):
    parser.addoption(
        "--kata-seed", type=int, default=0, help="seed of the inputs that suites draw (default 0)"
    )
    parser.addoption(
        "--each-test",
        action="store_true",
        help="run each test of a kata that is not started, too (kata check: all must be red)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """A bare `pytest` proves the whole project: on all cores, unless it is told otherwise."""
    bare = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_worker = hasattr(config, "workerinput")  # whose options are those of the main process
    if bare and not is_worker and config.option.numprocesses is None and not config.option.usepdb:
        config.option.numprocesses = min(os.cpu_count() or 1, MOST_PROCESSES)


def pytest_sessionstart(session):
    """Processes side by side leave each other the cores: threads that wait for one burn it."""
    if hasattr(session.config, "workerinput"):
        import torch

        torch.set_num_threads(1)


def pytest_ignore_collect(collection_path, config):
    """Tests of the learner's own are welcome beside the stubs; other files are passed over."""
    if collection_path.suffix != ".py" or not _in_trees(collection_path):
        return None
    named = {str(config.invocation_params.dir / argument) for argument in config.args}
    is_test = collection_path.name.startswith("test_") or MANIFEST.kata_at(collection_path)
    return None if is_test or str(collection_path) in named else True


def pytest_pycollect_makemodule(module_path, parent):
    if found := MANIFEST.kata_at(module_path):
        tree, kata = found
        node = KataFile.from_parent(parent, path=module_path)
        node.answer = Answer(kata, tree)
        return node
    if module_path in ZOOS:
        return ZooFile.from_parent(parent, path=module_path)
    if _in_trees(module_path) and not module_path.name.startswith("test_"):
        raise pytest.UsageError(
            f"{module_path.relative_to(MANIFEST.root)} is no kata. "
            f"There are: {', '.join(kata.name for kata in MANIFEST.katas)}."
        )
    return None


def pytest_itemcollected(item):
    """Tell every item which answer it judges; a suite under `tests/` judges the reference."""
    nodes = [node for node in item.iter_parents() if hasattr(node, "answer")]
    if nodes:
        item.answer = nodes[0].answer
        if isinstance(nodes[0], KataFile):  # where an editor goes: the learner's file, from its top
            item.location = (item.nodeid.partition("::")[0], 0, item.location[2])
    elif item.path in SUITES:
        item.answer = Answer(SUITES[item.path])


def pytest_collection_modifyitems(config, items):
    """Without a GPU its tests are not there, unless they were asked for by `-m gpu`."""
    import torch

    if not torch.cuda.is_available() and "gpu" not in config.getoption("markexpr"):
        left_out = [item for item in items if item.get_closest_marker("gpu")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Look at the file before its test runs; turn a mistake's rejection into a pass."""
    answer = getattr(pyfuncitem, "answer", None)
    if answer is None:
        return (yield)
    if not pyfuncitem.config.getoption("each_test"):
        answer.check_file()
    if answer.entry is None or not answer.entry.is_mistake:
        return (yield)
    try:
        yield
    except BaseException as error:
        text = failure_text(pyfuncitem, error)
        if text is None:
            raise  # not the answer's doing: the suite itself is broken
        verify_rejection(answer.entry, text)
        if answer.entry.original is not None:
            named = diagnose(pyfuncitem.funcargs["exercise"], pyfuncitem.name, longest=math.inf)
            verify_diagnosis(answer.entry, named)
        return True
    verify_rejection(answer.entry, None)


def _in_trees(path):
    return any(path.is_relative_to(MANIFEST.root / tree) for tree in TREES)
