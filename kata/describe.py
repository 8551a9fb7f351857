"""Say in a few words what a value is: type, shape, dtype, range. For messages, not for judging."""

import numpy as np
import torch
from diffusers import SchedulerMixin
from PIL import Image

from kata.crossing import Foreign, Reference
from kata.probes import GaussianUNet, RecordingUNet

PROBES = (GaussianUNet, RecordingUNet)  # which a learner meets as what they stand for


def describe(value: object) -> str:
    """Return for example `float32 tensor (4, 3, 8, 8) in [-1.00, 1.00]`."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return _describe_array(value)
    if isinstance(value, Image.Image):
        return f"{value.width}x{value.height} picture of mode {value.mode}"
    if isinstance(value, (Foreign, Reference)) or hasattr(value, "type_name"):
        return article(value.type_name)
    if type(value) in (list, tuple):
        return _describe_sequence(value)
    if type(value) is dict:
        return f"dict with {_names(list(value))}" if value else "an empty dict"
    if isinstance(value, slice):
        return _describe_slice(value)
    if value is None or isinstance(value, (bool, int, str)):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}...{text[-1]}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, SchedulerMixin):
        return _describe_scheduler(value)
    if isinstance(value, torch.Generator):
        return "a generator"
    if isinstance(value, type):
        return value.__name__
    return "UNet2DModel" if isinstance(value, PROBES) else type(value).__name__


def article(noun: str) -> str:
    """The noun with its article: an int32 tensor, an ImagePipelineOutput, a UNet2DOutput."""
    return f"an {noun}" if noun.startswith(tuple("aeioAEIO")) else f"a {noun}"


def _describe_scheduler(value: SchedulerMixin) -> str:
    """What tells one schedule from another, as it would be typed."""
    config = value.config
    schedule = config.get("beta_schedule")
    if config.get("trained_betas") is not None:
        schedule = "trained_betas"
    if schedule is None:
        return type(value).__name__
    return f"{type(value).__name__}({config.get('num_train_timesteps')}, {schedule!r})"


def _describe_array(value: torch.Tensor | np.ndarray) -> str:
    kind = "tensor" if isinstance(value, torch.Tensor) else "array"
    dtype = str(value.dtype).removeprefix("torch.")
    if isinstance(value, torch.Tensor) and value.is_meta:
        return f"{dtype} {kind} {tuple(value.shape)} on the device meta, without numbers"
    if value.ndim == 0:
        return f"{dtype} {kind} of one number, {_number(value.item())}"
    text = f"{dtype} {kind} {tuple(value.shape)}"
    if 0 in value.shape:
        return f"{text}, empty"
    try:
        return f"{text} in [{_number(value.min().item())}, {_number(value.max().item())}]"
    except (RuntimeError, TypeError):  # numbers without an order, texts, types without a minimum
        return text


def _number(value: float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _describe_slice(value: slice) -> str:
    parts = [value.start, value.stop, *([] if value.step is None else [value.step])]
    return ":".join("" if part is None else describe(part) for part in parts)


def _describe_sequence(value: list | tuple) -> str:
    kind = type(value).__name__
    if not value:
        return f"an empty {kind}"
    if all(isinstance(item, (bool, int, float, str)) for item in value) and len(value) <= 8:
        return "[" + ", ".join(describe(item) for item in value) + "]"
    return f"{kind} of {len(value)}, the first {describe(value[0])}"


def _names(keys: list) -> str:
    return ", ".join(repr(key) for key in keys[:6]) + (", ..." if len(keys) > 6 else "")
