"""What suites expect: right values pass in silence, wrong ones are told in words that teach."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from PIL import Image

from kata import expect
from kata.crossing import Foreign, Reference
from kata.exercise import Call, Thing
from kata.probes import tiny_unet
from kata.verdict import Wrong

FORGOT = "did you forget it?"


def wrong(check, *arguments, **keywords):
    """What the learner reads when the check fails, as it must."""
    with pytest.raises(Wrong) as caught:
        check(*arguments, **keywords)
    return caught.value


def normal(n, seed=0):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed))


# Tensors: first type, then shape, dtype, range, value


@pytest.mark.parametrize(
    ("value", "demands"),
    [
        (torch.zeros(2, 3), {}),
        (torch.zeros(2, 3), {"shape": (2, 3), "dtype": torch.float32, "between": (0, 0)}),
        (torch.zeros(2, 3), {"shape": (None, 3)}),
        (torch.tensor([-1.0, 1.0]), {"between": (-1, 1)}),
        (torch.zeros(0, 3), {"shape": (0, 3), "between": (-1, 1)}),
        (torch.tensor(5), {"shape": (), "dtype": torch.int64, "between": (0, 999)}),
        (torch.tensor([True]), {"dtype": torch.bool}),
    ],
    ids=str,
)
def test_a_tensor_that_is_as_it_should_be_is_returned(value, demands):
    assert expect.tensor(value, **demands) is value


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ([0.0], "the noise is [0]"),
        (np.zeros(2), "the noise is float64 array (2,) in [0.00, 0.00]"),
        (torch.zeros(9), "the noise is a float32 tensor (9,) in [0.00, 0.00]"),
        (torch.zeros(2, 1), "the noise is a float32 tensor (2, 1) in [0.00, 0.00]"),
        (torch.zeros(2).int(), "the noise is an int32 tensor (2,) in [0, 0]"),
        (torch.tensor([0, math.nan]), "the noise holds nan or infinity"),
        (torch.tensor([0, -math.inf]), "the noise holds nan or infinity"),
        (torch.tensor([0, 1.5]), "the noise is a float32 tensor (2,) in [0.00, 1.50]"),
        (torch.tensor([-1.5, 0]), "the noise is a float32 tensor (2,) in [-1.50, 0.00]"),
    ],
    ids=str,
)
def test_a_tensor_that_is_not_is_told_with_all_that_was_expected(value, seen):
    error = wrong(expect.tensor, value, (2,), torch.float32, (-1, 1), "the noise", "a hint")
    assert error == Wrong(seen, "a float32 tensor (2,) in [-1, 1]", "a hint")


@pytest.mark.parametrize(
    ("demands", "text"),
    [
        ({}, "a tensor"),
        ({"shape": (None, 3)}, "a tensor (any, 3)"),
        ({"dtype": torch.int64}, "an int64 tensor"),
        ({"between": (0, 0.5)}, "a tensor in [0, 0.5]"),
    ],
    ids=str,
)
def test_only_what_is_demanded_is_in_the_message(demands, text):
    assert wrong(expect.tensor, "x", **demands).expected == text


def test_numbers_are_close_within_the_tolerance():
    expect.close(torch.tensor([1.0, 2.0]), torch.tensor([1.25, 2.0]), 0.25, "the loss")
    expect.close(torch.zeros(0), torch.zeros(0), 0, "nothing")


@pytest.mark.parametrize(
    ("actual", "seen"),
    [
        (torch.tensor([1.0, 2.5]), "the loss is off by up to 0.5"),
        (torch.tensor([1.0, math.nan]), "the loss is off by up to nan"),
        (torch.tensor([1.0, math.inf]), "the loss is off by up to inf"),
        (torch.tensor([[1.0, 2.0]]), "the loss has the shape (1, 2)"),
        (torch.tensor(1.5), "the loss has the shape ()"),
    ],
    ids=str,
)
def test_numbers_that_are_not_close_are_told_by_how_much(actual, seen):
    assert wrong(expect.close, actual, torch.tensor([1.0, 2.0]), 0.1, "the loss").seen == seen


def test_a_tolerance_is_told_with_its_reason():
    error = wrong(expect.close, torch.ones(1), torch.zeros(1), 2.5e-5, "x", "a hint", "float32")
    assert (error.expected, error.hint) == ("equal to within 2.5e-05: float32", "a hint")


# Random numbers


@pytest.mark.parametrize("n", [1000, 3072])
def test_normal_noise_is_accepted_for_every_seed(n):
    for seed in range(201):
        expect.standard_normal(normal(n, seed), "the noise")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_normal_noise_is_accepted_in_every_precision(dtype):
    expect.standard_normal(normal(49152).to(dtype), "the noise")


N = 49152  # sixteen pictures of 32 px in three channels
DRAWS = torch.distributions
LOOKALIKES = {
    "uniform from 0": lambda: torch.rand(N),
    "uniform around 0": lambda: torch.rand(N) * 2 - 1,
    "uniform of variance 1": lambda: (torch.rand(N) * 2 - 1) * 3**0.5,
    "Laplace": lambda: DRAWS.Laplace(0, 1).sample((N,)),
    "Laplace of variance 1": lambda: DRAWS.Laplace(0, 0.5**0.5).sample((N,)),
    "Student": lambda: DRAWS.StudentT(5).sample((N,)),
    "Student of variance 1": lambda: DRAWS.StudentT(5).sample((N,)) * 0.6**0.5,
    "signs": lambda: torch.randint(0, 2, (N,)) * 2.0 - 1,
    "scaled up": lambda: torch.randn(N) * 1.05,
    "scaled down": lambda: torch.randn(N) * 0.95,
    "shifted": lambda: torch.randn(N) + 0.05,
    "shifted by 6.5 standard errors": lambda: shifted(torch.randn(N), 6.5 * N**-0.5),
    "clipped": lambda: torch.randn(N).clamp(-3, 3),
    "with an outlier": lambda: torch.cat([torch.randn(N - 1), torch.tensor([9.0])]),
    "zeros": lambda: torch.zeros(N),
    "nan": lambda: torch.full((N,), math.nan),
    "infinity": lambda: torch.full((N,), math.inf),
}


def shifted(noise, mean):
    return noise - noise.mean() + mean


def lookalike(name, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LOOKALIKES[name]()


@pytest.mark.parametrize("name", LOOKALIKES)
def test_other_noise_is_rejected_for_every_seed(name):
    for seed in range(5):
        error = wrong(expect.standard_normal, lookalike(name, seed), "the noise")
        assert error.expected.startswith("standard normal")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("uniform from 0", "uniform noise"),
        ("uniform around 0", "uniform noise"),
        ("zeros", "no noise at all"),
        ("scaled up", "another scale"),
        ("clipped", "tails"),
    ],
)
def test_a_lookalike_is_called_by_its_name(name, hint):
    assert hint in wrong(expect.standard_normal, lookalike(name), "the noise").hint


AXES = ("pictures", "channels", "rows")


def test_independent_noise_is_accepted_for_every_seed():
    for seed in range(50):
        expect.independent(normal(4 * 3 * 8 * 8, seed).view(4, 3, 8, 8), AXES, "the noise")


@pytest.mark.parametrize(
    ("shape", "axis"), [((1, 3, 8, 8), 0), ((4, 1, 8, 8), 1), ((4, 3, 1, 8), 2)]
)
def test_noise_that_is_broadcast_is_told_along_which_axis(shape, axis):
    shared = normal(math.prod(shape)).view(shape).expand(4, 3, 8, 8)
    error = wrong(expect.independent, shared, AXES, "the noise")
    assert error.seen == f"the noise of two {AXES[axis]} has correlation 1.00"
    assert f"some {AXES[axis]} share it" in error.hint


def test_noise_that_is_mirrored_is_rejected_without_a_guess():
    half = normal(2 * 3 * 8 * 8).view(2, 3, 8, 8)
    error = wrong(expect.independent, torch.cat([half, -half]), AXES, "the noise")
    assert error == replace(error, hint="", seen="the noise of two pictures has correlation -1.00")


def test_a_misconception_is_named_only_where_it_explains_the_value():
    known = {"too large": torch.tensor([2.0]), "too many": torch.zeros(2)}
    assert expect.misconception(torch.tensor([2.00001]), known) == "too large"
    assert expect.misconception(torch.zeros(2), known) == "too many"
    assert expect.misconception(torch.tensor([3.0]), known) == ""
    assert expect.misconception(torch.zeros(3), known) == ""


def from_generator(generator):
    return torch.randn(4, generator=generator)


def test_noise_that_was_normalised_is_no_independent_noise():
    noise = normal(5000)
    error = wrong(expect.standard_normal, (noise - noise.mean()) / noise.std(), "the noise")
    assert error.hint == "The noise was normalised after it was drawn."


def test_a_tensor_without_numbers_is_no_tensor():
    error = wrong(expect.tensor, torch.empty(2, device="meta"), (2,))
    assert "without numbers" in error.seen


def on_the_cpu(images):
    return images + torch.zeros(2)


def where_it_belongs(images):
    return images + torch.zeros(2, device=images.device)


def with_a_look_at_the_numbers(images):
    return images + images.max().item()


def test_what_lies_on_the_wrong_device_is_told():
    images = torch.empty(2, device="meta")
    assert expect.on_meta(lambda: where_it_belongs(images), "pictures").is_meta
    assert expect.on_meta(lambda: with_a_look_at_the_numbers(images), "pictures") is None
    error = wrong(expect.on_meta, lambda: on_the_cpu(images), "pictures")
    assert error.expected == "all tensors of the computation on the device of the pictures"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ((), "ValueError"),
        (("",), "ValueError"),
        (("no such split",), "no such split"),
        (("no such split\nthere are: train",), "no such split"),
        (("\n no such split",), " no such split"),
    ],
)
def test_an_error_is_told_by_its_first_line_or_its_class(text, line):
    assert expect.first_line(ValueError(*text)) == line


def in_silence(images):
    raise RuntimeError


def test_an_error_that_says_nothing_is_none_of_devices():
    assert expect.on_meta(lambda: in_silence(torch.empty(2)), "pictures") is None


def from_elsewhere(generator):
    return torch.randn(4)


def from_a_constant(generator):
    return torch.ones(4)


def from_its_seed(generator):
    return from_generator(torch.Generator().manual_seed(generator.initial_seed()))


def from_its_state(generator):
    return from_generator(torch.Generator().set_state(generator.get_state()))


def test_numbers_from_the_generator_are_accepted():
    expect.drawn_from_generator(from_generator, 0, "noise")


@pytest.mark.parametrize(
    ("draw", "seen"),
    [
        (from_elsewhere, "generators in equal states gave different noise"),
        (from_a_constant, "generators of different seeds gave the same noise"),
        (from_its_seed, "one generator gave the same noise twice"),
        (from_its_state, "one generator gave the same noise twice"),
    ],
)
def test_numbers_that_pass_the_generator_by_are_rejected(draw, seen):
    assert wrong(expect.drawn_from_generator, draw, 0, "noise").seen == seen


def tosses(n, seed):
    return torch.randint(0, 2, (n,), generator=torch.Generator().manual_seed(seed)).bool().tolist()


@pytest.mark.parametrize("count", [92, 400])
def test_a_fair_coin_is_accepted_for_every_seed(count):
    for seed in range(200):
        expect.fair_coin(tosses(count, seed), "{yes} of {count}", "half")


@pytest.mark.parametrize(
    ("outcomes", "seen"),
    [
        ([True] * 400, "400 of 400 flips"),
        ([False] * 400, "0 of 400 flips"),
        ([True, False] * 200, "200 of 400 flips, with 399 changes from one to the next"),
        ([True] * 200 + [False] * 200, "200 of 400 flips, with 1 changes from one to the next"),
        ([False, True, True, False] * 100, "200 of 400 flips, 0 of 398 as it was 2 before"),
    ],
    ids=["always", "never", "by turns", "in two halves", "by turns of two"],
)
def test_a_coin_that_is_not_fair_is_rejected(outcomes, seen):
    assert wrong(expect.fair_coin, outcomes, "{yes} of {count} flips", "half").seen == seen


@pytest.mark.parametrize(("count", "length"), [(400, 100), (92, 23), (400, 4)])
def test_tosses_that_begin_again_are_told_by_how_many_they_are(count, length):
    again = (([False, True, True, False] if length == 4 else tosses(length, 0)) * count)[:count]
    error = wrong(expect.fair_coin, again, "{yes} of {count} flips", "half")
    assert error.hint == f"Every {length} it begins again: counted, where chance decides."


# Plain values and containers


@pytest.mark.parametrize("value", [0, -3, 0.5, 2**1000, -(2**1000)], ids=lambda n: f"{n:.0e}")
def test_a_number_is_returned_as_a_float(value):
    result = expect.number(value)
    assert result == value
    assert type(result) is float


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "a Python number"),
        ("1", "a Python number"),
        (torch.tensor(0.5), "a Python number"),
        ([1], "a Python number"),
        (math.nan, "a finite number"),
        (-math.inf, "a finite number"),
        (10**400, "a finite number"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_number_is_told(value, expected):
    error = wrong(expect.number, value, "the loss", "a hint")
    assert error.seen.startswith("the loss is ")
    assert (error.expected, error.hint) == (expected, "a hint")


@pytest.mark.parametrize("value", [[1, 2], (1, 2)])
def test_a_list_or_tuple_is_a_sequence(value):
    assert expect.sequence(value, 2) == [1, 2]
    assert expect.pair(value, "one, two") == (1, 2)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("ab", "the losses is 'ab'"),
        (torch.zeros(2), "the losses is float32 tensor (2,) in [0.00, 0.00]"),
        ([1], "the losses has 1 items"),
    ],
    ids=str,
)
def test_what_is_no_sequence_of_the_length_is_told(value, seen):
    assert wrong(expect.sequence, value, 2, "the losses") == Wrong(seen, "a list of 2")


@pytest.mark.parametrize(
    "value", [torch.zeros(2), {"a": 1, "b": 2}, (1,), (1, 2, 3), "ab"], ids=str
)
def test_what_is_no_pair_is_told_with_the_line_to_write(value):
    assert wrong(expect.pair, value, "noisy, noise").expected == "two values: `return noisy, noise`"


def test_what_lies_under_a_key_is_returned():
    assert expect.mapping({"images": None}, "images") is None


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ({"image": 1}, "the result is dict with 'image'"),
        ({}, "the result is an empty dict"),
        ([1], "the result is [1]"),
        (Foreign("DatasetDict"), "the result is a DatasetDict"),
    ],
    ids=str,
)
def test_what_has_not_the_key_is_told(value, seen):
    error = wrong(expect.mapping, value, "images", "a hint")
    assert error == Wrong(seen, "a dict with the key 'images'", "a hint")


# Pictures, objects of Diffusers, things


def test_a_picture_of_the_mode_and_size_is_returned():
    image = Image.new("RGB", (5, 3))
    assert expect.image(image, "RGB") is expect.image(image, "RGB", (5, 3)) is image


@pytest.mark.parametrize(
    "value",
    [Image.new("L", (5, 3)), Image.new("RGB", (3, 5)), torch.zeros(3, 3, 5), "picture.png"],
    ids=["mode", "size", "tensor", "name"],
)
def test_what_is_no_such_picture_is_told(value):
    error = wrong(expect.image, value, "RGB", (5, 3))
    assert error.expected == "a PIL image of mode RGB and size 5x3"


def test_an_object_of_the_class_is_returned():
    scheduler = DDPMScheduler()
    assert expect.instance(scheduler, "DDPMScheduler") is scheduler


@pytest.mark.parametrize("value", [DDIMScheduler(), Foreign("DDPMScheduler"), 1, tiny_unet()])
def test_an_object_of_another_class_is_told(value):
    error = wrong(expect.instance, value, "DDPMScheduler", "a hint")
    assert (error.expected, error.hint) == ("a `DDPMScheduler` of Diffusers", "a hint")


def test_a_configuration_with_every_setting_is_accepted():
    given, wanted = tiny_unet(block_out_channels=[8, 16]), tiny_unet(block_out_channels=(8, 16))
    expect.configuration(given, wanted)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({}, "The library takes this when it is told nothing: was the setting passed on?"),
        ({"num_train_timesteps": 20}, ""),
    ],
    ids=["left out", "another"],
)
def test_a_setting_that_differs_is_told_by_its_name(settings, hint):
    given, wanted = DDPMScheduler(**settings), DDPMScheduler(num_train_timesteps=50)
    error = wrong(expect.configuration, given, wanted)
    number = settings.get("num_train_timesteps", 1000)
    assert error.seen == f"a DDPMScheduler with num_train_timesteps={number}"
    assert (error.expected, error.hint) == ("num_train_timesteps=50", hint)


def test_a_thing_is_returned():
    handle = Thing(None, Reference(0, "Compose"))
    assert expect.thing(handle, "something to call") is handle


@pytest.mark.parametrize("value", [1, Foreign("IterableDataset"), torch.zeros(1)], ids=str)
def test_what_is_no_thing_is_told(value):
    error = wrong(expect.thing, value, "something to call", "a hint")
    assert (error.expected, error.hint) == ("something to call", "a hint")


@pytest.mark.parametrize(
    "check",
    [
        lambda value: expect.tensor(value, hint="a guess"),
        lambda value: expect.number(value, hint="a guess"),
        lambda value: expect.sequence(value, hint="a guess"),
        lambda value: expect.pair(value, "one, two", "a guess"),
        lambda value: expect.mapping(value, "images", "a guess"),
        lambda value: expect.image(value, "RGB"),
        lambda value: expect.instance(value, "UNet2DModel", "a guess"),
        lambda value: expect.thing(value, "something to call", "a guess"),
    ],
    ids=["tensor", "number", "sequence", "pair", "mapping", "image", "instance", "thing"],
)
def test_none_is_a_forgotten_return_whatever_was_expected(check):
    error = wrong(check, None)
    assert "is None" in error.seen
    assert FORGOT in error.hint


def test_an_output_of_diffusers_is_told_by_where_its_tensor_is():
    error = wrong(expect.tensor, Foreign("UNet2DOutput"))
    assert error.seen == "the result is a UNet2DOutput"
    assert "`.sample` of a model" in error.hint


# Arguments that must stay as they were


def call(before, after):
    return Call("spoil(...)", ["images"], [before], [after], None, False)


IMAGE = Image.new("RGB", (2, 2))


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([1.0, math.nan]),
        np.array([1, 2]),
        IMAGE,
        [1, (2, {"a": torch.ones(2)})],
        {"a": math.nan, 3: None},
        tiny_unet(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_argument_that_stayed_as_it_was_is_accepted(value):
    expect.unchanged(call(value, value))


def test_a_dict_in_another_order_is_unchanged():
    expect.unchanged(call({"a": 1, "b": 2}, {"b": 2, "a": 1}))


def test_what_a_function_may_change_is_not_compared():
    expect.unchanged(call(torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.zeros(2), torch.tensor([0.0, 1e-7])),
        (torch.zeros(2), torch.zeros(2, 1)),
        (torch.zeros(2), torch.zeros(2).double()),
        (torch.zeros(2), Foreign("Tensor")),
        (np.zeros(2), np.ones(2)),
        (IMAGE, Image.new("RGB", (2, 2), "red")),
        (IMAGE, Image.new("L", (2, 2))),
        ([1, 2], [2, 1]),
        ([1, 2], [1, 2, 3]),
        ([1, 2], (1, 2)),
        ([1], [True]),
        ([1], [1.0]),
        ([torch.zeros(2)], ["a text"]),
        ([torch.zeros(2)], [torch.ones(2)]),
        ({"a": [1]}, {"a": [2]}),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_argument_that_was_changed_is_named(before, after):
    error = wrong(expect.unchanged, call(before, after))
    assert error.seen == "`images` was changed by the call"


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (torch.zeros(2), torch.ones(2), "ends in `_`"),
        (IMAGE, Image.new("L", (2, 2)), "`thumbnail`"),
        ([1], [1, 2], "`append`"),
        ({"a": 1}, {}, "`pop`"),
    ],
    ids=["tensor", "picture", "list", "dict"],
)
def test_an_argument_that_was_changed_hints_at_what_changes_such_a_one(before, after, way):
    assert way in wrong(expect.unchanged, call(before, after)).hint


def test_the_general_form_says_what_it_was_given():
    expect.that(True, "seen", "expected")
    assert wrong(expect.that, False, "s", "e", "h") == Wrong("s", "e", "h")


@pytest.mark.parametrize(
    "slip", [lambda output: output.shape, lambda output: output - 1], ids=["attribute", "operator"]
)
def test_an_output_that_was_not_opened_is_told(slip):
    output = tiny_unet()(torch.zeros(1, 3, 8, 8), 0)
    with pytest.raises(Wrong, match="UNet2DOutput") as caught, expect.outputs_told():
        slip(output)
    assert "`.sample` of a model" in caught.value.hint


def test_other_errors_are_not_taken_for_an_output():
    with pytest.raises(AttributeError, match="no attribute 'x'"), expect.outputs_told():
        _ = object().x
