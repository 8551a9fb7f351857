"""`kata show`: what the learner's code makes of the data, beside the reference, as one picture.

What is drawn stands in `tests/NN_lesson/show_<kata>.py`; see `kata/panels.py`.
"""

import ast
import io
import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from kata.command_line import run_prefix
from kata.errors import KataError
from kata.learner import trouble_of
from kata.manifest import EXERCISES, SOLUTIONS, Kata
from kata.shown import ShownKata, load_functions
from kata.stub import unwritten

LABELS = {EXERCISES: "yours", SOLUTIONS: "reference"}


@dataclass
class View:
    """What one answer makes of the data.

    picture   a PIL image, or a figure of matplotlib
    troubles  what could not be drawn, in words
    """

    label: str
    picture: object
    troubles: list[str]


def show(
    kata: Kata, tree: str = EXERCISES, out: Path | None = None, thumbnail: bool = True
) -> Path:
    """Draw the answer of a tree, and beside it the reference; return the path of the PNG.

    out        where the picture goes; `.kata/show/NAME.png` without
    thumbnail  whether to show it in the terminal too, where that has colours
    Raises KataError where there is nothing to show yet, AnswerError where the answer raises.
    """
    _require_something(kata, tree)
    _import_quietly()
    from kata.thumbnail import has_colours, print_thumbnail

    trees = [each for each in dict.fromkeys((tree, SOLUTIONS)) if kata.file(each).is_file()]
    views = [view(kata, each) for each in trees]
    path = out or kata.root / ".kata" / "show" / f"{kata.name}.png"
    images = [as_image(each.picture) for each in views]
    _save(_joined(images, [each.label for each in views]), path)
    console = Console(highlight=False)
    shown = thumbnail and has_colours(console)
    for each in views:
        if shown:
            console.print(f"[bold]{each.label}[/]")
            print_thumbnail(console, as_image(each.picture, words=False))
        for trouble in dict.fromkeys(each.troubles):
            console.print(f"{each.label}: {trouble}", style="yellow", markup=False)
    if SOLUTIONS not in trees:
        console.print("The reference is not in this repository: the picture shows yours alone.")
    console.print(f"{kata.id}: {' and '.join(each.label for each in views)} in", end=" ")
    console.print(_short(path), style="bold", markup=False, soft_wrap=True)
    return path


def view(kata: Kata, tree: str) -> View:
    """Run the show of a kata on the answer in a tree, from the same random state every time."""
    from kata.worker import seeded

    with seeded(0):
        path = kata.file(tree)
        shown = ShownKata(kata, load_functions(kata, path), [path])
        return View(LABELS[tree], draw(shown), shown.troubles)


def draw(shown: ShownKata) -> object:
    """What the show of a kata draws: a figure, of words alone where nothing can be drawn."""
    from kata import panels
    from kata.worker import load_file

    try:
        return load_file(shown.kata.show).show(shown)
    except Exception as error:
        figure, axes = panels.figure(8, 2.5, "words")
        panels.write(axes["words"], shown.words(error))
        return figure


def as_image(picture: object, words: bool = True):
    """Return a PIL image of what a show returned, on request without its words: titles, numbers."""
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from PIL import Image

    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    if not words:
        for artist in picture.findobj(lambda artist: isinstance(artist, (Text, Legend))):
            artist.set_visible(False)
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png", dpi=100)
    return Image.open(buffer).convert("RGB")


def _require_something(kata: Kata, tree: str) -> None:
    """Raise KataError where no function of the kata is written, or its file cannot be read."""
    path = f"{tree}/{kata.id}.py"
    trouble = trouble_of(kata, tree)
    if trouble.startswith("not started"):
        todo = unwritten(ast.parse(kata.file(tree).read_text(encoding="utf-8")))
        if not todo.issuperset(kata.functions):
            trouble = ""
        else:
            trouble = f"not started, so there is nothing to show yet. Write it: {path}"
    if trouble:
        mend = f"{run_prefix()}pytest {path}"
        raise KataError(f"{kata.id}: {trouble.replace('<unknown>', path)}\nNext: {mend}")
    if not kata.show.is_file():
        raise KataError(f"{kata.show.relative_to(kata.root)} is missing, which draws {kata.name}.")


def _import_quietly() -> None:
    """Import the libraries, which takes some seconds, without their progress bars and advice."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with Console(stderr=True).status("Importing the libraries, which takes some seconds"):
        import datasets
        import diffusers
        import transformers

        import kata.panels  # noqa: F401
    datasets.disable_progress_bars()
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def _joined(images: list, labels: list[str]):
    """One picture of all, each below its label: wide ones above each other, others side by side."""
    from matplotlib import font_manager
    from PIL import Image, ImageDraw, ImageFont

    bar = 30
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 16)
    width, height = (max(side) for side in zip(*(image.size for image in images), strict=True))
    step = (0, height + bar) if width > height else (width, 0)
    last = len(images) - 1
    whole = Image.new("RGB", (width + last * step[0], height + bar + last * step[1]), "white")
    pen = ImageDraw.Draw(whole)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        left, top = number * step[0], number * step[1]
        pen.rectangle((left, top, left + width, top + bar - 1), fill="#e8ebf0")
        pen.text((left + 10, top + 5), label, fill="#333333", font=font)
        whole.paste(image, (left, top + bar))
    return whole


def _save(image, path: Path) -> None:
    """Write a PNG, beside its place first, so that an earlier one is there until it is whole."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(temporary, format="PNG")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise KataError(f"Cannot write {path}: {error.strerror or error}.") from error


def _short(path: Path) -> str:
    """The path as seen from here."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
