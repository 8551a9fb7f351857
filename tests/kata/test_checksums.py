"""Checksums tell in which way a file is not what it was."""

import pytest

from kata.checksums import (
    CHANGED,
    EXTRA,
    LINE_ENDINGS,
    MISSING,
    POINTER,
    SUMS,
    compare,
    read_checksums,
    write_checksums,
)

MODEL = "data/models/tiny/model.safetensors"
WORDS = "data/models/tiny/merges.txt"
CARD = "data/butterflies/README.md"


@pytest.fixture
def root(tmp_path):
    for name, content in [(MODEL, b"\x00\r\n\x01"), (WORDS, b"a b\nc d\n"), (CARD, b"# Card\n")]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_checksums(tmp_path)
    return tmp_path


def test_nothing_is_wrong_where_nothing_changed(root):
    assert compare(root) == {}
    assert sorted(read_checksums(root)) == sorted([MODEL, WORDS, CARD])


def test_the_file_is_in_the_format_of_sha256sum(root):
    empty = root / "data/butterflies/a_first_one"
    empty.touch()
    write_checksums(root)
    sha256_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    first = (root / SUMS).read_bytes().splitlines(keepends=True)[1]
    assert first == f"{sha256_of_nothing}  data/butterflies/a_first_one\n".encode()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        (MODEL, b"\x00\r\n\x02", CHANGED),
        (MODEL, b"", CHANGED),
        (MODEL, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", POINTER),
        (WORDS, b"a b\r\nc d\r\n", LINE_ENDINGS),
        (WORDS, b"a b\r\nc e\r\n", CHANGED),
    ],
)
def test_it_is_said_in_which_way_a_file_is_wrong(root, name, content, kind):
    (root / name).write_bytes(content)
    assert compare(root) == {kind: [name]}


def test_a_file_that_is_gone_is_missing(root):
    (root / MODEL).unlink()
    assert compare(root) == {MISSING: [MODEL]}


def test_a_file_that_nobody_knows_is_extra(root):
    (root / "data/butterflies/more.parquet").write_bytes(b"")
    assert compare(root) == {EXTRA: ["data/butterflies/more.parquet"]}


@pytest.mark.parametrize("name", [".DS_Store", ".ipynb_checkpoints/README.md"])
def test_what_an_editor_or_a_desktop_leaves_is_passed_over(root, name):
    path = root / "data/butterflies" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    assert compare(root) == {}


def test_checksums_that_are_none_are_an_error(root):
    (root / SUMS).write_text("<<<<<<< HEAD\n")
    with pytest.raises(ValueError, match="no checksum"):
        read_checksums(root)
