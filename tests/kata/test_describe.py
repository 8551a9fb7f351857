"""A value in a few words: whatever a learner returns can be described."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, DDPMWuerstchenScheduler, FlowMatchEulerDiscreteScheduler
from PIL import Image

from kata.crossing import Foreign, Reference
from kata.describe import describe
from kata.probes import tiny_unet


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        (0.123456, "0.1235"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        ("butterfly", "'butterfly'"),
        ("\ud800", r"'\ud800'"),
        ([], "an empty list"),
        ((), "an empty tuple"),
        ({}, "an empty dict"),
        ([1, 2.5, "x", None], "list of 4, the first 1"),
        ([1, 2.5, "x"], "[1, 2.5, 'x']"),
        ((1, 2), "[1, 2]"),
        (list(range(9)), "list of 9, the first 0"),
        ([[1, 2], 3], "list of 2, the first [1, 2]"),
        ({"images": 1, 2: 3}, "dict with 'images', 2"),
        (dict.fromkeys(range(7)), "dict with 0, 1, 2, 3, 4, 5, ..."),
        (slice(0, 4), "0:4"),
        (slice(None, -1), ":-1"),
        (slice(None, None, -2), "::-2"),
        (torch.float32, "dtype"),
        (Foreign("UNet2DOutput"), "a UNet2DOutput"),
        (Foreign("ImagePipelineOutput"), "an ImagePipelineOutput"),
        (Reference(0, "Compose"), "a Compose"),
        (Image.new("LA", (5, 3)), "5x3 picture of mode LA"),
    ],
)
def test_a_value_in_a_few_words(value, text):
    assert describe(value) == text


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (torch.tensor([[-1.0, 0.256]]), "float32 tensor (1, 2) in [-1.00, 0.26]"),
        (torch.tensor([3, 999]), "int64 tensor (2,) in [3, 999]"),
        (torch.tensor([True, False]), "bool tensor (2,) in [False, True]"),
        (torch.tensor(0.5, dtype=torch.float16), "float16 tensor of one number, 0.50"),
        (torch.tensor(7), "int64 tensor of one number, 7"),
        (torch.zeros(0, 3), "float32 tensor (0, 3), empty"),
        (torch.tensor([math.nan, 1]), "float32 tensor (2,) in [nan, nan]"),
        (np.array([1, 2], np.uint8), "uint8 array (2,) in [1, 2]"),
        (np.zeros((2, 0)), "float64 array (2, 0), empty"),
        (np.array(1.0), "float64 array of one number, 1.00"),
    ],
    ids=str,
)
def test_a_tensor_says_dtype_shape_and_range(tensor, text):
    assert describe(tensor) == text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (torch.ones(2, dtype=torch.complex64), "complex64 tensor (2,)"),
        (torch.ones(2).to(torch.float8_e4m3fn), "float8_e4m3fn tensor (2,)"),
        (torch.ones(2, dtype=torch.uint16), "uint16 tensor (2,)"),
        (np.array(["a", "b"]), "<U1 array (2,)"),
    ],
    ids=str,
)
def test_what_has_no_range_says_dtype_and_shape(array, text):
    assert describe(array) == text


def test_a_long_text_is_cut():
    assert describe("x" * 1000) == f"'{'x' * 56}...'"


def test_a_thing_is_called_by_the_name_of_its_type():
    class Handle:
        type_name = "DataLoader"

    assert describe(Handle()) == "a DataLoader"


@pytest.mark.parametrize(
    ("scheduler", "text"),
    [
        (DDPMScheduler(50, beta_schedule="scaled_linear"), "DDPMScheduler(50, 'scaled_linear')"),
        (DDPMScheduler(2, trained_betas=[0.1, 0.2]), "DDPMScheduler(2, 'trained_betas')"),
        (FlowMatchEulerDiscreteScheduler(), "FlowMatchEulerDiscreteScheduler"),
        (DDPMWuerstchenScheduler(), "DDPMWuerstchenScheduler"),
    ],
    ids=["schedule", "betas", "no schedule", "no timesteps"],
)
def test_a_scheduler_says_which_schedule_it_has(scheduler, text):
    assert describe(scheduler) == text


def test_a_recording_model_is_called_as_the_learner_knows_it():
    assert describe(tiny_unet()) == "UNet2DModel"


def test_a_tensor_without_memory_says_so():
    text = "float32 tensor () on the device meta, without numbers"
    assert describe(torch.empty((), device="meta")) == text
