"""The reference is shown beside the learner's file, once that is done."""

import pytest

from kata.diff import DiffError, show_diff
from kata.files import content_hash
from kata.manifest import EXERCISES, SOLUTIONS
from kata.progress import Record, load_progress, remember
from kata.verdict import PASSED, WRONG


@pytest.fixture
def kata(small):
    """A kata that the learner solved in another way."""
    kata = small.find("first")
    text = kata.file(SOLUTIONS).read_text()
    kata.file(EXERCISES).write_text(text.replace("return x + 1", "return 1 + x"))
    return kata


@pytest.fixture
def diff(small, capsys):
    def diff(kata, verdict=None, spoil=False):
        if verdict:
            file, suite = content_hash(kata.file(EXERCISES)), content_hash(kata.suite)
            record = Record(file, suite, {"test_a": 1}, {"test_a": verdict})
            remember(small.root, [(kata.id, record)])
        show_diff(kata, load_progress(small), spoil)
        return capsys.readouterr().out

    return diff


def test_a_kata_that_is_done_is_compared_with_the_reference(kata, diff):
    lines = diff(kata, PASSED).splitlines()
    assert lines[:2] == ["--- exercises/01_data/first.py", "+++ solutions/01_data/first.py"]
    assert "-    return 1 + x" in lines
    assert "+    return x + 1" in lines


def test_a_docstring_that_is_the_same_is_left_out_and_lines_keep_their_numbers(kata, diff):
    for tree in (EXERCISES, SOLUTIONS):
        path = kata.file(tree)
        path.write_text(path.read_text().replace("\n\n\ndef", "\n\nimport os\n\n\ndef"))
    path.write_text(path.read_text().replace("import os", "import sys"))
    page = diff(kata, PASSED)
    assert "Build something." not in page
    assert "+import sys" in page
    assert page.splitlines()[2] == "@@ -1,9 +1,9 @@"


def test_a_docstring_that_differs_is_shown(kata, diff):
    path = kata.file(EXERCISES)
    path.write_text(path.read_text().replace("Build something.", "My own words."))
    page = diff(kata, PASSED)
    assert '-"""My own words."""' in page
    assert '+"""Build something."""' in page


def test_files_that_are_the_same_are_said_to_be(kata, diff):
    kata.file(EXERCISES).write_text(kata.file(SOLUTIONS).read_text())
    assert diff(kata, PASSED) == "exercises/01_data/first.py and the reference are the same.\n"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (WRONG, r"first is not right yet; .*\n.*kata hint first\n.*kata diff first --spoil"),
        (None, r"first is to be verified first:\n  pytest exercises/01_data/first.py"),
    ],
)
def test_before_it_is_done_the_reference_is_not_shown(kata, diff, verdict, words):
    with pytest.raises(DiffError, match=words):
        diff(kata, verdict)


def test_a_stub_is_told_to_be_started(small, diff):
    with pytest.raises(DiffError, match=r"second is not started; .*\n.*kata hint second"):
        diff(small.find("second"))


def test_whoever_wants_to_be_spoiled_is(small, diff):
    page = diff(small.find("second"), spoil=True)
    assert '-    raise NotImplementedError("TODO: f")' in page
    assert "+    return x + 1" in page


def test_without_a_reference_it_is_said_that_there_is_none(kata, diff):
    kata.file(SOLUTIONS).unlink()
    with pytest.raises(DiffError, match="There is no reference of first here"):
        diff(kata, PASSED, spoil=True)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told(kata, diff, content):
    path = kata.file(EXERCISES)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DiffError, match=r"Cannot read exercises/01_data/first\.py: "):
        diff(kata, spoil=True)


def test_brackets_in_code_are_shown_as_they_are(kata, diff, monkeypatch):
    path = kata.file(EXERCISES)
    path.write_text(path.read_text().replace("1 + x", "[bold][1][0] + x[/bold]"))
    for colours in ("1", None):
        if colours:
            monkeypatch.setenv("FORCE_COLOR", colours)
        assert "[bold][1][0]" in diff(kata, spoil=True)


def test_kata_diff_ends_in_a_message_and_status_2(house):
    result = house.kata("diff", "add_noise")
    assert result.status == 2
    assert "add_noise is not started" in result.output
    assert house.kata("diff", "add_n", "--spoil").status == 0
