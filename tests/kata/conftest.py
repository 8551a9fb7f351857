"""A house of one's own: a copy of the repository with one kata, to break and to judge."""

import contextlib
import multiprocessing
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kata.manifest import EXERCISES, ROOT, SOLUTIONS, parse_manifest

ADD_NOISE = "02_training/add_noise"
OURS = ("kata", "tests", "exercises", "solutions")
TOOLING = ("kata", "conftest.py", "pyproject.toml")
SMALL_LESSON = '[[lesson]]\nname = "{}"\ntitle = "A lesson"\n'
SMALL_KATA = """[[lesson.kata]]
name = "{0}"
title = "Build [b]{0}[/b] with x[i]"
minutes = 15
concepts = []
functions = ["f"]
hints = ["one", "two", "three"]
"""
SMALL_SOLUTION = '''"""Build something."""


def f(x):
    """Return one more."""
    # Add.
    return x + 1
'''


@pytest.fixture(autouse=True)
def started_without_uv(monkeypatch):
    """What a message says to type is the same, however the tests were started."""
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)


@dataclass
class Result:
    status: int
    output: str


class House:
    """A repository that holds the tooling and the kata add_noise."""

    def __init__(self, root: Path):
        self.root = root
        self.exercise = root / "exercises" / f"{ADD_NOISE}.py"
        self.solution = root / "solutions" / f"{ADD_NOISE}.py"
        self.suite = root / "tests/02_training/test_add_noise.py"
        self.zoo = root / "tests/02_training/zoo_add_noise.py"
        self.show = root / "tests/02_training/show_add_noise.py"
        self.page = root / "exercises/02_training/README.md"

    def pytest(self, *arguments: str) -> Result:
        """Run pytest in this house, in a fork that has the libraries imported already."""
        return self._fork(_run_pytest, arguments)

    def kata(self, *arguments: str) -> Result:
        """Run the command line in this house, likewise."""
        return self._fork(_run_kata, arguments)

    def _fork(self, run, arguments) -> Result:
        log = self.root / ".output"
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_inside, args=(self.root, log, run, arguments))
        process.start()
        process.join()
        return Result(process.exitcode, log.read_text(errors="replace"))


@pytest.fixture
def house(tmp_path) -> House:
    for name in TOOLING:
        _copy(ROOT / name, tmp_path / name)
    house = House(tmp_path)
    for path in (house.exercise, house.solution, house.suite, house.zoo, house.page):
        path.parent.mkdir(parents=True, exist_ok=True)
    model = Path(__file__).parent / "house"
    _copy(model / "solution.py", house.solution)
    _copy(model / "suite.py", house.suite)
    _copy(model / "zoo.py", house.zoo)
    _copy(model / "show.py", house.show)
    _copy(model / "katas.toml", tmp_path / "katas.toml")
    house.page.write_text("# Training\n\n## add_noise\n\n" + "Words that explain noise. " * 20)
    from kata.manifest import load_manifest
    from kata.stubs import stub_of

    house.exercise.write_text(stub_of(load_manifest(tmp_path).katas[0]))
    return house


@pytest.fixture
def small(tmp_path):
    """The manifest of three small katas in two lessons, each a stub with a reference and a suite.

    For what looks at files and runs none.
    """
    from kata.stubs import stub_of

    text = SMALL_LESSON.format("01_data") + SMALL_KATA.format("first") + SMALL_KATA.format("second")
    text += SMALL_LESSON.format("02_training") + SMALL_KATA.format("third")
    (tmp_path / "katas.toml").write_text(text)
    manifest = parse_manifest(text, tmp_path)
    for kata in manifest.katas:
        for path in (kata.file(EXERCISES), kata.file(SOLUTIONS), kata.suite):
            path.parent.mkdir(parents=True, exist_ok=True)
        kata.file(SOLUTIONS).write_text(SMALL_SOLUTION)
        kata.file(EXERCISES).write_text(stub_of(kata))
        kata.suite.write_text(f"# the suite of {kata.name}")
    return manifest


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _inside(root: Path, log: Path, run, arguments) -> None:
    """In the fork: forget this repository's modules, so that the house's own are imported."""
    import torch

    torch.set_num_threads(1)  # the threads of the parent's pool do not live on in a fork
    for name in [n for n in sys.modules if n.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(root), *(p for p in sys.path if Path(p).resolve() != ROOT)]
    os.chdir(root)
    os.environ.pop("PYTEST_XDIST_WORKER", None)
    os.environ["COLUMNS"] = "100"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
    status = 70
    with contextlib.suppress(SystemExit):
        status = run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _run_pytest(arguments) -> int:
    return int(pytest.main(["-p", "no:cacheprovider", "--disable-warnings", *arguments]))


def _run_kata(arguments) -> int:
    from kata.__main__ import app

    try:
        app(list(arguments), standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
