"""A bundle holds what grading needs; its scripts tell the grader's trouble from the learner's."""

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kata.bundle import KINDS, OUT, BundleError, Settings, make_bundle

SETTINGS = Settings(only=("02_training/add_noise",), isolation="limits", repository="me/katas")
FILES = {
    "kata/__init__.py": "",
    "katas.toml": "",
    "pyproject.toml": "",
    "conftest.py": "",
    "solutions/02_training/add_noise.py": "the answer",
    "exercises/02_training/add_noise.py": "the stub",
    "exercises/02_training/pictures/ladder.png": "",
    "exercises/02_training/README.md": "",
    "tests/02_training/test_add_noise.py": "",
    "tests/02_training/zoo_add_noise.py": "",
    "tests/kata/test_bundle.py": "",
    "tests/attacks/exit.py": "",
    "data/models/ddpm/README.md": "",
    "data/train_ddpm.py": "",
    "benchmarks/judging.py": "",
    ".github/workflows/ci.yml": "",
    "README.md": "",
}
GRADER = (
    f"#!{sys.executable} -S"
    + """
\"\"\"Stands in for `python -m kata grade PATH --out OUT ...` and does what the test asks for.\"\"\"
import json, os, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
asked = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environ": [*os.environ]}
pathlib.Path(os.environ["ASKED"], "asked.json").write_text(json.dumps(asked))
for place in os.environ["RESULTS"].split():
    file = out / place
    file.parent.mkdir(parents=True)
    file.write_text("{}")
sys.exit(int(os.environ["STATUS"]))
"""
)


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "secret.txt").write_text("git does not know it")
    git(root, "init", "--quiet")
    git(root, "add", *FILES)
    git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "katas")
    return root


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def bundled(checkout, tmp_path, kind, settings=SETTINGS):
    out = tmp_path / OUT[kind]
    return out, make_bundle(checkout, kind, out, settings)


# Gradescope


@pytest.fixture
def autograder(checkout, tmp_path):
    """An /autograder as Gradescope makes it, with a grader that stands in for the real one."""
    out, _ = bundled(checkout, tmp_path, "gradescope")
    root = tmp_path / "autograder"
    with zipfile.ZipFile(out) as archive:
        archive.extractall(root / "source")
    for name in ("results", "submission"):
        (root / name).mkdir()
    shutil.copy(root / "source/run_autograder", root)
    (root / "run_autograder").chmod(0o755)
    (root / "python").write_text(GRADER)
    (root / "python").chmod(0o755)
    return root


def run_autograder(root, status, results):
    environ = {"KATA_AUTOGRADER": str(root), "KATA_PYTHON": str(root / "python")}
    asked = {"ASKED": str(root), "STATUS": str(status), "RESULTS": results}
    done = subprocess.run(
        [str(root / "run_autograder")],
        env={**os.environ, **environ, **asked},
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads((root / "results/results.json").read_text())


def test_the_zip_holds_what_grading_needs_and_nothing_else(checkout, tmp_path):
    out, said = bundled(checkout, tmp_path, "gradescope")
    assert said == f"{out}, 3 KB. Upload it under Configure Autograder."
    with zipfile.ZipFile(out) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert set(modes) == {
        "setup.sh",
        "run_autograder",
        "katas/kata/__init__.py",
        "katas/katas.toml",
        "katas/pyproject.toml",
        "katas/conftest.py",
        "katas/solutions/02_training/add_noise.py",
        "katas/exercises/02_training/add_noise.py",
        "katas/tests/02_training/test_add_noise.py",
        "katas/tests/02_training/zoo_add_noise.py",
        "katas/data/models/ddpm/README.md",
    }
    assert modes["run_autograder"] & stat.S_IXOTH
    assert not modes["katas/katas.toml"] & stat.S_IXOTH


def test_the_same_files_are_the_same_zip(checkout, tmp_path):
    first = bundled(checkout, tmp_path, "gradescope")[0].read_bytes()
    (checkout / "katas.toml").touch()
    assert bundled(checkout, tmp_path, "gradescope")[0].read_bytes() == first


@pytest.mark.parametrize("status", [0, 1])
def test_what_was_graded_is_the_result_also_where_a_part_could_not_be(autograder, status):
    assert run_autograder(autograder, status, "gradescope/submission/results.json") == (0, {})
    asked = json.loads((autograder / "asked.json").read_text())
    assert asked["folder"] == str(autograder / "source/katas")
    assert asked["arguments"][:4] == ["-m", "kata", "grade", str(autograder / "submission")]
    assert asked["arguments"][-4:] == [
        "--min-isolation",
        "limits",
        "--only",
        "02_training/add_noise",
    ]


@pytest.mark.parametrize(
    ("status", "results"),
    [
        (2, "gradescope/submission/results.json"),
        (0, ""),
        (137, ""),
        (0, "gradescope/a/results.json gradescope/b/results.json"),
    ],
    ids=["failed", "no result", "killed", "two submissions"],
)
def test_where_the_grader_failed_the_result_says_so_and_counts_nothing(autograder, status, results):
    status, result = run_autograder(autograder, status, results)
    assert status == 1
    assert "nothing was counted" in result["output"]
    assert "score" not in result
    assert "score" not in result["tests"][0]


def test_setup_closes_what_a_submission_must_not_read(autograder, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uv").write_text(f'#!/bin/sh\necho "$@" >> {tools}/log\n')
    (tools / "uv").chmod(0o755)
    environ = {"KATA_AUTOGRADER": str(autograder), "KATA_PLACE": str(tmp_path / "place")}
    path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    setup = ["bash", str(autograder / "source/setup.sh")]
    subprocess.run(setup, env={**os.environ, **environ, **path}, check=True)
    katas = autograder / "source/katas"
    closed = [katas / "tests", katas / "solutions", autograder / "results"]
    assert [path.stat().st_mode & 0o777 for path in closed] == [0o700] * 3
    assert (katas / "data").stat().st_mode & 0o005 == 0o005
    assert f"-r {katas}/pyproject.toml" in (tools / "log").read_text()


# Classroom 50


@pytest.fixture
def classroom50(checkout, tmp_path, monkeypatch):
    """The autograder.py as a module, in a learner's checkout, with nothing to fetch or install."""
    out, _ = bundled(checkout, tmp_path, "classroom50")
    spec = importlib.util.spec_from_file_location("autograder50", out)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "python").write_text(GRADER)
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(module, "fetch", lambda grader: checkout)
    monkeypatch.setattr(module, "install", lambda environment, grader: tmp_path / "python")
    monkeypatch.setattr(module, "KEPT", (*module.KEPT, "ASKED", "STATUS", "RESULTS"))
    learners = tmp_path / "learners"
    learners.mkdir()
    monkeypatch.chdir(learners)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("ASKED", str(tmp_path))
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    return module


def run_classroom50(module, monkeypatch, status=0, results="classroom50/x/result.json"):
    monkeypatch.setenv("STATUS", str(status))
    monkeypatch.setenv("RESULTS", f"{results} html/learners/x.html")
    return module.main()


def test_the_autograder_names_the_repository_and_the_commit(checkout, classroom50):
    assert classroom50.REPOSITORY == "https://github.com/me/katas"
    assert git(checkout, "rev-parse", "HEAD") == classroom50.COMMIT
    assert classroom50.ARGUMENTS[:2] == ["--min-isolation", "limits"]


def test_the_result_and_a_page_for_the_learner_lie_in_the_checkout(classroom50, monkeypatch):
    assert run_classroom50(classroom50, monkeypatch) == 0
    assert sorted(os.listdir()) == ["feedback.html", "result.json"]


def test_nothing_is_started_in_the_checkout(classroom50, monkeypatch, checkout, tmp_path):
    run_classroom50(classroom50, monkeypatch)
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked["folder"] == str(checkout)
    assert asked["arguments"][3] == str(tmp_path / "learners")


def test_the_grader_gets_no_token(classroom50, monkeypatch, tmp_path):
    run_classroom50(classroom50, monkeypatch)
    environ = json.loads((tmp_path / "asked.json").read_text())["environ"]
    assert "PATH" in environ
    assert "GITHUB_TOKEN" not in environ


@pytest.mark.parametrize(
    ("status", "results"), [(1, "classroom50/x/result.json"), (0, ""), (0, "classroom50/x/other")]
)
def test_a_grader_that_failed_leaves_no_result(classroom50, monkeypatch, status, results):
    assert run_classroom50(classroom50, monkeypatch, status, results) == 1
    assert os.listdir() == []


def test_a_link_or_a_folder_in_the_place_of_the_result_is_not_followed(
    classroom50, monkeypatch, tmp_path
):
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    Path("result.json").symlink_to(precious)
    Path("feedback.html").mkdir()
    assert run_classroom50(classroom50, monkeypatch) == 0
    assert precious.read_text() == "as it was"
    assert Path("result.json").read_text() == "{}"
    assert Path("feedback.html").is_file()


# GitHub


def test_the_workflow_grades_at_the_commit_and_hands_the_result_to_the_reporter(checkout, tmp_path):
    text = bundled(checkout, tmp_path, "github")[0].read_text()
    assert 'repository: "me/katas"' in text
    assert f'ref: "{git(checkout, "rev-parse", "HEAD")}"' in text
    assert "--min-isolation limits --only 02_training/add_noise ||" in text
    assert "KATAS_RESULTS: ${{ steps.katas.outputs.result }}" in text


@pytest.mark.parametrize(
    "address",
    [
        "git@github.com:me/katas.git",
        "https://github.com/me/katas",
        "https://me:token@github.com/me/katas.git",
        "ssh://git@github.com/me/katas.git/",
    ],
)
def test_the_remote_of_the_checkout_is_the_repository_without_its_password(
    checkout, tmp_path, address
):
    git(checkout, "remote", "add", "origin", address)
    text = bundled(checkout, tmp_path, "classroom50", Settings())[0].read_text()
    assert 'REPOSITORY = "https://github.com/me/katas"' in text


def test_a_commit_that_is_on_no_remote_is_told(checkout, tmp_path):
    assert "is on no remote yet: git push" in bundled(checkout, tmp_path, "github")[1]


# Troubles


@pytest.mark.parametrize("kind", KINDS[1:])
def test_without_a_remote_the_repository_is_asked_for(checkout, tmp_path, kind):
    with pytest.raises(BundleError, match=r"No remote `origin` is known.*--repository OWNER/NAME"):
        bundled(checkout, tmp_path, kind, Settings())


@pytest.mark.parametrize("given", ["katas", "a/b/c d", 'me/katas"', "file:///me/katas", "../x/y"])
def test_what_is_no_repository_is_told(checkout, tmp_path, given):
    with pytest.raises(BundleError, match="is no address of a repository"):
        bundled(checkout, tmp_path, "github", Settings(repository=given))


def test_the_workflow_is_for_github_alone(checkout, tmp_path):
    with pytest.raises(BundleError, match=r"gitlab\.com is not GitHub"):
        bundled(checkout, tmp_path, "github", Settings(repository="https://gitlab.com/me/katas"))


@pytest.mark.parametrize("kind", KINDS)
def test_outside_a_checkout_there_is_nothing_to_bundle(tmp_path, kind):
    with pytest.raises(BundleError, match="made from a git checkout"):
        make_bundle(tmp_path, kind, tmp_path / "out", SETTINGS)


def test_a_bundle_that_is_none_is_told(tmp_path):
    with pytest.raises(BundleError, match=r"no bundle `moodle`\. There are: gradescope"):
        make_bundle(tmp_path, "moodle", None, SETTINGS)


def test_the_scripts_of_all_bundles_are_sound(checkout, tmp_path):
    compile(bundled(checkout, tmp_path, "classroom50")[0].read_text(), "autograder.py", "exec")
    with zipfile.ZipFile(bundled(checkout, tmp_path, "gradescope")[0]) as archive:
        for name in ("setup.sh", "run_autograder"):
            text = archive.read(name)
            assert subprocess.run(["bash", "-n"], input=text).returncode == 0
            assert b"@" not in text.replace(b"[@]", b"").replace(b'"$@"', b"")
