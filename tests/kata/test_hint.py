"""Hints come one at a time and are remembered, whatever became of the memory."""

import json
from dataclasses import replace

import pytest

from kata.hint import show_hint, show_seen_hints
from kata.manifest import load_manifest

NO_MORE = "There are no more hints"


@pytest.fixture
def kata(tmp_path):
    hints = ("Look at `images[i]`.", "Try [b]\nand [/b].", "The line.")
    return replace(load_manifest().find("add_noise"), root=tmp_path, hints=hints)


@pytest.fixture
def memory(kata):
    path = kata.root / ".kata" / "hints.json"
    path.parent.mkdir()
    return path


@pytest.fixture
def hint(capsys):
    def show(kata):
        show_hint(kata)
        return capsys.readouterr().out

    return show


@pytest.fixture
def again(capsys):
    def show(kata):
        show_seen_hints(kata)
        return capsys.readouterr().out

    return show


def test_each_call_shows_one_hint_more(kata, hint):
    shown = [hint(kata) for _ in range(3)]
    for number, text in enumerate(kata.hints):
        found = [text.splitlines()[0] in page for page in shown]
        assert found == [number == page for page in range(3)]
        assert f"hint {number + 1} of 3" in shown[number]


def test_after_the_last_hint_it_says_so_and_prints_none_again(kata, hint):
    for _ in kata.hints:
        hint(kata)
    for page in (hint(kata), hint(kata)):
        assert NO_MORE in page
        assert "kata hint add_noise --all" in page
        assert not any(text.splitlines()[0] in page for text in kata.hints)


def test_the_page_to_read_is_named_after_the_last_hint(kata, hint):
    assert "exercises/02_training/README.md" in hint(replace(kata, hints=()))


# Once more


def test_what_was_seen_can_be_seen_again_and_no_more(kata, hint, again):
    hint(kata)
    hint(kata)
    for page in (again(kata), again(kata)):
        shown = [text.splitlines()[0] in page for text in kata.hints]
        assert shown == [True, True, False]
        assert "1 more: kata hint add_noise" in page


def test_before_the_first_hint_none_was_seen(kata, again):
    page = again(kata)
    assert "None was shown yet. The first: kata hint add_noise" in page
    assert "Look at" not in page


def test_all_that_were_seen_are_all_there_are(kata, hint, again):
    for _ in kata.hints:
        hint(kata)
    page = again(kata)
    assert "hint 3 of 3" in page
    assert NO_MORE in page
    assert "--all" not in page


def test_without_a_name_it_is_the_next_kata(house):
    assert "add_noise: hint 1 of 3" in house.kata("hint").output
    assert "add_noise: hint 2 of 3" in house.kata("hint", "noise").output


def test_code_in_a_hint_is_shown_as_it_stands(kata, hint):
    pages = hint(kata) + hint(kata)
    assert "`images[i]`" in pages
    assert "Try [b]" in pages
    assert "and [/b]." in pages


def test_each_kata_has_hints_of_its_own(kata, hint):
    hint(kata)
    assert "hint 1 of 3" in hint(replace(kata, name="timesteps"))
    assert "hint 2 of 3" in hint(kata)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{half",
        "[]",
        "null",
        "3",
        '{"02_training/add_noise": "two"}',
        '{"02_training/add_noise": -1}',
        '{"02_training/add_noise": null}',
        '{"02_training/add_noise": true}',
        '{"02_training/add_noise": 0.5}',
    ],
)
def test_a_damaged_memory_starts_anew(kata, memory, hint, text):
    memory.write_text(text)
    assert "hint 1 of 3" in hint(kata)
    assert "hint 2 of 3" in hint(kata)


def test_a_memory_that_is_no_text_starts_anew(kata, memory, hint):
    memory.write_bytes(b"\xff\xfe\x00")
    assert "hint 1 of 3" in hint(kata)


def test_a_damaged_entry_does_not_harm_the_others(kata, memory, hint):
    memory.write_text('{"02_training/add_noise": 1, "02_training/unet": "x"}')
    assert "hint 2 of 3" in hint(kata)
    assert json.loads(memory.read_text()) == {"02_training/add_noise": 2}


def test_hints_that_became_fewer_are_shown_all(kata, memory, hint):
    memory.write_text('{"02_training/add_noise": 9}')
    assert NO_MORE in hint(kata)


def test_nothing_but_the_memory_is_left_behind(kata, memory, hint):
    hint(kata)
    assert list(memory.parent.iterdir()) == [memory]


def test_a_memory_that_cannot_be_written_is_said_and_the_hint_shown(kata, hint):
    (kata.root / ".kata").write_text("a file where the folder should be")
    page = hint(kata)
    assert "Look at `images[i]`." in page
    assert "cannot be remembered" in page
