"""A class made up: its files run, its forms can be read, and its verdicts are those expected."""

import ast
from collections import Counter
from symtable import SymbolTable, symtable

import pytest

from kata.grading import classroom
from kata.grading.classroom import NOT_PASSED, is_as_expected, make_class
from kata.grading.corpus import CODE, SUBMISSION, attacks
from kata.grading.intake import read_class
from kata.grading.written import written
from kata.manifest import load_manifest
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG
from kata.worker import load_file
from kata.zoo import entries

KATAS = load_manifest().katas
FEW = [kata for kata in KATAS if kata.name in ("timesteps", "noise_schedule", "preprocess")]
TRICKS = ("links_to_solutions", "zip_with_parents", "zip_cut_short")


@pytest.fixture
def few_attacks(monkeypatch):
    """Some that are made in no time, of both forms."""
    quick = [a for a in attacks() if a.name in TRICKS or (a.form == CODE and a.kind == "pickles")]
    assert {attack.form for attack in quick} == {CODE, SUBMISSION}
    monkeypatch.setattr(classroom, "attacks", lambda: quick)


# An answer of a zoo as a file


@pytest.mark.parametrize("kata", KATAS, ids=lambda kata: kata.name)
def test_every_answer_of_a_zoo_becomes_a_file_that_runs(kata):
    for entry in entries(load_file(kata.zoo)):
        text = written(kata, entry)
        module = {"__name__": "handed_in", "__file__": str(kata.file("exercises"))}
        exec(compile(text, entry.name, "exec"), module)
        assert all(callable(module[name]) for name in kata.functions)
        assert module[entry.replaces].__name__ == entry.name
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        assert not [node.module for node in imports if node.module.startswith("kata")]


@pytest.mark.parametrize("kata", KATAS, ids=lambda kata: kata.name)
def test_every_answer_finds_the_names_of_its_zoo(kata):
    """Within its own frame, so that those of the solution do not stand in for them."""
    zoo = load_file(kata.zoo)
    for entry in entries(zoo):
        module = symtable(written(kata, entry), entry.name, "exec")
        [frame] = [table for table in module.get_children() if table.get_name() == "_answer"]
        assert elsewhere(frame) & set(vars(zoo)) <= {"__file__"}, entry.name


def elsewhere(table: SymbolTable) -> set[str]:
    """The names that are looked up in the module or among the builtins."""
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*map(elsewhere, table.get_children()))


def test_a_file_of_the_zoo_gets_the_verdict_of_its_answer(house):
    house_katas = load_manifest(house.root).katas
    zoo = entries(load_file(house.zoo))
    mistake = next(entry for entry in zoo if entry.is_mistake)
    variant = next(entry for entry in zoo if not entry.is_mistake)
    for entry, status in ((mistake, 1), (variant, 0)):
        house.exercise.write_text(written(house_katas[0], entry))
        result = house.pytest("exercises", "-q")
        assert result.status == status, result.output
        assert (f"{mistake.rejected_by} " in result.output) == bool(status)


# A class


def test_a_class_can_be_read_under_the_names_that_are_expected(tmp_path, few_attacks):
    expected = make_class(tmp_path, FEW, 60, seed=1)
    submissions = {submission.name: submission for submission in read_class(tmp_path, KATAS)}
    assert set(submissions) == set(expected)
    for name, verdicts in expected.items():
        assert set(verdicts) == {kata.id for kata in FEW}
        right = {kata for kata, verdict in verdicts.items() if verdict in (PASSED, WRONG)}
        assert right <= set(submissions[name].files)
    counts = Counter(verdict for verdicts in expected.values() for verdict in verdicts.values())
    assert set(counts) == {PASSED, WRONG, NOT_STARTED, NOT_PASSED}


def test_a_large_class_has_every_mistake_and_every_attack(tmp_path, few_attacks):
    """But for what only a GPU would tell."""
    [kata] = [kata for kata in FEW if kata.name == "noise_schedule"]
    expected = make_class(tmp_path, [kata], 160, seed=2, hostile=0.2)
    contents = {s.files.get(kata.id, b"").decode() for s in read_class(tmp_path, [kata])}
    mistakes = [entry for entry in entries(load_file(kata.zoo)) if entry.is_mistake]
    assert {written(kata, entry) for entry in mistakes} <= contents
    hostile = [a.source(kata).decode() for a in classroom.attacks() if a.form == CODE]
    assert set(hostile) <= contents
    assert sum(NOT_PASSED in verdicts.values() for verdicts in expected.values()) == 32


def test_the_same_seed_gives_the_same_class(tmp_path, few_attacks):
    def contents(folder):
        return [(s.name, s.files, s.refused) for s in read_class(folder, FEW)]

    same = [make_class(tmp_path / name, FEW, 20, seed=3) for name in "ab"]
    assert same[0] == same[1] != make_class(tmp_path / "c", FEW, 20, seed=4)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != contents(tmp_path / "c")


def test_a_class_in_which_no_two_files_are_the_same(tmp_path):
    make_class(tmp_path, FEW[:1], 30, seed=5, hostile=0, signed=True)
    files = [content for s in read_class(tmp_path, FEW) for content in s.files.values()]
    assert len(files) == len(set(files)) > 20


def test_an_attack_may_get_any_verdict_but_the_best():
    assert not any(is_as_expected(NOT_PASSED, verdict) for verdict in (PASSED, INFRASTRUCTURE))
    assert all(is_as_expected(NOT_PASSED, verdict) for verdict in (WRONG, NOT_STARTED, REFUSED))
    assert is_as_expected(WRONG, WRONG) and not is_as_expected(WRONG, REFUSED)
