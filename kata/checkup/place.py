"""Where one stands: the checkout, the environment, and what in them leads Python astray."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from packaging.requirements import Requirement

from kata.checkup import (
    FINE,
    REMARK,
    TROUBLE,
    Finding,
    install_command,
    restore_command,
    unset_command,
)
from kata.errors import KataError

PROJECT = "diffusers-katas"
THEIR_PARTS = {"PIL", "numpy", "safetensors", "tokenizers", "huggingface_hub", "xdist"}


def repository(root: Path) -> Iterator[Finding]:
    """Which state of the project this is: the first thing that a bug report needs."""
    version = project(root)["version"]
    git = ["git", "-C", str(root), "log", "-1", "--format=%h of %as"]
    commit = "no git checkout"
    if (root / ".git").exists() and shutil.which("git"):
        done = subprocess.run(git, capture_output=True, text=True, timeout=20)
        commit = f"commit {done.stdout.strip()}" if done.returncode == 0 else done.stderr.strip()
    yield Finding(FINE, "repository", f"{PROJECT} {version}, {commit}")


def directory(root: Path) -> Iterator[Finding]:
    """The working directory: what the pages say to type is for the root of the checkout."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        yield Finding(TROUBLE, "directory", "the one you are in was deleted", f'cd "{root}"')
        return
    checkout = next((p for p in (here, *here.parents) if (p / "katas.toml").is_file()), None)
    if here == root:
        yield Finding(FINE, "directory", str(root))
    elif checkout == root:
        seen = f"{here.relative_to(root)}/, but what the pages say to type is for {root}"
        yield Finding(REMARK, "directory", seen, f'cd "{root}"')
    elif checkout is None:
        yield Finding(REMARK, "directory", f"{here}, outside of {root}", f'cd "{root}"')
    else:
        seen = f"{checkout}, but this `kata` is the one of another checkout, {root}"
        yield Finding(TROUBLE, "directory", seen, f'cd "{checkout}" && {install_command(checkout)}')


def installed(root: Path) -> Iterator[Finding]:
    """The command `kata` works on the checkout that it was installed from."""
    what, mend = "kata", install_command(root)
    try:
        origin = json.loads(distribution(PROJECT).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        seen = "not installed; only `python -m kata` works, in the root"
        yield Finding(REMARK, what, seen, mend)
        return
    if not origin.get("dir_info", {}).get("editable"):
        yield Finding(TROUBLE, what, "installed as a copy, which never sees your files", mend)
        return
    source = Path(url2pathname(urlparse(origin["url"]).path))
    if source.resolve() == root.resolve():
        yield Finding(FINE, what, "installed from this checkout")
    else:
        seen = f"the command `kata` is installed from another checkout, {source}"
        yield Finding(REMARK, what, seen, mend)


def environment(root: Path) -> Iterator[Finding]:
    """A virtual environment, conda's, or Colab's own; and whether uv is there."""
    uv = "uv is there" if shutil.which("uv") else "without uv, which is not needed"
    if "COLAB_RELEASE_TAG" in os.environ:
        yield Finding(FINE, "environment", f"Colab's own; {uv}")
    elif sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ:
        yield Finding(FINE, "environment", f"{sys.prefix}; {uv}")
    else:
        mend = "python -m venv .venv, then as README.md says under *Other ways to install*"
        yield Finding(REMARK, "environment", f"none: this is the system's Python; {uv}", mend)


def variables(root: Path) -> Iterator[Finding]:
    """Environment variables that change what Python and pytest do."""
    effects = {
        "PYTHONPATH": (REMARK, "what lies there comes before what is installed"),
        "PYTEST_ADDOPTS": (REMARK, "adds to every pytest"),
        "PYTEST_PLUGINS": (REMARK, "loads more into every pytest"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": (TROUBLE, "leaves out plugins that the suites need"),
    }
    present = {name: value for name in effects if (value := os.environ.get(name))}
    for name, value in present.items():
        mark, effect = effects[name]
        yield Finding(mark, "variables", f"{name}={value}: {effect}", unset_command(name))
    if not present:
        yield Finding(FINE, "variables", f"none of {', '.join(effects)} is set")


def shadows(root: Path) -> Iterator[Finding]:
    """Files that Python would import in the place of a library of the same name."""
    libraries = {Requirement(text).name.replace("-", "_") for text in dependencies(root)}
    names = libraries | THEIR_PARTS | sys.stdlib_module_names
    first = [Path(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    found = False
    for folder in dict.fromkeys([root, *first, *sorted((root / "exercises").glob("*/"))]):
        for path in _modules(folder, names):
            found = True
            mark = REMARK if folder.parent == root / "exercises" else TROUBLE
            where = path.relative_to(root) if path.is_relative_to(root) else path
            seen = f"{where} hides the library `{path.stem}` from Python"
            yield Finding(mark, "shadows", seen, f"mv {where} {where.with_stem('my_' + path.stem)}")
    if not found:
        yield Finding(FINE, "shadows", "no file has the name of a library")


def project(root: Path) -> dict:
    """The table [project] of pyproject.toml. Raises KataError where it cannot be read."""
    try:
        return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, KeyError) as error:
        mend = restore_command(root, ["pyproject.toml"])
        raise KataError(f"pyproject.toml cannot be read ({error}): {mend}") from error


def dependencies(root: Path) -> list[str]:
    return project(root)["dependencies"]


def _modules(folder: Path, names: set[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if path.stem in names and (path.suffix == ".py" or (path / "__init__.py").is_file())
    ]
