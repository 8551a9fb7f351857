"""The learner's side: one file is loaded, its functions are called, the answers are bytes."""

import sys
from collections import namedtuple
from types import ModuleType

import pytest
import torch
from datasets import Dataset

from kata.crossing import CrossingError, Reference, pack, unpack
from kata.worker import MissingName, Worker, load_file

Rates = namedtuple("Rates", "signal noise")


def worker_of(*functions):
    module = ModuleType("answer")
    vars(module).update({function.__name__: function for function in functions})
    return Worker(lambda: module)


def ask(worker, target, *arguments, method="call", backward=False, **keywords):
    request = {
        "target": target,
        "method": method,
        "arguments": list(arguments),
        "keywords": keywords,
        "seed": 0,
        "backward": backward,
    }
    return unpack(worker.answer(pack(request)))


# Files


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "exercises" / "02_training" / "add_noise.py"
    path.parent.mkdir(parents=True)
    path.write_text("count = 0\n\ndef corrupt():\n    return 1\n")
    return path


def test_a_file_is_loaded_anew_each_time(file):
    first, second = load_file(file), load_file(file)
    first.count += 1
    assert second.count == 0


def test_a_file_is_known_by_its_tree_lesson_and_name(file):
    module = load_file(file)
    assert module.__name__ == "exercises.02_training.add_noise"
    assert sys.modules[module.__name__] is module


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def corrupt(:", SyntaxError),
        ("import a_library_that_is_not_there", ModuleNotFoundError),
        ("raise SystemExit", SystemExit),
        ("1 / 0", ZeroDivisionError),
    ],
)
def test_what_a_file_raises_is_raised(file, text, error):
    file.write_text(text)
    with pytest.raises(error):
        load_file(file)


def test_a_file_is_loaded_at_the_first_call_and_only_once(file):
    loads = []
    worker = Worker(lambda: loads.append(1) or load_file(file))
    assert loads == []
    assert [ask(worker, "corrupt")["result"] for _ in range(2)] == [1, 1]
    assert loads == [1]


def test_a_file_that_did_not_load_is_tried_again(file):
    worker = Worker(lambda: load_file(file))
    text = file.read_text()
    file.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        ask(worker, "corrupt")
    file.write_text(text)
    assert ask(worker, "corrupt")["result"] == 1


@pytest.mark.parametrize("name", ["corupt", "count"], ids=["missing", "a number"])
def test_a_name_that_is_no_function_is_missing(file, name):
    with pytest.raises(MissingName, match=name):
        ask(Worker(lambda: load_file(file)), name)


# Answers


def mix(images, noise, rate=0.5, *, generator=None):
    return images


@pytest.mark.parametrize(
    ("arguments", "keywords", "names"),
    [
        ((1, 2), {}, ["images", "noise"]),
        ((1, 2, 3), {"generator": 4}, ["images", "noise", "rate", "generator"]),
        ((1,), {"rate": 3, "noise": 2}, ["images", "rate", "noise"]),
    ],
)
def test_an_answer_names_the_arguments_in_the_order_in_which_they_were_sent(
    arguments, keywords, names
):
    answer = ask(worker_of(mix), "mix", *arguments, **keywords)
    assert answer["names"] == names
    assert answer["after"] == [*arguments, *keywords.values()]


@pytest.mark.parametrize(
    "function", [lambda *images: 1, lambda images=0, *rest: 1, print], ids=["star", "rest", "print"]
)
def test_arguments_that_no_name_fits_are_counted(function):
    answer = ask(worker_of(function), function.__name__, "a", "b", "c")
    assert answer["names"] == ["argument 1", "argument 2", "argument 3"]


def test_an_answer_says_where_the_function_stands():
    assert ask(worker_of(mix), "mix", 1, 2)["line"] == [__file__, mix.__code__.co_firstlineno]


def test_a_function_of_another_language_has_no_place():
    assert ask(worker_of(len), "len", [1])["line"] is None


def test_a_default_dtype_that_an_answer_sets_is_its_own_affair():
    def double():
        torch.set_default_dtype(torch.float64)
        return torch.zeros(1)

    answer = ask(worker_of(double), "double")
    assert answer["result"].dtype == torch.float64
    assert torch.get_default_dtype() == torch.float32


def test_a_subclass_of_a_tuple_is_a_stranger():
    def rates():
        return Rates(1, 2)

    assert ask(worker_of(rates), "rates")["result"].type_name == "Rates"


def test_backward_is_called_only_on_one_number():
    def triple(x):
        return x.requires_grad_() * 3

    answer = ask(worker_of(triple), "triple", torch.ones(2), backward=True)
    assert answer["on_graph"] is True


def test_what_must_stay_is_kept_under_a_number_of_its_own():
    def makers():
        return [mix, Dataset.from_dict({"n": [1]}), iter([])]

    result = ask(worker_of(makers), "makers")["result"]
    assert result == [
        Reference(0, "function"),
        Reference(1, "Dataset"),
        Reference(2, "list_iterator"),
    ]


def test_a_module_without_a_configuration_stays():
    def build():
        return torch.nn.Linear(1, 1)

    assert ask(worker_of(build), "build")["result"] == Reference(0, "Linear")


def test_a_column_of_a_data_set_stays_and_can_be_indexed():
    def column():
        return Dataset.from_dict({"n": [3, 4]})["n"]

    worker = worker_of(column)
    kept = ask(worker, "column")["result"]
    assert ask(worker, kept, -1, method="item")["result"] == 4


def test_a_reference_that_nobody_gave_out_is_refused():
    with pytest.raises(CrossingError, match="IndexError"):
        ask(worker_of(mix), Reference(3, "function"))


@pytest.mark.parametrize("data", [b"", b"KATA", b"\x80\x04K\x01."])
def test_a_request_of_foreign_bytes_is_refused(data):
    with pytest.raises(CrossingError):
        worker_of(mix).answer(data)
