"""Grade the checkout in which Classroom 50 runs this: `result.json` in it, and exit status 0.

Any other status means that the grader failed. The page `feedback.html` is for the learner: name it
among the assignment's release assets. Nothing of the checkout is run or imported here: whatever is
started is started in another folder.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = "@repository@"
COMMIT = "@commit@"
ARGUMENTS = ["@arguments@"]

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "ASSIGNMENT_TYPE", "OWNER", "USERNAME", "REVIEW_URL")
IDENTITY = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")


def main() -> int:
    checkout = Path.cwd()
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as folder:
        work = Path(folder)
        work.chmod(0o711)
        try:
            grader = fetch(work / "katas")
            python = install(work / "environment", grader)
            result, page = grade(python, grader, checkout, work / "grades")
        except (OSError, subprocess.CalledProcessError, LookupError) as error:
            print(f"The grader failed: {error}", file=sys.stderr)
            return 1
        put(result, checkout / "result.json")
        put(page, checkout / "feedback.html")
    return 0


def fetch(grader: Path) -> Path:
    """Get the katas at the commit that this file was made for."""
    grader.mkdir()
    for command in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth", "1", REPOSITORY, COMMIT],
        ["checkout", "--quiet", "FETCH_HEAD"],
    ):
        run(["git", *command], grader)
    for name in (".git", "tests", "solutions"):
        (grader / name).chmod(0o700)
    return grader


def install(environment: Path, grader: Path) -> Path:
    """Install what the katas need; return the Python that has it."""
    tools = environment.with_name("tools")
    run([sys.executable, "-I", "-m", "venv", str(tools)], grader)
    run([str(tools / "bin/python"), "-I", "-m", "pip", "install", "--quiet", "uv"], grader)
    uv, python = str(tools / "bin/uv"), environment / "bin/python"
    run([uv, "venv", "--quiet", "--python", "3.12", str(environment)], grader)
    libraries = ["--torch-backend", "cpu", "-r", "pyproject.toml"]
    run([uv, "pip", "install", "--quiet", "--python", str(python), *libraries], grader)
    return python


def grade(python: Path, grader: Path, checkout: Path, out: Path) -> tuple[Path, Path]:
    """Return the result and the learner's page. Raises LookupError where one is missing."""
    command = [str(python), "-m", "kata", "grade", str(checkout), "--out", str(out), "--quiet"]
    command += ["--report", "classroom50", "--report", "html", *ARGUMENTS]
    run(command, grader, {name: os.environ[name] for name in KEPT + IDENTITY if name in os.environ})
    results = list(out.glob("classroom50/*/result.json"))
    pages = list(out.glob("html/learners/*.html"))
    if (len(results), len(pages)) != (1, 1):
        raise LookupError(f"{len(results)} submissions were found in the checkout, not one")
    return results[0], pages[0]


def run(command: list[str], folder: Path, environ: dict[str, str] | None = None) -> None:
    """Run a command in a folder of the grader's; Python looks for no module elsewhere."""
    environ = dict(os.environ if environ is None else environ)
    for name in [name for name in environ if name.startswith("PYTHON")]:
        del environ[name]
    subprocess.run(command, cwd=folder, env=environ, check=True)


def put(source: Path, target: Path) -> None:
    """Copy a file to a place where the learner may have left a link or a folder."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(main())
