"""What a suite can do with a learner's functions, and what becomes of the ways out of them."""

import random
import unittest
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
import torch
from datasets import Dataset
from torch.utils.data import DataLoader

from kata.crossing import Foreign, Reference
from kata.exercise import Exercise, Thing
from kata.manifest import load_manifest
from kata.probes import CallLog, tiny_unet
from kata.verdict import NotStarted, Wrong
from kata.worker import Worker

KATA = load_manifest().katas[0]


def answered_by(*functions, seed=0, at_import=lambda: None, names=None):
    """The handle on a file that defines these functions."""

    def load():
        at_import()
        module = ModuleType("answer")
        vars(module).update({function.__name__: function for function in functions})
        return module

    names = names or tuple(function.__name__ for function in functions)
    return Exercise(replace(KATA, functions=names), Worker(load), seed)


def raising(error):
    def build():
        raise error

    return answered_by(build)


# Calls


def test_a_function_is_called_by_its_name():
    def add(one, two=0):
        return one + two

    assert answered_by(add).add(1, two=2) == 3


def test_a_name_that_the_kata_does_not_have_is_the_suites_mistake():
    with pytest.raises(AttributeError, match=r"has no function `corupt` in katas\.toml"):
        _ = answered_by(names=("corrupt",)).corupt


def test_none_comes_back_as_none():
    def build():
        pass

    exercise = answered_by(build)
    assert exercise.build() is None
    assert exercise.last.result is None


def test_the_learner_works_on_a_copy_and_the_suite_sees_both():
    def spoil(images):
        images.zero_()

    exercise, images = answered_by(spoil), torch.ones(2)
    exercise.spoil(images)
    assert images.tolist() == [1, 1]
    assert exercise.last.before[0] is images
    assert exercise.last.after[0].tolist() == [0, 0]


def test_a_call_knows_the_names_of_its_arguments():
    def mix(images, noise, *, rate):
        return images

    exercise = answered_by(mix)
    exercise.mix(1, 2, rate=3)
    assert exercise.last.names == ["images", "noise", "rate"]


def test_a_call_can_be_read():
    def mix(images, rate):
        return images

    exercise = answered_by(mix)
    exercise.mix(torch.zeros(2), rate=0.5)
    assert exercise.last.text == "mix(float32 tensor (2,) in [0.00, 0.00], rate=0.5)"


def test_what_begins_anew_knows_nothing_of_before():
    loads = []

    def build():
        return len(loads)

    exercise = answered_by(build, at_import=lambda: loads.append(1))
    before = [exercise.build(), exercise.build()]
    exercise.begin_anew()
    assert [*before, exercise.build()] == [1, 1, 2]
    assert [attempt.begins_anew for attempt in exercise.attempts] == [False, False, True]


def test_every_call_is_remembered():
    def double(x):
        return 2 * x

    exercise = answered_by(double)
    exercise.double(1)
    exercise.double(2)
    assert [call.result for call in exercise.calls] == [2, 4]


def test_a_call_that_raised_is_pending_and_not_among_the_calls():
    exercise = raising(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        exercise.build()
    assert exercise.pending == "build()"
    assert exercise.calls == []


def test_the_place_of_the_function_is_known_behind_its_decorators():
    @torch.no_grad()
    def build():
        return 1

    exercise = answered_by(build)
    exercise.build()
    assert exercise.line == [__file__, build.__wrapped__.__code__.co_firstlineno]


@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_call_knows_whether_its_result_is_on_the_graph(requires_grad):
    def build():
        return torch.ones(1, requires_grad=requires_grad)

    exercise = answered_by(build)
    exercise.build()
    assert exercise.last.on_graph is requires_grad


def test_a_call_knows_whether_it_moved_the_global_random_state():
    def build(generator):
        return torch.rand(1, generator=generator)

    exercise = answered_by(build)
    exercise.build(torch.Generator())
    assert not exercise.last.drew
    exercise.build(None)
    assert exercise.last.drew


def test_a_call_knows_whether_it_left_autograd_off():
    def build(stays_off):
        with torch.no_grad():
            pass
        torch.set_grad_enabled(not stays_off)

    exercise = answered_by(build)
    exercise.build(True)
    assert exercise.last.grad_off
    exercise.build(False)
    assert not exercise.last.grad_off


# What a function may change comes back


def train_step(model, optimizer):
    optimizer.zero_grad()
    loss = model(torch.ones(1, 3, 8, 8), 5).sample.square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def test_a_model_and_its_optimizer_come_back_changed():
    model, twin = tiny_unet(), tiny_unet()
    optimizer, twins = (torch.optim.AdamW(m.parameters(), lr=1e-2) for m in (model, twin))
    exercise = answered_by(train_step)
    for _ in range(2):
        assert exercise.train_step(model, optimizer) == train_step(twin, twins)
    assert torch.equal(model.conv_out.weight, twin.conv_out.weight)
    assert torch.equal(model.conv_out.weight.grad, twin.conv_out.weight.grad)
    assert len(model.calls) == 2


def test_a_generator_comes_back_moved_on():
    def draw(generator):
        return torch.randn(3, generator=generator)

    generator, twin = (torch.Generator().manual_seed(5) for _ in range(2))
    exercise = answered_by(draw)
    drawn = [exercise.draw(generator) for _ in range(2)]
    assert torch.equal(torch.cat(drawn), torch.cat([draw(twin), draw(twin)]))


def test_generators_in_a_list_come_back_moved_on():
    def draw(generators):
        return [torch.randn(1, generator=generator).item() for generator in generators]

    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    exercise = answered_by(draw)
    assert exercise.draw(generators) != exercise.draw(generators)


def test_gradients_come_back_where_a_suite_asks_for_backward():
    def loss(model):
        return model.conv_out.weight.square().sum()

    model = tiny_unet()
    answered_by(loss).call("loss", [model], backward=True)
    assert torch.equal(model.conv_out.weight.grad, 2 * model.conv_out.weight)


def test_an_optimizer_can_be_returned():
    def build(model):
        return torch.optim.AdamW(model.parameters(), lr=0.5)

    result = answered_by(build).build(tiny_unet())
    assert type(result) is torch.optim.AdamW
    assert result.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("argument", [CallLog(), DataLoader([1, 2], generator=torch.Generator())])
def test_an_argument_that_is_returned_stays_and_can_be_used(argument):
    def give_back(value):
        return value

    result = answered_by(give_back).give_back(argument)
    assert result.type_name == type(argument).__name__


# Random states


def draw():
    return [random.random(), np.random.rand(), torch.rand(1).item()]


def global_states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


def fail():
    draw()
    raise ValueError("no")


def test_a_call_leaves_the_global_random_states_as_they_were():
    before = global_states()
    answered_by(draw).draw()
    assert global_states() == before


def test_a_call_that_raises_leaves_the_global_random_states_as_they_were():
    before = global_states()
    with pytest.raises(ValueError):
        answered_by(fail).fail()
    assert global_states() == before


def test_a_file_that_sets_a_seed_leaves_the_global_random_states_as_they_were():
    before = global_states()
    answered_by(draw, at_import=lambda: torch.manual_seed(3)).draw()
    assert global_states() == before


def test_two_calls_draw_other_numbers():
    exercise = answered_by(draw)
    assert all(one != two for one, two in zip(exercise.draw(), exercise.draw(), strict=True))


def test_two_calls_draw_the_same_numbers_from_one_seed():
    exercise = answered_by(draw)
    assert exercise.call("draw", seed=4) == exercise.call("draw", seed=4)


@pytest.mark.parametrize(("seed", "same"), [(7, True), (8, False)])
def test_a_run_is_repeated_by_its_seed(seed, same):
    one, two = answered_by(draw, seed=7), answered_by(draw, seed=seed)
    assert (one.draw() == two.draw()) is same


@pytest.mark.parametrize("where", ["in the function", "in the file"])
def test_autograd_is_on_again_after_a_learner_switched_it_off(where):
    def build():
        if where == "in the function":
            torch.set_grad_enabled(False)

    def at_import():
        if where == "in the file":
            torch.set_grad_enabled(False)

    answered_by(build, at_import=at_import).build()
    assert torch.is_grad_enabled()


# Ways out


def test_an_open_todo_is_not_started():
    with pytest.raises(NotStarted, match="write `corrupt` in place of"):
        raising(NotImplementedError("TODO: corrupt")).build()


@pytest.mark.parametrize("error", [NotImplementedError(), NotImplementedError("not on this CPU")])
def test_another_not_implemented_error_is_an_error(error):
    with pytest.raises(NotImplementedError) as caught:
        raising(error).build()
    assert caught.value is error


def test_a_module_without_a_forward_is_an_error():
    def build():
        return torch.nn.Module()(1)

    with pytest.raises(NotImplementedError, match="forward"):
        answered_by(build).build()


@pytest.mark.parametrize("wrong", [None, 3], ids=["missing", "a number"])
def test_a_missing_function_is_named(wrong):
    exercise = answered_by(names=("corrupt",), at_import=lambda: None)
    if wrong is not None:
        module = ModuleType("answer")
        module.corrupt = wrong
        exercise = Exercise(exercise.kata, Worker(lambda: module), 0)
    with pytest.raises(Wrong, match="no function `corrupt` in the file"):
        exercise.corrupt()


class Bye(BaseException):
    pass


@pytest.mark.parametrize(
    "leave",
    [
        lambda: exit(0),
        lambda: pytest.skip("no"),
        lambda: pytest.skip("Timeout"),
        lambda: pytest.xfail("no"),
        lambda: pytest.exit("no"),
        lambda: pytest.importorskip("a_library_that_is_not_there"),
    ],
    ids=["exit", "skip", "skip as a timeout", "xfail", "pytest.exit", "importorskip"],
)
def test_leaving_a_test_early_is_wrong(leave):
    with pytest.raises(Wrong, match="your code left the test by"):
        answered_by(leave, names=("<lambda>",)).call("<lambda>")


@pytest.mark.parametrize(
    "error", [SystemExit(0), GeneratorExit(), Bye(), unittest.SkipTest("no")], ids=repr
)
def test_an_exception_that_ends_more_than_the_call_is_wrong(error):
    with pytest.raises(Wrong, match=f"left the test by `{type(error).__name__}`"):
        raising(error).build()


@pytest.mark.parametrize("where", ["in the function", "in the file"])
def test_the_users_interrupt_and_the_timeout_go_through(where):
    for error in (KeyboardInterrupt(), pytest.fail.Exception("Timeout >60.0s")):
        exercise = raising(error) if where == "in the function" else _raising_in_the_file(error)
        with pytest.raises(type(error)):
            exercise.build()


def _raising_in_the_file(error):
    def at_import():
        raise error

    return answered_by(names=("build",), at_import=at_import)


# What cannot come back


def test_a_stranger_comes_back_as_the_name_of_its_type():
    class Picture:
        pass

    def build():
        return [Picture()]

    assert answered_by(build).build() == [Foreign("Picture")]


def in_itself():
    value = {}
    value["self"] = value
    return value


@pytest.mark.parametrize("make", [in_itself, lambda: 10**5000, lambda: Reference(object(), "x")])
def test_what_cannot_be_read_is_wrong(make):
    with pytest.raises(Wrong, match="what came back cannot be read"):
        answered_by(make).call(make.__name__)


def test_a_model_that_was_rebuilt_in_place_is_wrong():
    def rebuild(model):
        model.conv_out = torch.nn.Conv2d(8, 5, 1)

    with pytest.raises(Wrong, match="conv_out"):
        answered_by(rebuild).rebuild(tiny_unet())


def test_a_model_that_became_something_else_is_left_as_it_was():
    def bewitch(model):
        model.__class__ = type("Frog", (type(model),), {})

    exercise, model = answered_by(bewitch), tiny_unet()
    exercise.bewitch(model)
    assert exercise.last.after == [Foreign("Frog")]


# Things: what stays where it lives


class Squares(torch.utils.data.Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, key):
        return [n * n for n in range(5)][key]


def make_squares():
    return Squares()


def make_rows():
    return Dataset.from_dict({"n": [0, 1, 4, 9, 16]})


def make_doubler():
    return lambda x: 2 * x


def make_loader():
    return DataLoader([10, 20, 30], batch_size=2)


def make_counter():
    return iter([1, 2])


def made_by(make):
    thing = answered_by(make).call(make.__name__)
    assert type(thing) is Thing
    return thing


@pytest.mark.parametrize(
    ("make", "type_name"),
    [
        (make_squares, "Squares"),
        (make_rows, "Dataset"),
        (make_doubler, "function"),
        (make_loader, "DataLoader"),
        (make_counter, "list_iterator"),
    ],
)
def test_a_thing_knows_the_name_of_its_type(make, type_name):
    assert made_by(make).type_name == type_name


def test_a_callable_can_be_called():
    assert made_by(make_doubler)(torch.ones(2)).tolist() == [2, 2]


def test_what_a_callable_raises_is_raised():
    with pytest.raises(TypeError):
        made_by(make_doubler)(None)


@pytest.mark.parametrize(("make", "length"), [(make_squares, 5), (make_rows, 5), (make_loader, 2)])
def test_a_thing_can_be_measured(make, length):
    assert len(made_by(make)) == length


def test_a_thing_without_a_length_says_so():
    with pytest.raises(TypeError):
        len(made_by(make_counter))


@pytest.mark.parametrize("index", [0, 4, -1, -5])
def test_a_thing_can_be_indexed(index):
    assert made_by(make_squares)[index] == [0, 1, 4, 9, 16][index]
    assert made_by(make_rows)[index] == {"n": [0, 1, 4, 9, 16][index]}


def test_a_column_can_be_read():
    assert list(made_by(make_rows)["n"]) == [0, 1, 4, 9, 16]


def test_an_index_that_is_too_far_is_an_error():
    with pytest.raises(IndexError):
        made_by(make_squares)[5]


@pytest.mark.parametrize(
    "key",
    [
        slice(0, 4),
        slice(None),
        slice(2, None),
        slice(None, -1),
        slice(-3, -1),
        slice(None, None, -2),
        slice(1, 100, 2),
        slice(3, 1),
    ],
    ids=str,
)
def test_a_thing_can_be_sliced_like_a_list(key):
    assert made_by(make_squares)[key] == [0, 1, 4, 9, 16][key]
    assert made_by(make_rows)[key] == {"n": [0, 1, 4, 9, 16][key]}


def test_a_thing_can_be_iterated_twice():
    loader = made_by(make_loader)
    once, again = ([batch.tolist() for batch in loader] for _ in range(2))
    assert once == again == [[10, 20], [30]]


def test_an_iterator_is_used_up_once():
    counter = made_by(make_counter)
    assert [list(counter), list(counter)] == [[1, 2], []]


def test_the_state_of_a_generator_can_be_restored():
    generator = torch.Generator()
    loader = made_by(lambda: DataLoader([1, 2], generator=generator))
    state = torch.Generator().manual_seed(5).get_state()
    loader.restore("generator", state)
    assert torch.equal(loader.attribute("generator").get_state(), state)
    assert torch.equal(generator.get_state(), state)


def test_an_attribute_can_be_read():
    assert made_by(make_loader).attribute("batch_size") == 2


def test_things_come_back_inside_containers():
    def build():
        return {"pair": (make_doubler(), 1)}

    function, one = answered_by(build).build()["pair"]
    assert function(one) == 2


def test_a_thing_goes_back_to_its_owner_as_the_object_that_it_is():
    kept = Squares()

    def make():
        return kept

    def is_it(value):
        return value is kept

    exercise = answered_by(make, is_it)
    assert exercise.is_it(exercise.make()) is True
    assert exercise.is_it(value=exercise.make()) is True


def test_an_object_that_comes_back_twice_is_one_thing():
    kept = Squares()

    def make():
        return kept

    exercise = answered_by(make)
    assert exercise.make().reference == exercise.make().reference


def move(unet, device, dtype="float16"):
    there = torch.cuda.is_available()
    return unet.to(device, getattr(torch, dtype)), there


@pytest.mark.parametrize(
    ("device", "lies_on"), [("cuda", "meta"), ("cuda:1", "meta"), ("cpu", "cpu"), ("meta", "meta")]
)
def test_a_call_that_believes_in_a_gpu_moves_models_to_meta(device, lies_on):
    arguments = [tiny_unet(), device]
    unet, there = answered_by(move).call("move", arguments, cuda_on_meta=True)
    assert there
    assert (unet.device.type, unet.dtype) == (lies_on, torch.float16)


def test_only_that_call_believes_in_a_gpu():
    before = torch.cuda.is_available(), torch.nn.Module.to
    exercise = answered_by(move)
    exercise.call("move", [tiny_unet(), "cuda"], cuda_on_meta=True)
    assert before == (torch.cuda.is_available(), torch.nn.Module.to)
    assert exercise.move(tiny_unet(), "cpu")[1] == before[0]


def test_what_is_done_with_a_thing_can_be_read():
    exercise = answered_by(make_squares)
    squares = exercise.make_squares()
    squares[1:-1]
    assert exercise.last.text == "the Squares[1:-1]"
    list(squares)
    assert exercise.calls[-2].text.startswith("next(")


def test_every_step_of_an_iterator_draws_other_numbers():
    def noises():
        for _ in range(2):
            yield torch.rand(1).item()

    one, two = answered_by(noises).noises()
    assert one != two
