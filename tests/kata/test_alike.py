"""Messages are alike when they say the same up to rounding."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from PIL import Image

from kata.crossing import CrossingError, Foreign, Reference, message_of, pack, parts_of
from kata.crossing.alike import alike
from kata.probes import tiny_unet


def compare(one, other, **options):
    return alike(pack({"value": one}), pack({"value": other}), **options)


NUMBERS = torch.linspace(-1, 1, 12).reshape(3, 4)
PIXELS = np.full((4, 4, 3), 100, np.uint8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.0 + 1e-7),
        (float("nan"), float("nan")),
        (NUMBERS, NUMBERS + 1e-6),
        ([NUMBERS, {"a": (1, "x", None)}], [NUMBERS * (1 + 1e-6), {"a": (1, "x", None)}]),
        (NUMBERS.numpy(), NUMBERS.numpy() + np.float32(1e-6)),
        (Image.fromarray(PIXELS), Image.fromarray(PIXELS + 1)),
        (torch.arange(3), torch.arange(3)),
        (np.array(["a", "b"]), np.array(["a", "b"])),
    ],
)
def test_what_differs_by_rounding_is_alike(one, other):
    assert compare(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.01),
        (1, 1.0),
        (1, True),
        ("a", "b"),
        ([1, 2], [1]),
        ([1, 2], (1, 2)),
        ({"a": 1}, {"b": 1}),
        (NUMBERS, NUMBERS + 1e-2),
        (NUMBERS, NUMBERS.double()),
        (NUMBERS, NUMBERS.reshape(4, 3)),
        (NUMBERS, NUMBERS.numpy()),
        (NUMBERS.to(torch.int64), NUMBERS.to(torch.int64) + 1),
        (NUMBERS.numpy(), NUMBERS.numpy() + 1),
        (np.array(["a", "b"]), np.array(["a", "c"])),
        (Image.fromarray(PIXELS), Image.fromarray(PIXELS + 2)),
        (Image.fromarray(PIXELS), Image.fromarray(PIXELS).convert("RGBA")),
        (Image.new("P", (2, 2), 1), Image.new("P", (2, 2), 2)),
        (torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)),
        (DDPMScheduler(), DDPMScheduler(beta_schedule="squaredcos_cap_v2")),
        (Foreign("A"), Foreign("B")),
        (Reference(0, "A"), Reference(1, "A")),
    ],
)
def test_what_says_something_else_is_not_alike(one, other):
    assert not compare(one, other)


def test_models_are_compared_by_their_weights():
    one, other = tiny_unet(), tiny_unet()
    other.load_state_dict(one.state_dict())
    assert compare(one, other)
    with torch.no_grad():
        other.conv_in.bias += 1e-7
    assert compare(one, other)
    with torch.no_grad():
        other.conv_in.bias += 1e-2
    assert not compare(one, other)


def test_a_setting_may_be_given_or_left_to_the_class_in_a_list_or_a_tuple():
    options = {"down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)}
    one, other, third = (
        tiny_unet(block_out_channels=blocks, **options, **given)
        for blocks, given in (((8,), {}), ([8], {"in_channels": 3}), ((8,), {"act_fn": "gelu"}))
    )
    for model in (other, third):
        model.load_state_dict(one.state_dict())
    assert compare(one, other)
    assert not compare(one, third)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (7, torch.tensor(7), True),
        (torch.tensor([7]), torch.tensor(7, dtype=torch.int32), True),
        (7, torch.tensor(8), False),
        (7, torch.tensor(7.0), False),
        (7, torch.tensor([7, 7]), False),
    ],
)
def test_a_model_may_be_told_of_one_timestep_in_several_ways(one, other, same):
    assert compare({"timestep": one}, {"timestep": other}) is same


def test_what_stayed_with_the_learner_is_known_by_what_it_gives_where_it_can_be_called():
    compose, function = (Reference(0, name, True) for name in ("Compose", "function"))
    assert compare(compose, function)
    assert not compare(compose, Reference(1, "Compose", True))
    assert not compare(compose, Reference(0, "Compose", False))


def test_keys_can_be_left_out():
    one, other = (pack({"names": name, "result": 1}) for name in "ab")
    assert not alike(one, other)
    assert alike(one, other, without=("names",))


@pytest.mark.parametrize("place", [0.0, 7, -9, "blob", None, [], {}])
def test_bytes_that_pack_has_not_written_cannot_be_compared(place):
    tree, blobs = parts_of(pack({"value": NUMBERS}))
    tree["items"][0][1]["blob"] = place
    with pytest.raises(CrossingError, match="cannot be compared"):
        alike(pack({"value": NUMBERS + 1}), message_of(tree, blobs))


@pytest.mark.parametrize("tree", [[], {}, 3, {"items": 3}, {"items": [[]]}, {"items": [3]}])
def test_what_is_no_dict_of_packs_cannot_be_compared(tree):
    with pytest.raises(CrossingError, match="cannot be compared"):
        alike(pack({"value": 1}), message_of(tree, []), without=("line",))
