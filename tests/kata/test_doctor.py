"""`kata doctor` finds what is in the way and says what to type; it never falls ill itself."""

import json
import os
import subprocess
import sys

import pytest

from kata import doctor
from kata.checksums import write_checksums
from kata.checkup import FINE, REMARK, TROUBLE, Finding, files, libraries, machine, place
from kata.errors import KataError
from kata.manifest import ROOT

PYPROJECT = """
[project]
name = "diffusers-katas"
version = "1.2.3"
requires-python = ">=3.11"
dependencies = ["pytest>=8", "rich>=10"]
"""


@pytest.fixture
def root(house, monkeypatch):
    """A checkout with one kata and one file of data; one stands in its root."""
    root = house.root
    (root / "data/butterflies").mkdir(parents=True)
    (root / "data/butterflies/README.md").write_bytes(b"# Card\n")
    write_checksums(root)
    (root / "pyproject.toml").write_text(PYPROJECT)
    for name in ("PYTHONPATH", "PYTEST_ADDOPTS", "KATA_DATASET", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    return root


def one(look, root, **options) -> Finding:
    (finding,) = look(root, **options)
    return finding


# The page


def show(monkeypatch, capsys, *looks, **options) -> tuple[int, str]:
    monkeypatch.setattr(doctor, "LOOKS", looks)
    status = doctor.examine(ROOT, **options)
    return status, capsys.readouterr().out


def fine(root):
    """All is well."""
    yield Finding(FINE, "kettle", "it boils")


def remark(root):
    yield Finding(REMARK, "kettle", "it is old", "buy one")


def trouble(root):
    yield Finding(TROUBLE, "kettle", "it leaks", "solder " + "it well " * 20 + "now")


def failing(root):
    yield Finding(FINE, "pot", "it stands")
    raise RuntimeError("out of tea")


def unmanaged(root):
    raise KataError("katas.toml has a hole")


def test_the_status_is_0_as_long_as_nothing_is_in_the_way(monkeypatch, capsys):
    status, page = show(monkeypatch, capsys, fine, remark)
    assert status == 0
    assert "✓ kettle" in page
    assert "! kettle" in page
    assert "→ buy one" in page


def test_a_trouble_is_status_1_and_its_mend_stays_in_one_piece(monkeypatch, capsys):
    status, page = show(monkeypatch, capsys, fine, trouble)
    assert status == 1
    assert "✗ kettle" in page
    assert next(iter(trouble(ROOT))).mend in page


def test_a_look_that_fails_is_shown_and_the_others_go_on(monkeypatch, capsys):
    status, page = show(monkeypatch, capsys, failing, unmanaged, fine)
    assert status == 1
    assert "✓ pot" in page
    assert "✗ failing" in page
    assert "RuntimeError: out of tea" in page
    assert "katas.toml has a hole" in page
    assert "✓ kettle" in page


def test_quick_leaves_out_what_is_slow_and_says_so(monkeypatch, capsys):
    def slow(root, say):
        raise AssertionError("was not to be called")
        yield

    monkeypatch.setattr(doctor, "SLOW", {slow})
    status, page = show(monkeypatch, capsys, slow, fine, quick=True)
    assert status == 0
    assert "--quick" in page


def test_the_page_can_be_pasted(monkeypatch, capsys):
    _, page = show(monkeypatch, capsys, trouble, plain=True)
    assert "\x1b" not in page
    assert not [line for line in page.splitlines() if line != line.rstrip()]


def test_the_home_is_short_in_what_is_seen_and_whole_in_a_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    katas = tmp_path / "katas"

    def look(root):
        yield Finding(TROUBLE, "directory", str(katas), f'cd "{katas}"')

    _, page = show(monkeypatch, capsys, look)
    assert f"directory   ~{os.sep}katas" in page
    assert f'cd "{katas}"' in page


def test_marks_are_plain_where_the_terminal_knows_no_others(tmp_path):
    code = (
        "from kata import doctor; from kata.checkup import *\n"
        "doctor.LOOKS = [lambda root: [Finding(TROUBLE, 'kettle', 'it leaks', 'solder')]]\n"
        "doctor.examine(None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"X  kettle" in done.stdout
    assert b"-> solder" in done.stdout


# Where one stands


def test_the_version_is_what_pyproject_says(root):
    assert "1.2.3" in one(place.repository, root).seen


def test_a_broken_pyproject_is_an_error_that_says_how_to_get_it_back(root):
    (root / ".git").mkdir()
    (root / "pyproject.toml").write_text("<<<<<<< HEAD")
    with pytest.raises(KataError, match=r"git checkout HEAD -- pyproject\.toml"):
        list(place.repository(root))


def test_the_root_is_the_place_to_be(root, monkeypatch, tmp_path_factory):
    assert one(place.directory, root).mark == FINE
    monkeypatch.chdir(root / "exercises")
    assert one(place.directory, root).mend == f'cd "{root}"'
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert one(place.directory, root).mark == REMARK


def test_another_checkout_is_in_the_way(root, monkeypatch, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "katas.toml").touch()
    (other / "exercises").mkdir()
    monkeypatch.chdir(other / "exercises")
    finding = one(place.directory, root)
    assert finding.mark == TROUBLE
    assert finding.mend.startswith(f'cd "{other}" && ')


@pytest.mark.parametrize(
    ("origin", "mark", "word"),
    [
        ({"url": "file://{root}", "dir_info": {"editable": True}}, FINE, "this checkout"),
        ({"url": "file:///elsewhere", "dir_info": {"editable": True}}, REMARK, "another"),
        ({"url": "file://{root}", "dir_info": {}}, TROUBLE, "copy"),
        (None, TROUBLE, "copy"),
    ],
)
def test_kata_is_installed_from_this_checkout_or_it_is_said(root, monkeypatch, origin, mark, word):
    text = origin and json.dumps(origin).replace("{root}", str(root))

    class Distribution:
        def read_text(self, name):
            return text

    monkeypatch.setattr(place, "distribution", lambda name: Distribution())
    finding = one(place.installed, root)
    assert finding.mark == mark
    assert word in finding.seen


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("PYTHONPATH", REMARK),
        ("PYTEST_ADDOPTS", REMARK),
        ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", TROUBLE),
    ],
)
def test_variables_that_change_what_runs_are_named(root, monkeypatch, name, mark):
    assert one(place.variables, root).mark == FINE
    monkeypatch.setenv(name, "-x")
    finding = one(place.variables, root)
    assert finding.mark == mark
    assert f"{name}=-x" in finding.seen
    assert name in finding.mend


@pytest.mark.parametrize("name", ["pytest.py", "random.py", "numpy/__init__.py"])
def test_a_file_that_hides_a_library_is_in_the_way(root, name):
    assert one(place.shadows, root).mark == FINE
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    finding = one(place.shadows, root)
    assert finding.mark == TROUBLE
    assert finding.mend.startswith(f"mv {name.partition('/')[0]} my_")


def test_beside_a_stub_such_a_file_is_only_remarked(root):
    (root / "exercises/02_training/random.py").touch()
    assert one(place.shadows, root).mark == REMARK


def test_such_a_file_on_the_pythonpath_is_found(root, monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    (folder / "rich.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    assert str(folder / "rich.py") in one(place.shadows, root).seen


# Python and the libraries


def needs(root, **changes):
    text = PYPROJECT
    for old, new in changes.values():
        text = text.replace(old, new)
    (root / "pyproject.toml").write_text(text)


def test_python_is_held_against_pyproject(root):
    assert one(libraries.python, root).mark == FINE
    needs(root, python=(">=3.11", ">=9.9"))
    finding = one(libraries.python, root)
    assert finding.mark == TROUBLE
    assert ">=9.9" in finding.mend


def test_each_dependency_is_held_against_pyproject(root):
    assert one(libraries.versions, root).mark == FINE
    needs(root, old=("rich>=10", "rich>=999"), gone=("pytest>=8", "no-such-thing>=1"))
    gone, old = libraries.versions(root)
    assert (gone.mark, old.mark) == (TROUBLE, TROUBLE)
    assert "no-such-thing is not installed (needs >=1)" in gone.seen
    assert "needs >=999" in old.seen
    assert "install" in gone.mend or "sync" in gone.mend


def test_a_dependency_for_another_system_is_passed_over(root):
    needs(root, other=("rich>=10", "no-such-thing; sys_platform == 'amiga'"))
    assert one(libraries.versions, root).mark == FINE


@pytest.fixture
def imported(root, monkeypatch):
    """Small libraries in the place of the large ones."""
    monkeypatch.setattr(libraries, "IMPORTED", ("first", "second", "third"))
    for name in libraries.IMPORTED:
        (root / f"{name}.py").write_text("print('what a library prints')")
    return root


def test_libraries_that_import_are_told_with_their_times(imported):
    said = []
    finding = one(libraries.imports, imported, say=said.append)
    assert finding.mark == FINE
    assert all(name in finding.seen for name in libraries.IMPORTED)
    assert "second" in said[1]


def test_a_library_that_does_not_import_is_named_with_its_error(imported):
    (imported / "second.py").write_text("raise RuntimeError('no operator\\nand more')")
    broken, others = libraries.imports(imported)
    assert broken.mark == TROUBLE
    assert "second does not import: RuntimeError: no operator" in broken.seen
    assert "third" in others.seen


def test_a_library_that_kills_the_process_is_named(imported):
    (imported / "second.py").write_text("import os; os.write(2, b'bad chip'); os._exit(132)")
    broken, untried, others = libraries.imports(imported)
    assert "second does not import" in broken.seen
    assert "132" in broken.seen
    assert "bad chip" in broken.seen
    assert "third" in untried.seen
    assert "first" in others.seen


def test_a_gpu_that_torch_does_not_see_is_remarked(monkeypatch):
    monkeypatch.setattr(libraries.shutil, "which", lambda name: f"/bin/{name}")
    seen = {"found": [], "threads": 2, "built_for_cuda": None}
    assert libraries._devices(seen).mark == REMARK
    assert libraries._devices({**seen, "found": ["cuda:0"]}).mark == FINE
    monkeypatch.setattr(libraries.shutil, "which", lambda name: None)
    assert libraries._devices(seen).mark == FINE


# The machine


def test_little_memory_is_remarked(monkeypatch, root):
    monkeypatch.setattr(machine, "MEMORY", 0)
    assert one(machine.memory, root).mark == FINE
    monkeypatch.setattr(machine, "MEMORY", float("inf"))
    assert one(machine.memory, root).mark == REMARK


@pytest.mark.parametrize(("free", "mark"), [(5e9, FINE), (5e8, REMARK), (1e6, TROUBLE)])
def test_a_full_disk_is_in_the_way(monkeypatch, root, free, mark):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: usage)
    assert one(machine.disk, root).mark == mark


# The files


def test_each_kata_has_its_file(root, house):
    assert one(files.katas, root).mark == FINE
    house.exercise.unlink()
    assert one(files.katas, root).mend.endswith("kata reset add_noise")


def test_each_kata_has_its_suite(root, house):
    (root / ".git").mkdir()
    house.suite.unlink()
    assert one(files.katas, root).mend == "git checkout HEAD -- tests/02_training/test_add_noise.py"


def test_a_broken_manifest_is_in_the_way(root):
    (root / "katas.toml").write_text("[")
    assert one(files.katas, root).mark == TROUBLE


def test_data_that_is_as_it_was_is_fine(root):
    assert one(files.data, root).mark == FINE


def test_a_changed_file_is_in_the_way_and_git_brings_it_back(root):
    (root / ".git").mkdir()
    (root / "data/butterflies/README.md").write_text("# Changed\n")
    finding = one(files.data, root)
    assert finding.mark == TROUBLE
    assert finding.mend == "git checkout HEAD -- data/butterflies/README.md"


def test_many_missing_files_are_one_line_and_one_command(root):
    (root / ".git").mkdir()
    names = [root / "data/butterflies" / str(number) for number in range(9)]
    for path in names:
        path.touch()
    write_checksums(root)
    for path in names:
        path.unlink()
    finding = one(files.data, root)
    assert "and 6 more" in finding.seen
    assert finding.mend == "git checkout HEAD -- data/butterflies"


def test_without_git_nobody_is_sent_to_git(root):
    (root / "data/butterflies/README.md").unlink()
    assert "git" not in one(files.data, root).mend


def test_an_extra_file_is_remarked(root):
    (root / "data/butterflies/more.parquet").touch()
    remark, rest = files.data(root)
    assert (remark.mark, rest.mark) == (REMARK, FINE)
    assert "more.parquet" in remark.mend


def test_missing_checksums_are_in_the_way(root):
    (root / "data/SHA256SUMS").unlink()
    assert one(files.data, root).mark == TROUBLE


def test_progress_that_can_be_kept_is_fine(root):
    assert one(files.progress, root).mark == FINE
    assert list((root / ".kata").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_in_the_way(root):
    (root / ".kata").touch()
    assert one(files.progress, root).mend == "mv .kata kata-file"


def test_damaged_progress_is_remarked(root):
    (root / ".kata").mkdir()
    (root / ".kata/progress.json").write_text("{")
    assert one(files.progress, root).mark == REMARK


def test_the_hub_is_not_needed(root, monkeypatch):
    assert one(files.hub, root).mark == FINE
    monkeypatch.setenv("KATA_DATASET", "somebody/butterflies")
    assert one(files.hub, root).mark == REMARK


def test_a_data_set_of_the_hub_is_out_of_reach_offline(root, monkeypatch):
    monkeypatch.setenv("KATA_DATASET", "somebody/butterflies")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert one(files.hub, root).mark == TROUBLE
    monkeypatch.setenv("KATA_DATASET", "data/butterflies")
    assert one(files.hub, root).mark == REMARK


def test_a_cache_that_cannot_be_written_is_in_the_way(root, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(root / "cache"))
    monkeypatch.delenv("HF_DATASETS_CACHE", raising=False)
    assert one(files.cache, root).mark == FINE
    (root / "cache").touch()
    finding = one(files.cache, root)
    assert finding.mark == TROUBLE
    assert "HF_HOME" in finding.mend


# The command


def test_the_command_looks_at_the_checkout_it_belongs_to(house):
    result = house.kata("doctor", "--quick")
    assert "repository" in result.output
    assert "Traceback" not in result.output
    assert "katas       1, each" in result.output
