"""`kata branch`: the reference branch, and the one to hand to a class.

Both are made from the commit that is checked out, in a git index of their own: the work tree, the
index and what is checked out stay as they are.
"""

import fnmatch
import os
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from kata.errors import KataError
from kata.manifest import EXERCISES, SOLUTIONS, Manifest, parse_manifest
from kata.stub import make_stub

KINDS = ("solutions", "starter")
NOT_FOR_A_CLASS = (
    f"{SOLUTIONS}/*",
    "tests/*/zoo_*.py",
    "tests/kata/*",
    "tests/attacks/*",
    "tests/data/*",
    "benchmarks/*",
    "data/pictures/*",
    "data/train*.py",
    "data/measure_models.py",
    ".ci/*",
    ".github/*",
    "CONTRIBUTING.md",
)


NOT_IN_ITS_README = r"(?s)<!-- not for a class -->.*?<!-- /not for a class -->\n"


class BranchError(KataError):
    """A branch cannot be made; nothing was changed."""


def make_branch(root: Path, kind: str, name: str) -> str:
    """Make or move the branch `name`; return its commit.

    kind  `solutions`: exercises filled in, on top of the commit that is checked out; `starter`:
          stubs only, in a single commit without a history
    Raises BranchError outside a git checkout and when the branch is checked out.
    """
    git = _Git(root)
    head = git.run("rev-parse", "--verify", "HEAD")
    if name in git.checked_out():
        raise BranchError(f"The branch `{name}` is checked out. Give another --name.")
    if git.run("check-ref-format", "--branch", name) != name:
        raise BranchError(f"`{name}` is no name for a branch.")
    manifest = parse_manifest(git.show("katas.toml"), root)
    changes = _filled_in(git, manifest) if kind == "solutions" else _emptied(git, manifest)
    tree = git.tree(head, changes, remove=() if kind == "solutions" else NOT_FOR_A_CLASS)
    message = f"{kind} of {head[:12]}"
    parents = ["-p", head] if kind == "solutions" else []
    commit = git.run("commit-tree", tree, "-m", message, *parents)
    earlier = git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", check=False)
    git.run("update-ref", f"refs/heads/{name}", commit)
    console = Console()
    console.print(f"Branch [bold]{name}[/] is now {commit[:12]}, made from {head[:12]}.")
    if earlier:
        console.print(
            f"It was {earlier[:12]} before: `git branch old {earlier[:12]}` brings it back."
        )
    return commit


def _filled_in(git: "_Git", manifest: Manifest) -> dict[str, str]:
    return {
        f"{EXERCISES}/{kata.id}.py": git.show(f"{SOLUTIONS}/{kata.id}.py")
        for kata in manifest.katas
    }


def _emptied(git: "_Git", manifest: Manifest) -> dict[str, str]:
    """Stubs, and a bare `pytest` that judges the learner: there is no reference to prove."""
    stubs = {
        f"{EXERCISES}/{kata.id}.py": make_stub(
            git.show(f"{SOLUTIONS}/{kata.id}.py"), kata.functions
        )
        for kata in manifest.katas
    }
    settings = git.show("pyproject.toml").replace(
        'testpaths = ["tests"]', f'testpaths = ["{EXERCISES}"]'
    )
    page = re.sub(NOT_IN_ITS_README, "", git.show("README.md"))
    return {**stubs, "pyproject.toml": settings, "README.md": page}


class _Git:
    """git in one checkout; a command that fails raises BranchError with what git said."""

    def __init__(self, root: Path):
        self.root = root

    def run(self, *arguments: str, check: bool = True, stdin: str | None = None, **env) -> str:
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=self.root,
                input=stdin,
                capture_output=True,
                encoding="utf-8",
                env={**os.environ, **env},
            )
        except FileNotFoundError as error:
            raise BranchError("git is not installed.") from error
        if check and done.returncode:
            raise BranchError(f"git {arguments[0]}: {done.stderr.strip() or 'no such thing'}")
        return done.stdout.rstrip("\n")

    def show(self, path: str) -> str:
        """The text of a file in the commit that is checked out."""
        return self.run("show", f"HEAD:{path}") + "\n"

    def checked_out(self) -> set[str]:
        """The branches that are checked out, here and in other work trees."""
        lines = self.run("worktree", "list", "--porcelain").splitlines()
        return {line.removeprefix("branch refs/heads/") for line in lines if "branch " in line}

    def tree(self, commit: str, changes: dict[str, str], remove: tuple[str, ...]) -> str:
        """Write the tree of `commit` with files changed and removed; return its hash."""
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.run("read-tree", commit, **env)
            for path in self.run("ls-files", **env).splitlines():
                if any(fnmatch.fnmatch(path, pattern) for pattern in remove):
                    self.run("update-index", "--force-remove", path, **env)
            for path, text in changes.items():
                blob = self.run("hash-object", "-w", "--stdin", stdin=text)
                self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", **env)
            return self.run("write-tree", **env)
