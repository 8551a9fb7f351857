"""What suites say about pipelines: about their parts, and about the pictures that they give."""

import contextlib
import re
from collections.abc import Callable, Iterator

import numpy as np
import torch
from diffusers import DiffusionPipeline, SchedulerMixin
from PIL import Image

from kata import expect
from kata.describe import describe
from kata.evidence import raised_in
from kata.verdict import Wrong

# The library's arithmetic, taken elsewhere or in another order, may round to the next 8-bit level.
LEVELS = 2


FROM_CONFIG = "`from_pretrained` reads the numbers of the folder; a configuration has none."


def same_part(
    value: object, wanted: object, name: str, hint: str = "", of_weights: str = ""
) -> None:
    """`value` is a part like `wanted`: its class, its settings, its weights or its words.

    name        of the part, for the message: "the UNet"
    hint        what it means when the part is another one
    of_weights  what it means when only the numbers of its weights are others
    """
    class_name = type(wanted).__name__
    expect.that(
        type(value).__name__ == class_name,
        f"{name} is {describe(value)}",
        f"a {class_name}",
        hint,
    )
    if isinstance(wanted, SchedulerMixin):
        with hinted(hint):
            expect.configuration(value, wanted)
    elif isinstance(wanted, torch.nn.Module):
        same_weights(value, wanted, name, of_weights or hint)
    else:
        words = value.get_vocab() == wanted.get_vocab()
        expect.that(words, f"{name} has other words", "the words of the folder's", hint)


def same_weights(
    value: torch.nn.Module, wanted: torch.nn.Module, name: str, hint: str = ""
) -> None:
    """`value` has the very weights of `wanted`, wherever they lie, in their precision."""
    given, right = value.state_dict(), wanted.state_dict()
    expect.that(
        {key: one.shape for key, one in given.items()}
        == {key: one.shape for key, one in right.items()},
        f"{name} has layers of other names or shapes",
        f"{name} with the architecture that its configuration describes",
    )
    dtypes = {_dtype(one) for one in given.values()} - {_dtype(one) for one in right.values()}
    expect.that(
        not dtypes,
        f"{name} has weights of type {', '.join(sorted(dtypes))}",
        f"weights of type {', '.join(sorted({_dtype(one) for one in right.values()}))}",
    )
    other = sum(not torch.equal(given[key].cpu(), right[key].cpu()) for key in right)
    expect.that(
        other == 0,
        f"{name} has other numbers in {other} of its {len(right)} weights",
        f"{name} with exactly its weights",
        hint,
    )


@contextlib.contextmanager
def hinted(hint: str) -> Iterator[None]:
    """Within, a failure that names no misconception names this one."""
    try:
        yield
    except Wrong as wrong:
        wrong.hint = wrong.hint or hint
        raise


def on_device(pipeline: DiffusionPipeline, device: str) -> None:
    """All models of the pipeline lie on this device."""
    models = {k: v for k, v in pipeline.components.items() if isinstance(v, torch.nn.Module)}
    for name, model in models.items():
        expect.that(
            model.device.type == device,
            f"asked for the device {device!r}, the part `{name}` lies on {str(model.device)!r}",
            f"all models of the pipeline on {device!r}",
            "`from_pretrained` loads to the CPU; `pipeline.to(device)` moves.",
        )


@contextlib.contextmanager
def device_maps_left_out() -> Iterator[None]:
    """Within, "meta" is asked for, which `from_pretrained(..., device_map=device)` does not know.

    Whoever writes so is right on the devices that it knows; an error of one's own is none of it.
    """
    try:
        yield
    except NotImplementedError as error:
        told = str(error).startswith("meta not supported. Supported strategies are")
        if not told or raised_in(error) != "from_pretrained":
            raise


def left_as_it_was(pipeline: DiffusionPipeline, before: DiffusionPipeline) -> None:
    """The caller's pipeline has the parts of `before`, a copy from before the call."""
    hint = "The pipeline is the caller's: what is changed in it stays so after the call."
    for name, part in before.components.items():
        if part is not None:
            with hinted(hint):
                same_part(getattr(pipeline, name), part, f"after the call, the part `{name}`")


def keeps_its_parts(pipeline: DiffusionPipeline, before: DiffusionPipeline) -> None:
    """The pipeline has the parts of `before`, with their configuration; its model is as it was."""
    for name, part in before.components.items():
        after = getattr(pipeline, name)
        same = type(after) is type(part) and dict(after.config) == dict(part.config)
        expect.that(same, f"the pipeline has another {name} after the call", f"its own {name}")
    now = _state_of(pipeline.unet)
    for what, value in _state_of(before.unet).items():
        expect.that(now[what] == value, f"the UNet has another {what} after the call", "its own")


def _state_of(model: torch.nn.Module) -> dict:
    return {
        "state of its weights": [parameter.tolist() for parameter in model.parameters()],
        "mode": model.training,
        "`requires_grad`": [parameter.requires_grad for parameter in model.parameters()],
    }


@contextlib.contextmanager
def without_numbers() -> Iterator[None]:
    """Within, a pipeline lies on "meta", and CUDA is pretended: numbers are missing there.

    That a right answer fails for want of them is no fault: it must have worked on the CPU. Wrong
    is a generator of the device, of which there is none there, and a pipeline that is moved.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        told = f"{type(error).__name__}: {expect.first_line(error)}"
        expect.that(
            not re.search(r"not an accelerator|torch\.Generator|CUDA|generator of type cuda", told),
            f"with the pipeline on another device than the CPU, torch says: {told}",
            "a generator of the CPU, wherever the pipeline lies: `torch.Generator()`",
            "A generator of the device draws other numbers than one of the CPU.",
        )
        expect.that(
            "torch.nn.Module.to()" not in told,
            f"the pipeline was moved; torch says: {told}",
            "the pipeline left where it lies",
        )
        if isinstance(error, ValueError):
            raise


def no_numbers(value: object, name: str) -> None:
    """`value` is no array of what a pipeline gives when it is told so."""
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size
    expect.that(
        not (floats and value.min() >= 0 and value.max() <= 1),
        f"{name} is {describe(value)}",
        "a PIL image",
        'Numbers from 0 to 1 are what a pipeline gives with `output_type="np"`; without it, it '
        "gives PIL images.",
    )


@contextlib.contextmanager
def slips_told() -> Iterator[None]:
    """Say in plain words what a slip in a call of a pipeline makes the library raise."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        for pattern, expected, hint in SLIPS:
            if re.search(pattern, str(error)):
                raise Wrong(f"{type(error).__name__}: {error}", expected, hint) from error
        raise


SLIPS = [
    (
        r"Pipeline\.__call__\(\) got an unexpected keyword argument",
        "keywords that the pipeline knows, such as `num_inference_steps` and `generator`",
        "`help(type(pipeline).__call__)` lists them all.",
    ),
    (
        r"'\w*PipelineOutput' object has no attribute",
        "the field of the output that holds the pictures, `.images`",
        "Diffusers wraps what a pipeline returns in an output; the pictures are a field of it.",
    ),
    (
        r"'int' object has no attribute 'device'",
        "a torch.Generator where the pipeline wants its `generator`",
        "A whole number was given there. Hand arguments over by name, and put the seed into a "
        "generator: `torch.Generator().manual_seed(...)`.",
    ),
    (
        "`height` and `width` have to be divisible",
        "a size that the pipeline takes from its UNet, when it is told none",
        "The second and the third argument of this pipeline are height and width: hand arguments "
        "over by name.",
    ),
    (
        "`num_inference_steps`: 1000 cannot be larger",
        "as many steps as the argument `num_inference_steps` says",
        "1000 is what the pipeline takes when it is told nothing: hand the number on.",
    ),
]


def levels_apart(one: Image.Image, other: Image.Image) -> int:
    """By how many of 255 levels two pictures of one size and mode differ at most."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def same_pictures(
    pictures: list[Image.Image],
    right: list[Image.Image],
    wrong: Callable[[], dict[str, list[Image.Image]]] = dict,
    within: int = LEVELS,
) -> None:
    """The pictures are the library's own, up to rounding.

    wrong  makes {misconception: the pictures that it gives}, where one is needed
    """
    apart = _apart(pictures, right)
    if apart <= within:
        return
    hints = (hint for hint, others in wrong().items() if _apart(pictures, others) <= LEVELS)
    raise Wrong(
        f"a picture that differs by up to {apart} of 255 levels from what the pipeline gives",
        "what the pipeline gives for these arguments, with one generator of the CPU for this seed",
        next(hints, ""),
    )


def _apart(pictures: list[Image.Image], others: list[Image.Image]) -> int:
    return max(map(levels_apart, pictures, others))


def global_state_unmoved(drew: bool) -> None:
    """A call has neither seeded nor moved the random numbers that everything else draws."""
    expect.that(
        not drew,
        "torch's global random state was changed by the call",
        "the global state as it was: all numbers from a generator of one's own",
        "`torch.manual_seed` seeds it for everybody; `torch.Generator().manual_seed` does not.",
    )


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
