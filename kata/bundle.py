"""`kata bundle`: the file that makes a platform grade with `kata grade`.

    gradescope   a zip: the repository's files that grading needs, setup.sh and run_autograder
    classroom50  an autograder.py, which fetches the repository at the commit that is checked out
    github       a workflow for GitHub Classroom's reporter, which does the same

The scripts themselves lie in `kata/bundles`, with `@...@` in the place of what differs.
"""

import fnmatch
import io
import re
import shlex
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from kata.errors import KataError
from kata.files import write_whole

SCRIPTS = Path(__file__).parent / "bundles"
OUT = {
    "gradescope": "gradescope.zip",
    "classroom50": "autograder.py",
    "github": "classroom.yml",
}
KINDS = tuple(OUT)
NEXT = {
    "gradescope": "Upload it under Configure Autograder.",
    "classroom50": "Put it into CLASSROOM/autograders/ASSIGNMENT/ of the classroom50 repository.",
    "github": "Put it into .github/workflows/ of the assignment's template.",
}
NOT_FOR_GRADING = (
    ".*",
    "benchmarks/*",
    "tests/kata/*",
    "tests/attacks/*",
    "tests/data/*",
    "data/pictures/*",
    "data/train*.py",
    "data/measure_models.py",
    "exercises/*/pictures/*",
    "exercises/*.md",
    "[A-Z]*.md",
    "start.ipynb",
)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that the same files are the same zip
REMOTE = re.compile(
    r"(?:https://(?:[^@/]*@)?|ssh://git@|git@)([\w.-]+)[/:]([\w.-]+/[\w.-]+?)(\.git)?/?"
)
SHORT = re.compile(r"[\w.-]+/[\w.-]+")


class BundleError(KataError):
    """There is nothing to make a bundle of; the message says what is missing."""


@dataclass(frozen=True)
class Settings:
    """What a platform's grader is told.

    only        ids of the katas to grade, or names of lessons; all without
    isolation   the level below which it refuses to grade
    repository  where the platform gets the katas from: OWNER/NAME on GitHub, or an https address;
                the remote `origin` of this checkout without
    """

    only: tuple[str, ...] = ()
    isolation: str = "confined"
    repository: str = ""

    @property
    def arguments(self) -> list[str]:
        katas = [word for kata in self.only for word in ("--only", kata)]
        return ["--min-isolation", self.isolation, *katas]


def make_bundle(root: Path, kind: str, out: Path | None, settings: Settings) -> str:
    """Write the bundle; return what to do with it, in a few lines.

    kind  one of KINDS
    out   the file to write; a name of OUT, here, without
    Raises BundleError outside a git checkout, and where no repository is known. What `settings`
    names is not looked up: whoever calls does that.
    """
    if kind not in KINDS:
        raise BundleError(f"There is no bundle `{kind}`. There are: {', '.join(KINDS)}.")
    out = out or Path(OUT[kind])
    make = {"gradescope": gradescope, "classroom50": classroom50, "github": github}[kind]
    content, notes = make(root, settings)
    try:
        write_whole(out, content)
    except OSError as error:
        raise BundleError(f"Cannot write {out}: {error.strerror or error}.") from error
    return "\n".join([f"{out}, {_size(content)}. {NEXT[kind]}", *notes])


def gradescope(root: Path, settings: Settings) -> tuple[bytes, list[str]]:
    """The autograder zip, of the files as they lie here; what git does not know is left out."""
    files = {
        f"katas/{name}": (root / name).read_bytes()
        for name in _git(root, "ls-files", "-z").split("\0")
        if name and (root / name).is_file() and not _is_left_out(name)
    }
    scripts = {
        name: _filled(f"gradescope/{name}", arguments=shlex.join(settings.arguments)).encode()
        for name in ("setup.sh", "run_autograder")
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**files, **scripts}.items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = (0o100755 if name in scripts else 0o100644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue(), []


def classroom50(root: Path, settings: Settings) -> tuple[bytes, list[str]]:
    """The `autograder.py` of Classroom 50."""
    repository = "/".join(("https:/", *_repository(root, settings)))
    arguments = '", "'.join(settings.arguments)
    values = {"repository": repository, "commit": _commit(root), "arguments": arguments}
    return _filled("classroom50/autograder.py", **values).encode(), _not_pushed(root)


def github(root: Path, settings: Settings) -> tuple[bytes, list[str]]:
    """The workflow for the repositories of GitHub Classroom."""
    host, name = _repository(root, settings)
    if host != "github.com":
        raise BundleError(f"{host} is not GitHub. Give the katas' repository there: --repository")
    arguments = shlex.join(settings.arguments)
    values = {"repository": name, "commit": _commit(root), "arguments": arguments}
    return _filled("github/classroom.yml", **values).encode(), _not_pushed(root)


def _filled(script: str, **values: str) -> str:
    text = (SCRIPTS / script).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _is_left_out(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in NOT_FOR_GRADING)


def _repository(root: Path, settings: Settings) -> tuple[str, str]:
    """The host and OWNER/NAME, without a user or a password that the address may hold."""
    given = settings.repository
    if SHORT.fullmatch(given):
        return "github.com", given
    address = given or _git(root, "config", "--default", "", "--get", "remote.origin.url").strip()
    found = REMOTE.fullmatch(address)
    if not found:
        what = (
            f"`{given}` is no address of a repository" if given else "No remote `origin` is known"
        )
        raise BundleError(f"{what}. Say where the katas lie: --repository OWNER/NAME")
    return found[1], found[2]


def _commit(root: Path) -> str:
    return _git(root, "rev-parse", "--verify", "HEAD").strip()


def _not_pushed(root: Path) -> list[str]:
    if _git(root, "branch", "--remotes", "--contains", "HEAD").strip():
        return []
    return [f"It fetches the commit {_commit(root)[:12]}, which is on no remote yet: git push"]


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, encoding="utf-8")
    except FileNotFoundError as error:
        raise BundleError("git is not installed.") from error
    if done.returncode:
        said = done.stderr.strip() or "there is none here"
        raise BundleError(f"A bundle is made from a git checkout of the katas: {said}")
    return done.stdout


def _size(content: bytes) -> str:
    size = len(content)
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size / 2**10:.0f} KB"
