"""Reset writes a fresh stub and loses nothing."""

import subprocess

import pytest

from kata import reset as reset_module
from kata.files import write_whole
from kata.manifest import EXERCISES, SOLUTIONS
from kata.reset import ResetError, reset
from kata.stubs import stub_of, write_stubs

MINE = "def f(x):\n    return 'é' * 7\n"


@pytest.fixture
def kata(small):
    """A kata in which the learner wrote."""
    kata = small.find("first")
    kata.file(EXERCISES).write_text(MINE)
    return kata


@pytest.fixture
def git(small):
    """git in a repository that holds the small katas."""

    def git(*arguments):
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *arguments], cwd=small.root, check=True, capture_output=True)

    git("init", "-q")
    return git


def kept(kata):
    folder = kata.root / ".kata" / "kept"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_the_stub_is_written_anew_and_the_learners_file_kept(kata, capsys):
    reset(kata)
    assert kata.file(EXERCISES).read_text() == stub_of(kata)
    (copy,) = kept(kata)
    assert copy.read_text() == MINE
    said = capsys.readouterr().out
    name = copy.relative_to(kata.root)
    assert f"Your file is kept: {name}" in said
    assert f"To have it back: cp {name} exercises/01_data/first.py" in said


def test_every_reset_keeps_another_copy(kata):
    for text in (MINE, MINE * 2, MINE * 3):
        kata.file(EXERCISES).write_text(text)
        reset(kata)
    assert {copy.read_text() for copy in kept(kata)} == {MINE, MINE * 2, MINE * 3}


def test_a_fresh_stub_is_left_alone_without_a_question(small, capsys):
    kata = small.find("second")
    reset(kata, ask=lambda question: pytest.fail("asked"))
    assert "nothing to do" in capsys.readouterr().out
    assert kept(kata) == []


def test_a_stub_with_notes_in_it_is_kept(small):
    kata = small.find("second")
    kata.file(EXERCISES).write_text(stub_of(kata) + "# my notes\n")
    reset(kata)
    assert kept(kata)[0].read_text().endswith("# my notes\n")


def test_who_says_no_keeps_the_file(kata, capsys):
    reset(kata, ask=lambda question: False)
    assert kata.file(EXERCISES).read_text() == MINE
    assert "Left as it was." in capsys.readouterr().out
    assert kept(kata) == []


def test_a_file_that_is_missing_is_written_without_a_question(kata):
    kata.file(EXERCISES).unlink()
    reset(kata, ask=lambda question: pytest.fail("asked"))
    assert kata.file(EXERCISES).read_text() == stub_of(kata)


def test_without_a_reference_the_stub_comes_from_the_latest_commit_that_has_one(kata, git):
    stub = stub_of(kata)
    kata.file(SOLUTIONS).unlink()
    for number, text in enumerate(["def f(:\n", stub + "# older\n", MINE, stub, MINE * 2]):
        kata.file(EXERCISES).write_text(text)
        git("add", EXERCISES)
        git("commit", "-qm", str(number))
    reset(kata)
    assert kata.file(EXERCISES).read_text() == stub
    assert kept(kata)[0].read_text() == MINE * 2


def test_without_a_reference_and_a_stub_in_git_the_file_stays(kata, git):
    kata.file(SOLUTIONS).unlink()
    git("add", EXERCISES)
    git("commit", "-qm", "mine")
    with pytest.raises(ResetError, match="There is no fresh stub of first"):
        reset(kata)
    assert kata.file(EXERCISES).read_text() == MINE


def test_without_a_reference_and_git_the_file_stays(kata, monkeypatch):
    kata.file(SOLUTIONS).unlink()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ResetError, match="There is no fresh stub of first"):
        reset(kata)
    assert kata.file(EXERCISES).read_text() == MINE


@pytest.mark.parametrize("step", ["keep_aside", "write_whole"])
def test_a_full_disk_is_told_and_the_file_stays(kata, monkeypatch, step):
    def full(*arguments):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(reset_module, step, full)
    with pytest.raises(ResetError, match="as it was: somewhere: No space left on device"):
        reset(kata)
    assert kata.file(EXERCISES).read_text() == MINE


def test_a_write_that_is_broken_off_leaves_nothing_behind(kata, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_whole(kata.file(EXERCISES), "text")
    assert [
        path.name for path in kata.file(EXERCISES).parent.iterdir() if path.suffix != ".py"
    ] == []


def test_kata_reset_asks_first(house):
    house.exercise.write_text(MINE)
    asked = house.kata("reset", "add_noise")  # there is nobody to answer
    assert asked.status == 1
    assert house.exercise.read_text() == MINE
    assert house.kata("reset", "add_noise", "--yes").status == 0
    assert "TODO" in house.exercise.read_text()


# kata stubs


def test_stubs_leave_work_alone_unless_forced_and_then_keep_it(small, kata):
    assert write_stubs(small) == 1
    assert kata.file(EXERCISES).read_text() == MINE
    assert write_stubs(small, force=True) == 0
    assert kata.file(EXERCISES).read_text() == stub_of(kata)
    assert [copy.read_text() for copy in kept(kata)] == [MINE]


@pytest.mark.parametrize("text", ["f = abs\n", "class F:\n    pass\n"])
def test_a_file_without_functions_is_work_too(small, kata, text):
    kata.file(EXERCISES).write_text(text)
    assert write_stubs(small) == 1
    assert kata.file(EXERCISES).read_text() == text


def test_an_older_stub_is_replaced_and_not_kept(small):
    kata = small.find("second")
    kata.file(EXERCISES).write_text(stub_of(kata).replace("one more", "two more"))
    assert write_stubs(small) == 0
    assert kata.file(EXERCISES).read_text() == stub_of(kata)
    assert kept(kata) == []
