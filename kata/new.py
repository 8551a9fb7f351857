"""`kata new`: the files of a new kata, each with what belongs into it."""

import re
from string import Template

from rich.console import Console

from kata.errors import KataError
from kata.manifest import SOLUTIONS, Kata, Lesson, Manifest

SOLUTION = Template('''"""One sentence: what this kata builds.

Goal    what the learner can do afterwards
Source  paper and equation; library class
Check   pytest exercises/$lesson/$name.py
Stuck   kata hint $name
"""

import torch


def $function(images):
    """Return what it returns.

    images  (B, C, H, W) float32 in [-1, 1], left as it was
    return  shapes, dtypes, ranges, units; what is raised
    """
    # Say here what is to be done; the stub keeps this comment and cuts what is below.
    return torch.zeros_like(images)
''')

SUITE = Template('''"""What $name must do: the formula, written out."""

from kata import draw, expect


def test_a_sentence_about_one_behaviour(exercise, rng):
    """A sentence about one behaviour, which the learner reads."""
    images = draw.pictures(rng, 2, 8)
    result = exercise.$function(images)
    expect.tensor(result, tuple(images.shape), images.dtype)
    expect.unchanged(exercise.last)
''')

ZOO = Template('''"""Wrong and right answers to $name."""

from kata.zoo import mistake, variant


@mistake("$function", rejected_by="test_a_sentence_about_one_behaviour", says="did you forget")
def nothing_returned(images):
    """The function ends without `return`."""


@variant("$function")
def multiplied_by_zero(images):
    """The same by another operation."""
    return images * 0
''')

SHOW = Template('''"""One sentence: what is to be seen."""

from kata import panels


def show(kata):
    figure, axes = panels.figure(8, 2.5, "pictures")
    with panels.panel(kata, axes["pictures"], "$function"):
        panels.pictures(axes["pictures"], kata.$function(panels.butterflies(8, 32)))
    return figure
''')

SECTION = Template("""
## $name

Why; the code that a practitioner types; the mathematics; a picture.
""")

ENTRY = Template("""
[[lesson.kata]]
name = "$name"
title = ""
minutes = 15
concepts = []
functions = ["$function"]
hints = ["", "", ""]
""")


class NewError(KataError):
    """The kata cannot be laid out; nothing was written."""


def new_kata(manifest: Manifest, name: str, function: str | None = None) -> None:
    """Write the files of the kata `LESSON/NAME` and its entry in the manifest.

    function  what the learner writes; the kata's own name without it
    Raises NewError when the name is none, the lesson is unknown, or a file is there already.
    """
    match = re.fullmatch(r"(\d\d_[a-z0-9_]+)/([a-z][a-z0-9_]*)", name)
    if match is None:
        raise NewError(f"`{name}` is not of the form 02_training/my_kata.")
    lesson = next((lesson for lesson in manifest.lessons if lesson.name == match[1]), None)
    if lesson is None:
        known = ", ".join(lesson.name for lesson in manifest.lessons)
        raise NewError(f"katas.toml has no lesson `{match[1]}`. There are: {known}.")
    function = function or match[2]
    if not function.isidentifier():
        raise NewError(f"`{function}` is no name for a function.")
    kata = Kata(manifest.root, match[1], match[2], "", 15, (), (function,), ())
    if any(other.name == kata.name for other in manifest.katas):
        raise NewError(f"There is a kata `{kata.name}` already; names are unique.")
    _write(kata, lesson, {"lesson": kata.lesson, "name": kata.name, "function": function})


def _write(kata: Kata, lesson: Lesson, fields: dict[str, str]) -> None:
    texts = {kata.file(SOLUTIONS): SOLUTION, kata.suite: SUITE, kata.zoo: ZOO, kata.show: SHOW}
    for path in texts:
        if path.exists():
            raise NewError(f"{path} is there already.")
    for path, template in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.substitute(fields), encoding="utf-8")
    page = lesson.page.read_text(encoding="utf-8") if lesson.page.is_file() else ""
    lesson.page.write_text(page.rstrip("\n") + "\n" + SECTION.substitute(fields), encoding="utf-8")
    _add_to_manifest(kata, ENTRY.substitute(fields))
    console = Console()
    for path in [*texts, lesson.page, kata.root / "katas.toml"]:
        console.print(f"  {path.relative_to(kata.root)}")
    console.print(
        "Next: write the solution, `kata stubs`, and let `kata check` say what is missing."
    )


def _add_to_manifest(kata: Kata, entry: str) -> None:
    """Put the entry at the end of its lesson: before the next `[[lesson]]`, or last."""
    path = kata.root / "katas.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index(f'name = "{kata.lesson}"')
    following = text.find("\n[[lesson]]\n", start)
    end = len(text) if following < 0 else following
    text = text[:end].rstrip("\n") + "\n" + entry + text[end:]
    path.write_text(text, encoding="utf-8")
