"""What the benchmarks of the suites share."""

import contextlib
import io
from pathlib import Path

import pytest


def judge(paths: list[str], seed: int, root: Path, plugin: object) -> None:
    """Run these suites in silence on the inputs of a seed; `plugin` hears what pytest reports."""
    options = ["-p", "no:cacheprovider", f"--kata-seed={seed}", f"--rootdir={root}"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*options, *paths], plugins=[plugin])
