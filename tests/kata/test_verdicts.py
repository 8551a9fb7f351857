"""From an answer to a verdict, to one screen for a failure."""

import re
from dataclasses import replace

import pytest

from kata import screen
from kata.answer import Answer
from kata.exercise import Exercise
from kata.manifest import EXERCISES, load_manifest
from kata.screen import make_screen
from kata.verdict import NotStarted, Wrong
from kata.zoo import Entry

TODO = '    raise NotImplementedError("TODO: {}")\n'
STUB = f"""def corrupt(x):
    '''Doc.'''
    # TODO: Task.
{TODO.format("corrupt")}

def noise_ladder(x):
{TODO.format("noise_ladder")}"""
WRITTEN = """import torch


def corrupt(x):
    return x + 1


def noise_ladder(x):
    return corrupt(x) / x
"""


@pytest.fixture
def answer(tmp_path):
    """A learner's file of the kata add_noise."""
    kata = replace(load_manifest().find("add_noise"), root=tmp_path)
    answer = Answer(kata, EXERCISES)
    answer.path.parent.mkdir(parents=True)
    answer.path.write_text(WRITTEN)
    return answer


# The file of an answer


def test_an_answer_is_a_learners_file_or_the_reference(answer):
    assert answer.path == answer.kata.file("exercises")
    assert Answer(answer.kata).path == answer.kata.file("solutions")


def test_a_file_runs_when_it_is_loaded(answer):
    assert answer.load().corrupt(1) == 2
    assert not answer.broken


def test_a_file_that_does_not_run_is_broken(answer):
    answer.path.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        answer.load()
    assert answer.broken


def test_an_entry_of_the_zoo_stands_in_for_its_function_everywhere(answer):
    entry = Entry(lambda x: 10 * x, "corrupt")
    module = replace(answer, entry=entry).load()
    assert (module.corrupt(2), module.noise_ladder(2)) == (20, 10)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        "\ufeff" + WRITTEN,
        "",
        STUB.replace(TODO.format("corrupt"), "    pass\n"),
        STUB.replace(TODO.format("corrupt"), "    ...\n"),
        STUB.replace(TODO.format("corrupt"), "    return x\n" + TODO.format("corrupt")),
    ],
    ids=["written", "with a mark of UTF-8", "empty", "pass", "dots", "above the TODO"],
)
def test_a_file_in_which_somebody_wrote_is_fit_to_run(answer, text):
    answer.path.write_text(text, encoding="utf-8")
    answer.check_file()
    assert not answer.broken


def test_a_file_of_stubs_is_not_started_and_names_its_functions(answer):
    answer.path.write_text(STUB)
    with pytest.raises(NotStarted) as caught:
        answer.check_file()
    assert answer.broken
    wanted = "write `corrupt` and `noise_ladder` in place of `raise NotImplementedError`"
    assert str(caught.value) == wanted


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"def corrupt(:\n", "SyntaxError: invalid syntax\nline 1: def corrupt(:"),
        (b"  x = 1\n", "IndentationError: unexpected indent\nline 1:   x = 1"),
        (b"x = '\n", "SyntaxError: unterminated string literal"),
        (b"x = 1\0\n", "source code string cannot contain null bytes"),
        ("# é".encode("latin-1"), "the file is not UTF-8 text"),
        (b"-" * 100_000 + b"1", "Error: "),
        (b"(" * 1000 + b")" * 1000, "too many nested parentheses"),
    ],
    ids=["syntax", "indent", "string", "null", "latin-1", "deep", "parentheses"],
)
def test_a_file_that_python_cannot_read_is_wrong(answer, content, seen):
    answer.path.write_bytes(content)
    with pytest.raises(Wrong) as caught:
        answer.check_file()
    assert answer.broken
    assert seen in caught.value.seen


def test_a_file_that_is_missing_is_wrong(answer):
    answer.path.unlink()
    with pytest.raises(Wrong, match="the file is missing"):
        answer.check_file()
    assert answer.broken


def test_a_folder_in_the_place_of_a_file_is_wrong(answer):
    answer.path.unlink()
    answer.path.mkdir()
    with pytest.raises(Wrong, match="cannot be read: Is a directory"):
        answer.check_file()
    assert answer.broken


# One screen for a failure


def failing(answer, text, *arguments, function="corrupt"):
    """The screen for what the learner's file raises when its function is called."""
    answer.path.write_text(text)
    exercise = Exercise(answer.kata, answer.worker(None), 0)
    with pytest.raises(BaseException) as caught:
        exercise.call(function, arguments)
    return make_screen(answer, exercise, "Noise is added", caught.value)


def lines_of(screen):
    """The lines of each label, without their margin."""
    found = {}
    for line in str(screen).splitlines()[1:]:
        if label := line[2:14].strip():
            found[label] = []
        found[[*found][-1]].append(line[14:])
    return found


@pytest.fixture(autouse=True)
def no_uv(monkeypatch):
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)


def test_a_wrong_answer_shows_the_call_what_was_seen_and_what_was_expected(answer):
    exercise = Exercise(answer.kata, answer.worker(None), 0)
    exercise.corrupt(1)
    shown = make_screen(answer, exercise, "Noise is added", Wrong("2", "3", "A slip."))
    assert str(shown).splitlines()[0] == "02_training/add_noise: Noise is added"
    assert lines_of(shown) == {
        "called": ["corrupt(1)"],
        "seen": ["2"],
        "expected": ["3"],
        "looks like": ["A slip."],
        "where": ["exercises/02_training/add_noise.py:4"],
        "next": ["kata hint add_noise", "pytest exercises/02_training/add_noise.py"],
    }


def test_a_function_whose_call_brought_nothing_back_is_found_in_the_file(answer):
    exercise = Exercise(answer.kata, answer.worker(None), 0)
    with pytest.raises(TypeError):
        exercise.corrupt("a text")
    lines = dict(make_screen(answer, exercise, "S", Wrong("a", "b")).lines)
    assert lines["where"] == "exercises/02_training/add_noise.py:4"


def test_what_was_found_to_be_the_mistake_stands_before_what_it_looks_like(answer):
    labels = [label for label, _ in make_screen(answer, None, "S", Wrong("a", "b", "c"), "d").lines]
    assert labels.index("mistake") + 1 == labels.index("looks like")


def test_what_was_told_before_is_told_in_short(answer):
    told = {}
    whole = make_screen(answer, None, "the first", Wrong("a", "b"), "Uniform noise.")
    other = make_screen(answer, None, "the second", Wrong("c", "d"), "Uniform noise.")
    assert screen.fold(whole, told) is whole
    assert screen.fold(other, told).lines == (
        ("seen", "c"),
        ("mistake", "Uniform noise."),
        ("as in", "the first"),
    )


def test_another_cause_is_told_in_full(answer):
    told = {}
    for error in (Wrong("a", "b"), Wrong("a", "c"), Wrong("a", "b", "d")):
        screen.fold(make_screen(answer, None, "S", error), told)
    assert len(told) == 2  # a hint alone makes no other cause


def test_an_empty_hint_takes_no_line(answer):
    assert "looks like" not in lines_of(make_screen(answer, None, "", Wrong("2", "3")))


def test_what_is_not_started_says_what_to_write(answer):
    shown = make_screen(answer, None, "Noise is added", NotStarted("corrupt"))
    assert lines_of(shown)["not started"] == [
        "write `corrupt` in place of `raise NotImplementedError`"
    ]


def test_what_is_typed_next_works_where_uv_started_the_run(answer, monkeypatch):
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    shown = make_screen(answer, None, "", NotStarted("corrupt"))
    assert lines_of(shown)["next"][0] == "uv run kata hint add_noise"


def test_an_exception_shows_the_learners_own_line(answer):
    shown = failing(answer, WRITTEN, "text")
    assert lines_of(shown)["called"] == ["corrupt('text')"]
    assert lines_of(shown)["raised"][0].startswith("TypeError: can only concatenate str")
    assert lines_of(shown)["where"] == ["exercises/02_training/add_noise.py:5", "return x + 1"]


def test_an_exception_in_a_helper_shows_the_line_of_the_helper(answer):
    shown = failing(answer, WRITTEN, 0, function="noise_ladder")
    assert lines_of(shown)["where"][0] == "exercises/02_training/add_noise.py:9"
    shown = failing(answer, WRITTEN, "text", function="noise_ladder")
    assert lines_of(shown)["where"][0] == "exercises/02_training/add_noise.py:5"


def test_an_exception_in_a_library_shows_the_line_that_called_it(answer):
    text = WRITTEN.replace("x + 1", "torch.zeros(2) @ torch.zeros(3)")
    assert (
        lines_of(failing(answer, text, 1))["where"][1] == "return torch.zeros(2) @ torch.zeros(3)"
    )


def test_an_exception_at_import_shows_its_line(answer):
    shown = failing(answer, "x = 1\nraise RuntimeError('at import')\n", 1)
    assert lines_of(shown)["raised"] == ["RuntimeError: at import"]
    assert lines_of(shown)["where"][1] == "raise RuntimeError('at import')"


@pytest.mark.parametrize(
    "call", ["corrupt(1, 2, 3)", "missing(1)"], ids=["too many arguments", "missing"]
)
def test_no_frame_of_the_framework_is_shown(answer, call):
    name, arguments = call.split("(")
    shown = str(failing(answer, WRITTEN, *arguments.strip(")").split(","), function=name))
    assert not re.search(r"kata/\w+\.py|Traceback|site-packages", shown)


def test_a_call_with_other_arguments_is_the_learners_doing(answer):
    shown = failing(answer, "def corrupt(): pass", 1)
    assert "takes 0 positional arguments" in lines_of(shown)["raised"][0]


def test_a_long_error_is_told_in_a_few_lines(answer):
    text = "def corrupt():\n    raise ValueError('\\n'.join(map(str, range(1000))))"
    raised = lines_of(failing(answer, text))["raised"]
    assert raised[:2] == ["ValueError: 0", "1"]
    assert raised[-2:] == ["998", "999"]
    assert len(raised) == 12


def test_an_error_that_cannot_be_told_is_shown_all_the_same(answer):
    text = "class E(Exception):\n    __str__ = lambda self: 1 / 0\n\ndef corrupt():\n    raise E"
    assert "E: <exception str() failed>" in lines_of(failing(answer, text))["raised"][0]


def test_a_zoos_function_counts_as_the_answers_file(answer):
    def zoo_function(x):
        raise ValueError("wrong")

    answer = replace(answer, entry=Entry(zoo_function, "corrupt"))
    assert lines_of(failing(answer, WRITTEN, 1))["where"][1] == 'raise ValueError("wrong")'


@pytest.mark.parametrize("error", [ValueError("the suite's"), None], ids=str)
def test_what_the_learner_has_not_done_has_no_screen(answer, error):
    exercise = Exercise(answer.kata, answer.worker(None), 0)
    assert make_screen(answer, exercise, "", error) is None


# The layout


class Terminal:
    """As much of a terminal as a screen needs."""

    hasmarkup = False

    def __init__(self, fullwidth):
        self.fullwidth = fullwidth
        self.text = ""
        self.markup = {}
        self.stats = {}

    def line(self, text, **markup):
        self.write(text + "\n")
        self.markup[text.split()[0] if text else ""] = markup

    def write(self, text):
        self.text += text

    def ensure_newline(self):
        pass


LONG = "the noisy pictures are those of an epsilon-prediction with another draw " * 4
PATH = "exercises/02_training/" + "a_very_long_name_" * 6 + ".py:12"
SCREEN = screen.Screen("kata: sentence", (("seen", LONG.strip()), ("where", f"{PATH}\n  code")))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_screen_fits_the_terminal(width):
    terminal = Terminal(width)
    SCREEN.toterminal(terminal)
    lines = terminal.text.splitlines()
    assert max(len(line) for line in lines if PATH not in line) <= width
    assert terminal.text.split() == [
        "kata:",
        "sentence",
        "seen",
        *LONG.split(),
        "where",
        PATH,
        "code",
    ]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_labels_stand_in_a_column_of_their_own(width):
    terminal = Terminal(width)
    SCREEN.toterminal(terminal)
    margins = {line[:14] for line in terminal.text.splitlines()[2:]}
    assert margins == {"  seen        ", "  where       ", " " * 14}


def test_a_terminal_too_narrow_to_read_gets_forty_columns():
    narrow, least = Terminal(1), Terminal(40)
    SCREEN.toterminal(narrow)
    SCREEN.toterminal(least)
    assert narrow.text == least.text


def test_a_long_word_stays_whole_to_be_copied():
    terminal = Terminal(40)
    SCREEN.toterminal(terminal)
    assert PATH in terminal.text


def test_what_was_seen_is_red():
    terminal = Terminal(200)
    SCREEN.toterminal(terminal)
    assert terminal.markup["seen"] == {"red": True}
