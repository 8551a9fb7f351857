"""start.ipynb is a notebook, and what its cells type exists."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kata.manifest import ROOT, load_manifest

NOTEBOOK = json.loads((ROOT / "start.ipynb").read_text(encoding="utf-8"))
CELLS = NOTEBOOK["cells"]
AMBIENT = {"JPY_PARENT_PID", "MPLBACKEND", "TTY_INTERACTIVE"}


def source(cell) -> str:
    return "".join(cell["source"])


def commands() -> list[list[str]]:
    """What the cells and the texts give to `pytest` and `kata`."""
    lines = [line.strip() for cell in CELLS for line in source(cell).splitlines()]
    words = [shlex.split(line[1:]) for line in lines if line.startswith(("!pytest", "!kata"))]
    assert len(words) >= 6
    return words


def test_it_is_a_notebook_that_was_never_run():
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert NOTEBOOK["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)
    for cell in CELLS:
        assert set(cell) >= {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_its_python_can_be_read():
    for cell in CELLS:
        if cell["cell_type"] == "code":
            lines = source(cell).splitlines()
            compile("\n".join(_without_magic(line) for line in lines), "cell", "exec")


def _without_magic(line: str) -> str:
    bare = line.lstrip()
    return line.replace(bare, "pass") if bare.startswith(("!", "%")) else line


def test_the_paths_in_it_exist():
    for program, *arguments in commands():
        if program == "pytest":
            path = Path(arguments[0].partition("::")[0])
            assert (ROOT / path).exists(), path


def test_the_commands_in_it_exist():
    from kata.__main__ import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    for program, *arguments in commands():
        if program == "kata" and arguments:
            command, *names = arguments
            assert command in known
            for name in names:
                assert load_manifest().find(name).name == name


def test_the_links_in_it_lead_somewhere():
    for cell in CELLS:
        for target in re.findall(r"\]\((?!http)(.*?)\)", source(cell)):
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize(("pid", "expected"), [("7", "0 agg"), (None, "None None")])
def test_in_a_notebook_nothing_moves_and_pictures_need_no_notebook(pid, expected):
    code = (
        "import os, kata.__main__; "
        "print(os.environ.get('TTY_INTERACTIVE'), os.environ.get('MPLBACKEND'))"
    )
    env = {key: value for key, value in os.environ.items() if key not in AMBIENT}
    if pid:
        env["JPY_PARENT_PID"] = pid
        env["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected
