"""Files around a call are noted, and can be put back."""

import pytest

from kata import evidence
from kata.evidence import Attempt, Link, read_files, write_files

FILES = {"a": b"1", "folder": None, "folder/b": b"2", "folder/empty": None}


def test_what_was_read_can_be_written_again(tmp_path):
    write_files(tmp_path, FILES)
    assert read_files(tmp_path) == FILES
    assert (tmp_path / "folder" / "b").read_bytes() == b"2"


def test_two_names_of_a_file_stay_two_names(tmp_path):
    files = {"a": b"1", "b": Link("a")}
    write_files(tmp_path, files)
    assert read_files(tmp_path) == files
    (tmp_path / "a").write_bytes(b"2")
    assert (tmp_path / "b").read_bytes() == b"2"


def test_what_is_not_among_the_files_goes(tmp_path):
    write_files(tmp_path, FILES)
    (tmp_path / "link").symlink_to(tmp_path / "folder", target_is_directory=True)
    write_files(tmp_path, {"c": b"3"})
    assert read_files(tmp_path) == {"c": b"3"}


def test_without_a_folder_there_are_no_files():
    assert read_files(None) == {}


def test_a_folder_that_is_too_large_is_not_remembered(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setattr(evidence, "MOST_BYTES", 4)
    assert read_files(tmp_path) is None


def test_an_attempt_notes_the_files_before_and_after_it(tmp_path):
    (tmp_path / "a").write_bytes(b"before")
    attempt = Attempt("save", b"")
    with attempt.watched(tmp_path):
        (tmp_path / "a").write_bytes(b"after")
    assert (attempt.before, attempt.after) == ({"a": b"before"}, {"a": b"after"})
    assert attempt.error is None


def test_an_attempt_notes_what_it_raised():
    attempt = Attempt("save", b"")
    with pytest.raises(KeyError), attempt.watched(None):
        raise KeyError("a")
    assert isinstance(attempt.error, KeyError)
