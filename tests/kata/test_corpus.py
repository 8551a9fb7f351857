"""The corpus of attacks: complete, readable without being run, and made for every kata."""

import ast

import pytest

from kata.grading.corpus import (
    CLASSES,
    CODE,
    FILE,
    FOLDER,
    SUBMISSION,
    attacks,
    nothing_right,
    read_attack,
)
from kata.grading.intake import read_submission
from kata.grading.trees import LARGEST
from kata.manifest import SOLUTIONS, load_manifest
from kata.sandbox.confine import LEVELS

ATTACKS = attacks()
KATAS = load_manifest().katas
ADD_NOISE = next(kata for kata in KATAS if kata.name == "add_noise")


def of_form(form):
    return [attack for attack in ATTACKS if attack.form == form]


def definitions(content):
    return [node.name for node in ast.parse(content).body if isinstance(node, ast.FunctionDef)]


def test_every_class_has_several_attacks():
    kinds = [attack.kind for attack in ATTACKS]
    assert len(ATTACKS) >= 45
    assert all(kinds.count(kind) >= 3 for kind in CLASSES), {k: kinds.count(k) for k in CLASSES}


def test_every_file_of_the_folder_is_an_attack():
    assert len(ATTACKS) == len(list(FOLDER.rglob("*.py")))


def test_every_attack_says_in_a_sentence_what_it_tries():
    for attack in ATTACKS:
        assert attack.doc[0].isupper() and attack.doc[-1] == ".", attack
        assert attack.level in ("", *LEVELS), attack
        assert attack.aim in ("", *(kata.name for kata in KATAS)), attack


@pytest.mark.parametrize("kata", KATAS, ids=lambda kata: kata.name)
def test_every_attack_is_made_for_every_kata(kata):
    for attack in of_form(CODE):
        compile(attack.source(kata), attack.name, "exec", dont_inherit=True)
        assert definitions(attack.source(kata))[-1] == kata.functions[-1]
    assert all(0 < len(attack.source(kata)) <= LARGEST for attack in of_form(FILE))


def test_an_attack_stands_beside_an_honest_function():
    for attack in of_form(CODE):
        defined = definitions(attack.half(ADD_NOISE))
        assert defined.count("corrupt") == 1 and defined.count("noise_ladder") == 2, attack
        compile(attack.honest_half(ADD_NOISE), attack.name, "exec", dont_inherit=True)


def test_no_attack_has_a_function_of_a_katas_name():
    """It would be overwritten, and the attack with it."""
    names = {name for kata in KATAS for name in kata.functions}
    for attack in of_form(CODE):
        assert not names.intersection(definitions(attack.path.read_bytes())), attack


@pytest.mark.parametrize("attack", of_form(SUBMISSION), ids=lambda attack: attack.name)
def test_nothing_right_is_taken_from_an_attack_on_the_intake(attack, tmp_path):
    for number, kata in enumerate((KATAS[0], KATAS[3])):
        folder = tmp_path / str(number)
        folder.mkdir()
        submission = read_submission(attack.make(folder, kata), KATAS)
        assert submission.files.get(kata.id) != kata.file(SOLUTIONS).read_bytes()


def test_the_honest_part_of_a_half_is_the_first_function():
    space = {}
    exec(of_form(CODE)[0].honest_half(ADD_NOISE), space)
    assert space["noise_ladder"](1, 2, 3) is None
    assert space["corrupt"].__doc__


def test_a_harmless_file_with_nothing_right_has_every_function():
    for kata in KATAS:
        assert set(definitions(nothing_right(kata))) == {"nothing", *kata.functions}


@pytest.mark.parametrize(
    "text",
    [
        '"""Tries something."""\n\ndef attack(name, /): ...\n',
        '"""Tries something."""\n\nCLASS = "no such class"\n\ndef attack(name, /): ...\n',
        'CLASS = "bombs"\n\ndef attack(name, /): ...\n',
        '"""Tries something."""\n\nCLASS = "bombs"\n',
    ],
    ids=["without a class", "of no class", "without a docstring", "without a hook"],
)
def test_an_incomplete_attack_is_an_error(text, tmp_path):
    path = tmp_path / "incomplete.py"
    path.write_text(text)
    with pytest.raises(ValueError, match="an attack has a docstring"):
        read_attack(path)
