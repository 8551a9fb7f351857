"""`kata check` is green on a good kata and red, in the right words, on each trouble."""

import pytest

from kata.check import look_at
from kata.manifest import load_manifest

HINTS_START = "hints = ["


def check(house):
    return house.kata("check", "--jobs", "0")


def test_a_good_kata_is_proved(house):
    result = check(house)
    assert result.status == 0, result.output
    assert "All 1 katas are proved" in result.output


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def drop_hints(house):
    path = house.root / "katas.toml"
    text = path.read_text()
    path.write_text(text[: text.index(HINTS_START)] + 'hints = ["one", "", "one"]\n')


TROUBLES = {
    "a stray file": (
        lambda house: house.solution.with_name("old.py").write_text(""),
        "solutions/02_training/old.py: belongs to no kata",
    ),
    "a missing zoo": (lambda house: house.zoo.unlink(), "zoo_add_noise.py is missing"),
    "a missing show": (lambda house: house.show.unlink(), "show_add_noise.py is missing"),
    "a missing suite": (lambda house: house.suite.unlink(), "test_add_noise.py is missing"),
    "a missing solution": (
        lambda house: house.solution.unlink(),
        "solutions/02_training/add_noise.py is missing",
    ),
    "a missing stub": (lambda house: house.exercise.unlink(), "run `kata stubs`"),
    "a page without a section": (
        lambda house: replace(house.page, "## add_noise", "## noise"),
        "no section `## add_noise`",
    ),
    "a short section": (
        lambda house: house.page.write_text("## add_noise\n\nSoon.\n"),
        "has 1 words",
    ),
    "a picture that is not there": (
        lambda house: replace(house.page, "Words", "![ladder](pictures/ladder.png) Words"),
        "the picture pictures/ladder.png is missing",
    ),
    "hints that are missing or the same": (drop_hints, "1 of 3 hints"),
    "a stub that was edited": (
        lambda house: replace(house.exercise, "TODO: Draw", "TODO: Paint"),
        "is not the stub of its solution",
    ),
    "a solution that imports the tooling": (
        lambda house: replace(house.solution, "import torch", "import kata\nimport torch"),
        "imports `kata`",
    ),
    "a solution without the comment to keep": (
        lambda house: replace(
            house.solution,
            "    # Draw standard normal noise, then let the scheduler mix it in.\n",
            "",
        ),
        "has no comment below its docstring",
    ),
    "a mistake without a docstring": (
        lambda house: replace(
            house.zoo, '    """One timestep is used for the whole batch."""\n', ""
        ),
        "`one_timestep_for_the_batch` has no docstring",
    ),
}

TROUBLES_OF_RUNNING = {
    "a wrong solution": (
        lambda house: replace(house.solution, "torch.randn", "torch.rand"),
        "the suite, the solution or the zoo is at fault",
    ),
    "a suite with a test that cannot fail": (
        lambda house: house.suite.write_text(
            house.suite.read_text() + "\n\ndef test_nothing(exercise):\n    assert exercise\n"
        ),
        "1 tests pass on the stub",
    ),
    "a stub that is red for another reason": (
        lambda house: replace(
            house.suite,
            "    images, timesteps = draw.pictures(rng, 4, 8), torch.tensor([5, 200, 700, 999])",
            "    1 / 0",
        ),
        "not as *not started*",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_named(house, trouble):
    spoil, words = TROUBLES[trouble]
    spoil(house)
    manifest = load_manifest(house.root)
    troubles = look_at(manifest, manifest.katas).troubles
    assert words in " ".join(troubles).replace("[bold]", "").replace("[/]", "")


@pytest.mark.parametrize("trouble", TROUBLES_OF_RUNNING)
def test_each_trouble_of_a_suite_is_named(house, trouble):
    spoil, words = TROUBLES_OF_RUNNING[trouble]
    spoil(house)
    result = check(house)
    assert result.status == 1, result.output
    assert words in " ".join(result.output.split())


def test_a_zoo_that_is_too_small_is_named(house):
    text = house.zoo.read_text()
    house.zoo.write_text(text[: text.index("@variant")])
    assert "0 variants" in check(house).output


def test_an_unknown_kata_is_an_error_that_suggests_the_nearest(house):
    result = house.kata("check", "ad_noise")
    assert result.status == 2
    assert "Did you mean `add_noise`?" in result.output
