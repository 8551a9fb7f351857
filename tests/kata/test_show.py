"""`kata show` makes a picture of right and wrong answers alike, and says what it cannot draw."""

import io

import pytest
import torch
from PIL import Image
from rich.console import Console

from kata.manifest import SOLUTIONS, load_manifest
from kata.show import as_image, draw, view
from kata.shown import AnswerError, ShownKata, load_functions
from kata.thumbnail import has_colours, print_thumbnail

MANIFEST = load_manifest()


@pytest.mark.parametrize("kata", MANIFEST.katas, ids=lambda kata: kata.name)
def test_every_kata_has_a_show_that_draws_the_reference(kata):
    shown = view(kata, SOLUTIONS)
    assert shown.troubles == []
    image = as_image(shown.picture)
    assert min(image.size) >= 200
    assert len(image.getcolors(image.width * image.height)) > 50


# Wrong answers


def answer(name, **functions):
    """A kata's reference with some of its functions replaced, as its show sees it."""
    kata = MANIFEST.find(name)
    reference = load_functions(kata, kata.file(SOLUTIONS))
    return ShownKata(kata, {**reference, **functions}, [kata.file(SOLUTIONS), __file__])


def constant_noise(scheduler, clean_images, timesteps, generator=None):
    return clean_images, torch.zeros_like(clean_images)


def nothing(*arguments, **keywords):
    return None


def flat(scheduler, clean_images, timesteps, generator=None):
    return clean_images.flatten(1), clean_images.flatten(1)


def not_numbers(scheduler, images, count, generator=None):
    return torch.full((count, *images.shape), float("nan"))


def todo(*arguments, **keywords):
    raise NotImplementedError("TODO: noise_ladder")


def broken(scheduler, images, count, generator=None):
    return images / torch.zeros(2, 2, 2).view(3)


def test_a_wrong_answer_gives_another_picture():
    wrong, right = answer("add_noise", corrupt=constant_noise), answer("add_noise")
    assert as_image(draw(wrong)).tobytes() != as_image(draw(right)).tobytes()
    assert wrong.troubles == []


def test_values_that_are_no_numbers_give_a_picture():
    shown = answer("add_noise", noise_ladder=not_numbers)
    as_image(draw(shown))
    assert shown.troubles == []


@pytest.mark.parametrize(
    ("name", "functions", "words"),
    [
        ("add_noise", {"corrupt": nothing}, "corrupt returned None.\nDid you forget `return`?"),
        ("add_noise", {"noise_ladder": nothing}, "noise_ladder returned None.\nDid you forget"),
        (
            "add_noise",
            {"corrupt": flat},
            "float32 tensor (5, 3072) in [-0.92, 1.00].\nExpected: pictures",
        ),
        ("add_noise", {"noise_ladder": todo}, "noise_ladder is not written yet."),
        ("timesteps", {"sample_timesteps": nothing}, "sample_timesteps returned None."),
        ("preprocess", {"make_preprocess": nothing}, "make_preprocess returned None."),
        ("dataloader", {"make_dataloader": lambda *_, **__: 7}, "make_dataloader returned 7."),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words(name, functions, words):
    shown = answer(name, **functions)
    assert as_image(draw(shown)).getbbox() is not None
    assert words in "\n".join(shown.troubles)


def test_an_error_names_the_line_of_the_answer():
    with pytest.raises(AnswerError) as raised:
        draw(answer("add_noise", noise_ladder=broken))
    message = str(raised.value)
    assert "RuntimeError: shape '[3]' is invalid" in message
    assert f"test_show.py:{broken.__code__.co_firstlineno + 1}" in message
    assert "torch.zeros(2, 2, 2).view(3)" in message
    assert "Traceback" not in message


def test_an_error_in_what_the_answer_has_made_names_the_line_too():
    def preprocess(image):
        raise ValueError("no such picture")

    with pytest.raises(AnswerError, match="no such picture"):
        draw(answer("preprocess", make_preprocess=lambda size: preprocess))


def test_a_function_that_takes_other_arguments_is_named_by_its_definition():
    def make_preprocess():
        """Takes nothing."""

    with pytest.raises(AnswerError) as raised:
        draw(answer("preprocess", make_preprocess=make_preprocess))
    assert f"test_show.py:{make_preprocess.__code__.co_firstlineno}" in str(raised.value)


# The command


@pytest.fixture
def written(house):
    """A house in which the learner has written the kata as the reference has it."""
    house.exercise.write_text(house.solution.read_text())
    return house


def picture(house, *arguments):
    result = house.kata("show", "add_noise", *arguments)
    assert result.status == 0, result.output
    path = house.root / ".kata" / "show" / "add_noise.png"
    return result.output, Image.open(path)


def test_it_saves_yours_beside_the_reference_and_says_where(written):
    output, both = picture(written)
    assert "yours and reference in .kata/show/add_noise.png" in output
    output, alone = picture(written, "--from", "solutions")
    assert "reference in .kata/show/add_noise.png" in output
    assert "yours" not in output
    assert both.height == 2 * alone.height


def test_a_starter_shows_yours_alone_and_says_so(written):
    written.solution.unlink()
    output, _ = picture(written)
    assert "The reference is not in this repository" in " ".join(output.split())


def test_it_saves_where_it_is_told(written):
    out = written.root / "pictures" / "mine.png"
    result = written.kata("show", "add_noise", "--out", str(out))
    assert result.status == 0, result.output
    assert Image.open(out).size[0] == 800
    assert [path.name for path in out.parent.iterdir()] == ["mine.png"]


def test_a_place_that_cannot_be_written_is_a_clear_error(written):
    result = written.kata("show", "add_noise", "--out", str(written.root))
    assert result.status == 2
    assert f"Cannot write {written.root}: Is a directory" in " ".join(result.output.split())


def test_one_function_is_enough_to_show_something(house):
    text = house.solution.read_text()
    start = text.index("    # Draw one noise for the pictures")
    house.exercise.write_text(
        text[:start] + '    raise NotImplementedError("TODO: noise_ladder")\n'
    )
    picture(house)


def test_words_in_place_of_a_picture_are_in_the_terminal_too(written):
    written.exercise.write_text(written.exercise.read_text().replace("return noisy", "noisy"))
    assert "yours: corrupt returned None." in picture(written)[0]


TROUBLES = {
    "a stub": (lambda house: None, 2, "not started, so there is nothing to show yet"),
    "a file that is no Python": (
        lambda house: house.exercise.write_text("def corrupt(:\n"),
        2,
        "SyntaxError: invalid syntax (exercises/02_training/add_noise.py, line 1)",
    ),
    "a file that is missing": (lambda house: house.exercise.unlink(), 2, "the file is missing"),
    "a missing function": (
        lambda house: house.exercise.write_text("import torch\n"),
        2,
        "has no function `corrupt`",
    ),
    "a file that raises": (
        lambda house: house.exercise.write_text("x = 1\ny = x / 0\n"),
        1,
        "where exercises/02_training/add_noise.py:2 y = x / 0",
    ),
    "a function that raises": (
        lambda house: house.exercise.write_text(
            house.solution.read_text().replace("device=clean_images.device,", "device=1 / 0,")
        ),
        1,
        "raised ZeroDivisionError: division by zero where exercises/02_training/add_noise.py:26",
    ),
    "a show that is missing": (
        lambda house: (house.show.unlink(), house.exercise.write_text(house.solution.read_text())),
        2,
        "tests/02_training/show_add_noise.py is missing",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_named_with_what_to_type(house, trouble):
    spoil, status, words = TROUBLES[trouble]
    spoil(house)
    result = house.kata("show", "add_noise")
    output = " ".join(result.output.split())
    assert result.status == status, result.output
    assert words in output
    assert "Traceback" not in output
    assert (
        "pytest exercises/02_training/add_noise.py" in output or trouble == "a show that is missing"
    )
    assert not (house.root / ".kata" / "show").exists()


# The thumbnail


def terminal(width, height=40, **options):
    return Console(file=io.StringIO(), width=width, height=height, **options)


@pytest.mark.parametrize("width", [40, 100])
def test_the_thumbnail_fits_the_terminal(width):
    console = terminal(width, force_terminal=True, color_system="truecolor")
    image = Image.new("RGB", (800, 600), "white")
    image.paste("red", (10, 10, 790, 590))
    print_thumbnail(console, image)
    lines = console.file.getvalue().splitlines()
    assert "▀" in lines[0] or "▄" in lines[0]
    assert lines[0].count("▀") + lines[0].count("▄") <= width
    assert len(lines) <= 21


def test_only_a_terminal_with_colours_gets_a_thumbnail():
    colourful = {"force_terminal": True, "color_system": "256", "legacy_windows": False}
    assert has_colours(terminal(80, **colourful))
    assert not has_colours(terminal(80))
    assert not has_colours(terminal(80, **{**colourful, "color_system": "standard"}))
    assert not has_colours(terminal(80, **colourful, no_color=True))
