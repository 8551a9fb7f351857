"""The manifest knows every kata by name; a broken one is told where it is broken."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kata.__main__ import app
from kata.manifest import (
    EXERCISES,
    ROOT,
    SOLUTIONS,
    ManifestError,
    load_manifest,
    parse_manifest,
)

LESSON = '[[lesson]]\nname = "02_training"\ntitle = "Training"\n'
KATA = """[[lesson.kata]]
name = "add_noise"
title = "Corrupt"
minutes = 15
concepts = ["noise"]
functions = ["corrupt", "noise_ladder"]
hints = ["one", "two"]
"""


def other(name):
    return KATA.replace("add_noise", name)


@pytest.fixture
def manifest():
    text = LESSON + KATA + other("timesteps") + LESSON.replace("02_training", "03_sampling")
    return parse_manifest(text, Path("/house"))


def test_lessons_and_katas_stand_in_the_order_of_the_file(manifest):
    assert [lesson.name for lesson in manifest.lessons] == ["02_training", "03_sampling"]
    assert [kata.name for kata in manifest.katas] == ["add_noise", "timesteps"]


def test_a_kata_knows_its_files(manifest):
    kata = manifest.katas[0]
    assert kata.id == "02_training/add_noise"
    assert kata.file(EXERCISES) == Path("/house/exercises/02_training/add_noise.py")
    assert kata.file(SOLUTIONS) == Path("/house/solutions/02_training/add_noise.py")
    assert kata.suite == Path("/house/tests/02_training/test_add_noise.py")
    assert kata.zoo == Path("/house/tests/02_training/zoo_add_noise.py")


def test_a_lesson_knows_its_page(manifest):
    assert manifest.lessons[1].page == Path("/house/exercises/03_sampling/README.md")


def test_the_fields_of_a_kata_are_those_of_its_entry(manifest):
    kata = manifest.katas[0]
    assert (kata.title, kata.minutes, kata.concepts) == ("Corrupt", 15, ("noise",))
    assert (kata.functions, kata.hints) == (("corrupt", "noise_ladder"), ("one", "two"))


def test_every_lesson_of_the_repository_has_katas():
    assert all(lesson.katas for lesson in load_manifest(ROOT).lessons)


# When a class sees its results


def visibility(text):
    return parse_manifest(text).visibility


def test_a_class_sees_results_at_once_where_nothing_is_said():
    assert visibility(LESSON + KATA) == {"02_training/add_noise": "visible"}


def test_grading_says_when_all_katas_are_seen_and_a_kata_says_otherwise():
    text = '[grading]\nvisibility = "hidden"\n' + LESSON + KATA
    text += other("timesteps") + 'visibility = "after_due_date"\n'
    assert list(visibility(text).values()) == ["hidden", "after_due_date"]


def test_the_table_of_grading_may_stand_empty_and_at_the_end():
    assert list(visibility(LESSON + KATA + "[grading]").values()) == ["visible"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grading = 3", "`grading` is written as \\[grading\\], once"),
        ("[[grading]]", "`grading` is written as"),
        ('[grading]\nvisble = "hidden"', "\\[grading\\] has a field `visble` that is not known"),
        ("[grading]\nvisibility = 1", "`visibility` of \\[grading\\] is not a text"),
        (
            '[grading]\nvisibility = "later"',
            "`visibility` of \\[grading\\] is `later`, not one of hidden, after_published",
        ),
        (LESSON + KATA + "visibility = []", "`visibility` of the kata `add_noise` is not a text"),
        (
            LESSON + KATA + 'visibility = "Visible"',
            "`visibility` of the kata `add_noise` is `Visible`, not one of",
        ),
        (LESSON + 'visibility = "hidden"', "the lesson `02_training` has a field `visibility`"),
    ],
    ids=str,
)
def test_a_visibility_that_is_none_is_told_where(text, words):
    with pytest.raises(ManifestError, match=words):
        parse_manifest(text)


# Names and paths


@pytest.mark.parametrize(
    "name",
    [
        "add_noise",
        "add_noise.py",
        "02_training/add_noise",
        "exercises/02_training/add_noise.py",
        "solutions/02_training/add_noise",
    ],
)
def test_a_kata_is_found_by_name_or_path(manifest, name):
    assert manifest.find(name).name == "add_noise"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("add", "add_noise"),
        ("noise", "add_noise"),
        ("02_training/t", "timesteps"),
        ("g/tim", "timesteps"),
        ("exercises/02_training/a", "add_noise"),
        ("add_noise.p", None),
        ("s", None),
    ],
)
def test_a_part_of_a_name_is_enough_where_it_fits_one_kata(manifest, part, name):
    if name is None:
        with pytest.raises(ManifestError):
            manifest.find(part)
    else:
        assert manifest.find(part).name == name


def test_the_start_of_a_name_comes_before_its_middle():
    manifest = parse_manifest(LESSON + other("add_noise") + other("noise_schedule"))
    assert manifest.find("noise").name == "noise_schedule"


def test_a_whole_name_comes_before_longer_ones():
    manifest = parse_manifest(LESSON + other("unet_large") + other("unet"))
    assert manifest.find("unet").name == "unet"


@pytest.mark.parametrize("part", ["02_training", "t", "02_training/", "e"])
def test_of_a_part_that_fits_several_they_are_named(part):
    manifest = parse_manifest(LESSON + other("timesteps") + other("train_step"))
    with pytest.raises(
        ManifestError, match=f"`{part}` fits several katas:\ntimesteps, train_step\nGive more"
    ):
        manifest.find(part)


@pytest.mark.parametrize(
    "name", ["ad_noise", "addnoise", "2_trainig/add_noise", "exercises/add_noises.py"]
)
def test_a_name_that_is_nearly_right_suggests_the_nearest(manifest, name):
    with pytest.raises(ManifestError, match=r"There is no kata `.*Did you mean `add_noise`"):
        manifest.find(name)


@pytest.mark.parametrize("name", ["", "zzz", "/", "../../etc/passwd"])
def test_a_name_like_no_other_is_told_which_there_are(manifest, name):
    with pytest.raises(ManifestError, match=r"There are: add_noise, timesteps\."):
        manifest.find(name)


def test_a_path_belongs_to_a_tree_and_a_kata(manifest):
    kata = manifest.katas[0]
    assert manifest.kata_at(kata.file(SOLUTIONS)) == (SOLUTIONS, kata)
    assert manifest.kata_at(kata.suite) is None


# What is broken


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", LESSON], ids=["empty", "comment", "lesson"]
)
def test_a_manifest_without_katas_has_none_to_find(text):
    manifest = parse_manifest(text)
    assert manifest.katas == ()
    with pytest.raises(ManifestError, match=r"katas\.toml holds none"):
        manifest.find("add_noise")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[lesson", "not valid TOML"),
        ('[[lesson]]\nname = "a"\nname = "b"', "not valid TOML"),
        (KATA, "`lesson` is written as"),
        ("lesson = 3", "`lesson` is written as"),
        ("[lesson]\nname = 'x'", "`lesson` is written as"),
        (LESSON + "kata = [1]", "`kata` is written as"),
        ('[[lessons]]\nname = "x"', "the file has a field `lessons` that is not known"),
        ('[[lesson]]\ntitle = "x"', "the lesson `None` lacks the field `name`"),
        (LESSON + "order = 1", "the lesson `02_training` has a field `order`"),
        (LESSON + KATA + "level = 1", "the kata `add_noise` has a field `level` that is not known"),
    ],
    ids=str,
)
def test_a_broken_manifest_is_told_where(text, words):
    with pytest.raises(ManifestError, match=words):
        parse_manifest(text)


@pytest.mark.parametrize("field", KATA.splitlines()[2:], ids=lambda line: line.split()[0])
def test_a_field_that_is_missing_is_named(field):
    with pytest.raises(ManifestError, match=f"`add_noise` lacks the field `{field.split()[0]}`"):
        parse_manifest(LESSON + KATA.replace(field + "\n", ""))


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("title = 3", "a text"),
        ('minutes = "15"', "a whole number"),
        ("minutes = true", "a whole number"),
        ("minutes = 1.5", "a whole number"),
        ('functions = "corrupt"', "a list of texts"),
        ("hints = [1, 2]", "a list of texts"),
        ('concepts = [["noise"]]', "a list of texts"),
    ],
)
def test_a_field_of_another_type_is_named(field, wanted):
    name = field.split()[0]
    lines = [field if line.startswith(f"{name} =") else line for line in KATA.splitlines()]
    with pytest.raises(ManifestError, match=f"`{name}` of the kata `add_noise` is not {wanted}"):
        parse_manifest(LESSON + "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LESSON + KATA + KATA, "names the kata `add_noise` 2 times"),
        (
            LESSON + KATA + LESSON.replace("02", "03") + KATA,
            "names the kata `add_noise` 2 times",
        ),
        (LESSON * 3, "names the lesson `02_training` 3 times"),
    ],
    ids=["in one lesson", "in two lessons", "lessons"],
)
def test_a_name_that_is_given_twice_is_an_error(text, words):
    with pytest.raises(ManifestError, match=words):
        parse_manifest(text)


def test_a_manifest_that_is_missing_is_told_by_its_path(tmp_path):
    with pytest.raises(ManifestError, match=r"Cannot read .*katas\.toml: No such file"):
        load_manifest(tmp_path)


def test_a_manifest_that_is_not_utf8_is_told(tmp_path):
    (tmp_path / "katas.toml").write_bytes("# é".encode("latin-1"))
    with pytest.raises(ManifestError, match="not UTF-8"):
        load_manifest(tmp_path)


# The command line


def complete(*words):
    """What a shell is offered after these words, the last of which is not finished."""
    line = {"COMP_WORDS": " ".join(("kata", *words)), "COMP_CWORD": str(len(words))}
    env = {"_KATA_COMPLETE": "complete_bash", **line}
    return CliRunner().invoke(app, prog_name="kata", env=env).output.split()


@pytest.mark.parametrize("command", ["hint", "diff", "reset", "check"])
def test_a_shell_completes_the_names_of_katas(command):
    assert complete(command, "add_n") == ["add_noise"]
    assert complete(command, "02_training/add") == ["02_training/add_noise"]
    assert complete(command, "nothing_like_it") == []


def test_a_shell_offers_every_kata_once():
    assert complete("hint", "") == [kata.name for kata in load_manifest().katas]


def test_a_shell_completes_the_values_of_options():
    assert complete("train", "--from", "") == ["exercises", "solutions"]
    assert complete("train", "--profile", "sm") == ["smoke"]
    assert complete("branch", "st") == ["starter"]


def test_a_broken_manifest_completes_to_nothing(monkeypatch):
    def broken():
        raise ManifestError("broken")

    monkeypatch.setattr("kata.__main__.load_manifest", broken)
    assert complete("hint", "a") == []


QUICK = """
import os, sys
from typer.testing import CliRunner
from kata.__main__ import app
for words in [[], ["hint", "add_noise", "--all"], ["diff", "add_noise"], ["reset", "--help"]]:
    CliRunner().invoke(app, words)
line = {"_KATA_COMPLETE": "complete_bash", "COMP_WORDS": "kata hint ", "COMP_CWORD": "2"}
CliRunner().invoke(app, prog_name="kata", env=line)
print(sorted({"torch", "diffusers", "pytest"} & sys.modules.keys()))
"""


def test_what_needs_no_library_imports_none():
    done = subprocess.run([sys.executable, "-c", QUICK], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
