"""A zoo's entries know what they replace, and what a suite must say about them."""

from types import ModuleType

import pytest

from kata.zoo import NOTHING, ZooError, entries, mistake, variant, verify_rejection


@mistake("corrupt", rejected_by="test_noise", says="Uniform  noise")
def uniform(images):
    """`rand` is uniform."""


@mistake("corrupt", rejected_by="test_ladder[8]", says="rung")
def one_rung(images):
    """One rung."""


@variant("noise_ladder")
def in_a_loop(images):
    """A loop."""


def helper():
    pass


@pytest.fixture
def zoo():
    module = ModuleType("zoo")
    vars(module).update(
        {"one": uniform, "helper": helper, "number": 3, "two": in_a_loop, "three": one_rung}
    )
    return {entry.name: entry for entry in entries(module)}


def test_entries_stand_in_the_order_of_the_file_and_nothing_else_is_one(zoo):
    assert list(zoo) == ["uniform", "in_a_loop", "one_rung"]


def test_an_entry_stays_a_function(zoo):
    assert zoo["uniform"].function is uniform


def test_an_entry_knows_what_it_replaces(zoo):
    assert [entry.replaces for entry in zoo.values()] == ["corrupt", "noise_ladder", "corrupt"]


def test_a_mistake_is_one_and_a_variant_is_none(zoo):
    assert [entry.is_mistake for entry in zoo.values()] == [True, False, True]


@pytest.mark.parametrize(
    ("entry", "test", "taken"),
    [
        ("uniform", "test_noise", True),
        ("uniform", "test_noise[3]", True),
        ("uniform", "test_noise_of_others", False),
        ("uniform", "test_other[test_noise]", False),
        ("one_rung", "test_ladder[8]", True),
        ("one_rung", "test_ladder[2]", False),
        ("one_rung", "test_ladder", False),
        ("in_a_loop", "test_noise", True),
        ("in_a_loop", "test_ladder[8]", True),
    ],
)
def test_a_mistake_is_tried_on_its_test_and_a_variant_on_all(zoo, entry, test, taken):
    assert zoo[entry].takes(test) is taken


@pytest.mark.parametrize(
    "failure", ["seen: uniform noise", "UNIFORM\n   noise of [0, 1)", "x uniform\tnoise x"]
)
def test_a_rejection_in_the_words_of_the_mistake_is_right(zoo, failure):
    verify_rejection(zoo["uniform"], failure)


def test_a_suite_that_accepts_a_mistake_is_told_what_to_reject(zoo):
    told = "accepts the mistake `uniform`, which test_noise must reject: `rand` is"
    with pytest.raises(ZooError, match=told):
        verify_rejection(zoo["uniform"], None)


@pytest.mark.parametrize("test", ["test_noise", "test_ladder[8]"])
def test_every_test_must_reject_nothing_at_all(test):
    assert NOTHING.takes(test)
    with pytest.raises(ZooError, match="`returns_nothing`, which every test must reject"):
        verify_rejection(NOTHING, None)


def test_a_rejection_in_other_words_is_told_with_both(zoo):
    with pytest.raises(ZooError, match=r"does not read 'Uniform  noise'(.|\n)*normal noise"):
        verify_rejection(zoo["uniform"], "normal noise")


@pytest.mark.parametrize("names", [("", "words"), ("test_noise", "")])
def test_a_mistake_without_a_test_or_words_is_refused(names):
    with pytest.raises(ZooError, match="a mistake in `corrupt` names no test, or no words"):
        mistake("corrupt", rejected_by=names[0], says=names[1])
