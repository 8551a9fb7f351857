"""`kata new` lays out a kata about which `kata check` complains in the right places."""

import pytest

from kata.manifest import load_manifest


def test_check_complains_about_a_new_kata_until_it_is_written(house):
    made = house.kata("new", "02_training/ema", "--function", "average")
    assert made.status == 0, made.output
    result = house.kata("check", "ema", "--jobs", "0")
    words = " ".join(result.output.split())
    assert result.status == 1
    for complaint in (
        "exercises/02_training/ema.py is missing",
        "0 of 3 hints",
        "`## ema` has",
        "1 mistakes",
        "1 variants",
    ):
        assert complaint in words
    assert "at fault" not in words  # its suite, mistake and variant are green from the start


def test_the_manifest_still_reads_and_has_the_kata_last(house):
    house.kata("new", "02_training/ema")
    kata = load_manifest(house.root).katas[-1]
    assert (kata.id, kata.functions) == ("02_training/ema", ("ema",))


def test_a_kata_of_an_earlier_lesson_stays_in_it(house):
    path = house.root / "katas.toml"
    path.write_text(path.read_text() + '\n[[lesson]]\nname = "03_sampling"\ntitle = "Sampling"\n')
    house.kata("new", "02_training/ema")
    manifest = load_manifest(house.root)
    assert [kata.name for kata in manifest.lessons[0].katas] == ["add_noise", "ema"]
    assert manifest.lessons[1].katas == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ema"], "is not of the form"),
        (["02_training/Ema"], "is not of the form"),
        (["09_evaluation/fid"], "There are: 02_training"),
        (["02_training/add_noise"], "names are unique"),
        (["02_training/ema", "--function", "1st"], "no name for a function"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_and_nothing_written(house, arguments, words):
    before = sorted(house.root.rglob("*.py")), (house.root / "katas.toml").read_text()
    result = house.kata("new", *arguments)
    assert result.status == 2
    assert words in result.output
    assert before == (sorted(house.root.rglob("*.py")), (house.root / "katas.toml").read_text())
