"""What grading has found is kept whole, whatever happens to the machine."""

import errno
import os

import pytest

from kata.grading import store as storing
from kata.grading.model import KataResult
from kata.grading.store import FORGOTTEN, Store, StoreError
from kata.verdict import PASSED

RESULT = KataResult("01_data/first", "First", PASSED, 2, 2, key="abc")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "grades")


def test_what_was_put_is_got(store):
    assert store.get("abc") is None
    store.put(RESULT)
    assert store.get("abc") == RESULT


@pytest.mark.parametrize("kept", [0, 1, 10, -1])
def test_a_truncated_file_counts_as_missing_and_is_kept_aside(store, kept):
    store.put(RESULT)
    path = store.verdict("abc")
    content = path.read_bytes()[:kept]
    path.write_bytes(content)
    assert store.get("abc") is None
    (aside,) = (store.out / "damaged").iterdir()
    assert aside.read_bytes() == content
    store.put(RESULT)
    assert store.get("abc") == RESULT


@pytest.mark.parametrize(
    "text", ["null", "[]", "{}", '{"version": 1}', '{"version": 1, "conditions": []}', "\0" * 300]
)
def test_a_foreign_file_counts_as_missing(store, text):
    store.put(RESULT)
    store.verdict("abc").write_text(text)
    assert store.get("abc") is None


def test_bytes_that_are_no_text_count_as_missing(store):
    store.put(RESULT)
    store.verdict("abc").write_bytes(b"\xff\xfe\x00")
    assert store.get("abc") is None


def test_a_result_under_another_key_counts_as_missing(store):
    store.put(RESULT)
    os.rename(store.verdict("abc"), store.verdict("def"))
    assert store.get("def") is None


def test_each_content_is_kept_once_under_its_hash(store):
    assert store.put_source(b"x = 1\n") == store.put_source(b"x = 1\n")
    (path,) = (store.out / "sources").iterdir()
    assert path.read_bytes() == b"x = 1\n"


def test_a_damaged_source_is_written_anew(store):
    file = store.put_source(b"x = 1\n")
    store.source(file).write_bytes(b"x =")
    assert not store.has_source(file)
    Store(store.out).put_source(b"x = 1\n")
    assert store.has_source(file)


def test_a_full_disk_is_said_and_loses_nothing(store, monkeypatch):
    store.put(RESULT)

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storing, "write_whole", full)
    with pytest.raises(StoreError, match=r"No space left.*is kept.*Make room"):
        store.put(RESULT)
    assert store.get("abc") == RESULT


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "grades").write_text("")
    with pytest.raises(StoreError, match="grades"):
        Store(tmp_path / "grades").put(RESULT)


def test_what_killed_runs_left_unfinished_is_removed_and_no_others(store):
    store.put(RESULT)
    old, new = (store.verdict("abc").with_name(f".{n}.json.1.tmp") for n in ("old", "new"))
    for path in (old, new):
        path.write_text("{")
    past = new.stat().st_mtime - 2 * FORGOTTEN
    os.utime(old, (past, past))
    store.tidy()
    assert not old.exists()
    assert new.exists()
    assert store.get("abc") == RESULT
