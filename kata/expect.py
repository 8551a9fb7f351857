"""What suites say about values: first type, then shape, dtype, range, value.

Each function passes in silence or raises `Wrong` with what was seen and what was expected. `hint`
is the misconception that such a value looks like.
"""

import contextlib
import inspect
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch
from diffusers import ModelMixin, SchedulerMixin
from PIL import Image

from kata.crossing import PLAIN, Foreign, pack
from kata.describe import article, describe
from kata.exercise import Call, Thing
from kata.verdict import Wrong

COMPARED = (*PLAIN, torch.Tensor, np.ndarray, Image.Image)


def that(condition: bool, seen: str, expected: str, hint: str = "") -> None:
    """The general form: when `condition` does not hold, the answer is wrong."""
    if not condition:
        raise Wrong(seen, expected, hint)


def tensor(
    value: object,
    shape: tuple | None = None,
    dtype: torch.dtype | None = None,
    between: tuple[float, float] | None = None,
    name: str = "the result",
    hint: str = "",
) -> torch.Tensor:
    """`value` is a finite tensor of this shape, dtype and range (inclusive). Returns it.

    shape  None at a place takes any length there
    """
    expected = _tensor_text(shape, dtype, between)
    if not isinstance(value, torch.Tensor):
        raise Wrong(f"{name} is {describe(value)}", expected, type_hint(value) or hint)
    seen = f"{name} is {article(describe(value))}"
    that(not value.is_meta, seen, expected, hint)
    if shape is not None:
        fits = len(shape) == value.ndim and all(
            want in (None, length) for want, length in zip(shape, value.shape, strict=True)
        )
        that(fits, seen, expected, hint)
    that(dtype is None or value.dtype == dtype, seen, expected, hint)
    finite = not value.is_floating_point() or bool(torch.isfinite(value).all())
    that(finite, f"{name} holds nan or infinity", expected, hint)
    if between is not None and value.numel():
        low, high = between
        that(low <= value.min().item() and value.max().item() <= high, seen, expected, hint)
    return value


def close(
    actual: torch.Tensor,
    expected: torch.Tensor,
    atol: float,
    what: str,
    hint: str = "",
    because: str = "",
) -> None:
    """`actual` equals `expected` in shape and, elementwise, within `atol`.

    what     the two in words: "the noisy batch"
    because  the formula or the reason, for the message
    """
    that(
        actual.shape == expected.shape,
        f"{what} has the shape {tuple(actual.shape)}",
        f"the shape {tuple(expected.shape)}",
        hint,
    )
    difference = (actual.double() - expected.double()).abs().max().item() if actual.numel() else 0.0
    reason = f": {because}" if because else ""
    that(
        difference <= atol,
        f"{what} is off by up to {difference:.3g}",
        f"equal to within {atol:g}{reason}",
        hint,
    )


def standard_normal(values: torch.Tensor, name: str) -> None:
    """The values have the mean, mean square and distribution of independent standard normal ones.

    The moments may lie six standard errors out, the distribution as far as the inequality of
    Dvoretzky, Kiefer and Wolfowitz allows, and the largest value is one that so many values reach:
    of a thousand values or more a right answer fails less than once in a million.
    """
    x = values.double().flatten().sort().values
    n = len(x)
    mean, square, fourth = x.mean().item(), (x**2).mean().item(), (x**4).mean().item()
    ranks = (torch.arange(n, dtype=torch.float64, device=x.device) + 0.5) / n
    distance = (torch.special.ndtr(x) - ranks).abs().max().item()
    as_large = n * math.erfc(x.abs().max().item() / 2**0.5)  # how many are expected to be
    seen = f"{name} has mean {mean:.3f}, mean square {square:.3f}, range {_range(x)}"
    expected = "standard normal: mean 0, mean square 1, a bell with long tails"
    if square < 1e-12:
        hint = "This is no noise at all."
    elif x.abs().max() <= 1 and abs(square - 1 / 3) < 0.02 and abs(fourth - 1 / 5) < 0.02:
        hint = "This is uniform noise: `torch.rand` is uniform, `torch.randn` is normal."
    else:
        hint = "Noise of another scale or shape than `torch.randn` gives."
    that(abs(mean) < 6 * n**-0.5, seen, expected, hint)
    that(abs(square - 1) < 6 * (2 / n) ** 0.5, seen, expected, hint)
    that(distance < (math.log(2e7) / (2 * n)) ** 0.5, seen, expected, hint)
    that(1e-7 < as_large < math.log(1e7), seen, expected, "Its tails are not those of a bell.")
    that(
        abs(mean) > 3e-5 * n**-0.5 or abs(square - 1) > 2 / n,
        f"{name} has mean {mean:.1e} and mean square {square:.6f}, closer than chance comes",
        f"independent draws: the mean is off by about {n**-0.5:.1e}",
        "The noise was normalised after it was drawn.",
    )


def independent(values: torch.Tensor, axes: tuple[str, ...], name: str) -> None:
    """Values of one distribution repeat along none of their axes.

    axes  what the slices along each axis are called: ("pictures", "channels", "rows", "columns")

    Two slices may correlate by seven standard errors: among a thousand pairs a right answer fails
    less than once in a million.
    """
    for axis, slices in enumerate(axes):
        centred = values.double() - values.double().mean()
        rows = torch.nn.functional.normalize(centred.movedim(axis, 0).flatten(1))
        correlations = (rows @ rows.T).fill_diagonal_(0).flatten()
        largest = correlations[correlations.abs().argmax()].item()
        that(
            abs(largest) < 7 * rows.shape[1] ** -0.5,
            f"{name} of two {slices} has correlation {largest:.2f}",
            "noise of the full shape, drawn for each number by itself",
            f"Noise of a smaller shape is broadcast: some {slices} share it."
            if largest > 0.99
            else "",
        )


def misconception(actual: torch.Tensor, wrong: dict[str, torch.Tensor], atol: float = 1e-4) -> str:
    """Return the hint whose wrong value `actual` equals, or "" when it is none: never a guess."""
    for hint, value in wrong.items():
        if value.shape == actual.shape and torch.allclose(
            actual.double(), value.double(), rtol=0, atol=atol
        ):
            return hint
    return ""


def drawn_from_generator(
    draw: Callable[[torch.Generator], torch.Tensor], seed: int, what: str
) -> None:
    """Random numbers come from the generator that was given, and move it on.

    draw  calls the learner's function with a generator and returns what was drawn
    """
    generator, equal, other = (torch.Generator().manual_seed(s) for s in (seed, seed, seed + 1))
    first = draw(generator)
    expected = f"{what} drawn from `generator`"
    that(
        torch.equal(first, draw(equal)),
        f"generators in equal states gave different {what}",
        expected,
        "The numbers come from elsewhere: hand `generator` on to the function that draws them.",
    )
    that(
        not torch.equal(first, draw(other)),
        f"generators of different seeds gave the same {what}",
        expected,
        "A seed of its own decides, not the state of the generator.",
    )
    that(
        not torch.equal(first, draw(generator)),
        f"one generator gave the same {what} twice",
        f"{what} drawn from `generator`, which moves on as it is used",
        "Only its seed or its state was read: draw from the generator itself.",
    )


def on_meta(call: Callable[[], object], inputs: str) -> object:
    """Return what `call` gives whose arguments name, or lie on, the device "meta".

    "meta" is a device without memory that every torch has: what was forgotten on the CPU does not
    mix with what lies there. None where the function looks at numbers, which are missing there.

    inputs  what lies elsewhere, for the message: "pictures"
    """
    try:
        return call()
    except RuntimeError as error:
        told = first_line(error)
        that(
            "expected device" not in told and "same device" not in told,
            f"with {inputs} on another device than the CPU, torch says: {told}",
            f"all tensors of the computation on the device of the {inputs}",
            "Without `device` torch makes new tensors on the CPU.",
        )
        return None


def first_line(error: BaseException) -> str:
    """What an error says in its first line, or the name of its class where it says nothing."""
    said = [line for line in str(error).splitlines() if line.strip()]
    return said[0] if said else type(error).__name__


@contextlib.contextmanager
def outputs_told() -> Iterator[None]:
    """Say what is missing where code worked on an output of Diffusers as if it were a tensor."""
    try:
        yield
    except (AttributeError, TypeError) as error:
        if not (found := re.search(r"'(\w+Output)'", str(error))):
            raise
        seen = f"{type(error).__name__}: {error}"
        raise Wrong(seen, "the tensor that lies in it", _output_hint(found[1])) from error


def fair_coin(outcomes: list[bool], seen: str, expected: str, hint: str = "") -> None:
    """Independent yes or no, each half of the time.

    seen  what was counted, with places for two numbers: "{yes} of {count} pictures"

    How often it is yes, and how often it changes from one to the next, may be off by five standard
    errors. How often it is as it was some places before, up to a quarter of all, may be off by six
    and a half, so that turns of any such length are found. Of 90 to 400 outcomes a right answer
    fails less than once in a million.
    """
    count, yes = len(outcomes), sum(outcomes)
    changes = sum(one != other for one, other in itertools.pairwise(outcomes))
    seen, bound = seen.format(yes=yes, count=count), 2.5 * count**0.5
    turns = range(2, count // 4 + 1)
    again = [turn for turn in turns if outcomes[turn:] == outcomes[:-turn]]
    counted = f"Every {again[0]} it begins again: counted, where chance decides." if again else ""
    that(abs(yes - count / 2) <= bound, seen, expected, hint)
    that(
        abs(changes - (count - 1) / 2) <= bound,
        f"{seen}, with {changes} changes from one to the next",
        f"{expected}, each by chance, so that about half are another than the one before",
        counted,
    )
    for turn in turns:
        pairs = count - turn
        same = sum(one == other for one, other in zip(outcomes, outcomes[turn:], strict=False))
        that(
            abs(same - pairs / 2) <= 3.25 * pairs**0.5,
            f"{seen}, {same} of {pairs} as it was {turn} before",
            f"{expected}, each by chance, so that about half are as they were {turn} before",
            counted,
        )


def _range(x: torch.Tensor) -> str:
    return f"[{x.min().item():.2f}, {x.max().item():.2f}]"


def number(value: object, name: str = "the result", hint: str = "") -> float:
    """`value` is one Python number (not a tensor, not a bool). Returns it as a float."""
    if type(value) not in (int, float):
        raise Wrong(f"{name} is {describe(value)}", "a Python number", type_hint(value) or hint)
    is_finite = abs(value) <= sys.float_info.max  # holds for integers of any length, not for nan
    that(is_finite, f"{name} is {describe(value)}", "a finite number", hint)
    return float(value)


def sequence(value: object, length: int | None = None, name: str = "the result", hint: str = ""):
    """`value` is a list or tuple, of this length. Returns it as a list."""
    expected = "a list" if length is None else f"a list of {length}"
    if type(value) not in (list, tuple):
        raise Wrong(f"{name} is {describe(value)}", expected, type_hint(value) or hint)
    that(length in (None, len(value)), f"{name} has {len(value)} items", expected, hint)
    return list(value)


def pair(value: object, names: str, hint: str = "") -> tuple:
    """`value` is a tuple (or list) of two. `names` says of what, for the message."""
    if type(value) not in (tuple, list) or len(value) != 2:
        expected = f"two values: `return {names}`"
        raise Wrong(f"the result is {describe(value)}", expected, type_hint(value) or hint)
    return tuple(value)


def mapping(value: object, key: str, hint: str = "") -> object:
    """`value` is a dict with this key. Returns what lies under it."""
    seen, expected = f"the result is {describe(value)}", f"a dict with the key {key!r}"
    that(type(value) is dict, seen, expected, type_hint(value) or hint)
    that(key in value, seen, expected, hint)
    return value[key]


def image(
    value: object,
    mode: str,
    size: tuple[int, int] | None = None,
    name: str = "the result",
    hint: str = "",
) -> Image.Image:
    """`value` is a PIL image of this mode and (width, height). Returns it."""
    wanted = f"a PIL image of mode {mode}" + (f" and size {size[0]}x{size[1]}" if size else "")
    seen = f"{name} is {describe(value)}"
    that(isinstance(value, Image.Image), seen, wanted, type_hint(value))
    that(value.mode == mode and size in (None, value.size), seen, wanted, hint)
    return value


def instance(value: object, class_name: str, hint: str = "") -> object:
    """`value` is a model, scheduler, pipeline or part of one, of exactly this class. Returns it."""
    known = not isinstance(value, (Foreign, Thing))
    that(
        known and type(value).__name__ == class_name,
        f"the result is {describe(value)}",
        f"a `{class_name}` of Diffusers",
        type_hint(value) or hint,
    )
    return value


def configuration(value: ModelMixin | SchedulerMixin, wanted: ModelMixin | SchedulerMixin) -> None:
    """`value` has every setting of `wanted`, an object of its class. A list equals a tuple."""
    parameters = inspect.signature(type(wanted).__init__).parameters
    for key in [name for name in parameters if name in wanted.config]:
        given, setting, default = (
            list(each) if isinstance(each, tuple) else each
            for each in (value.config.get(key), wanted.config[key], parameters[key].default)
        )
        that(
            given == setting,
            f"a {type(value).__name__} with {key}={given!r}",
            f"{key}={setting!r}",
            "The library takes this when it is told nothing: was the setting passed on?"
            if given == default
            else "",
        )


def thing(value: object, what: str, hint: str = "") -> Thing:
    """`value` is an object that stayed with the learner's code: something to call or index."""
    that(
        isinstance(value, Thing),
        f"the result is {describe(value)}",
        what,
        type_hint(value) or hint,
    )
    return value


def autograd_left_on(call: Call) -> None:
    """The function did not leave autograd switched off for whoever called."""
    that(
        not call.grad_off,
        "autograd is switched off after the call",
        "autograd as it was: `with torch.no_grad():` switches it on again",
    )


def unchanged(call: Call) -> None:
    """The function left its tensors, pictures and containers as they were."""
    for name, before, after in zip(call.names, call.before, call.after, strict=True):
        that(
            _same(before, after),
            f"`{name}` was changed by the call",
            f"`{name}` as it was: whoever called may need it again",
            _in_place_hint(before),
        )


def _in_place_hint(value: object) -> str:
    """What changes a value of this type in place."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        ways = "`+=`, a method whose name ends in `_`, an assignment to a slice"
    elif isinstance(value, Image.Image):
        ways = "`paste`, `thumbnail`, `putpixel`, a drawing on it"
    else:
        ways = "`append`, `extend`, `pop`, `shuffle`, `+=`, or a change of what lies in it"
    return f"An operation in place: {ways}."


def _same(before: object, after: object) -> bool:
    """Whether a value is as it was. What a function may change (a model) counts as the same."""
    if isinstance(before, COMPARED):
        return pack(before) == pack(after, strict=False)
    if type(before) not in (list, tuple, dict):
        return True
    if type(before) is not type(after) or len(before) != len(after):
        return False
    if type(before) is dict:
        return all(key in after and _same(before[key], after[key]) for key in before)
    return all(map(_same, before, after))


def type_hint(value: object) -> str:
    """What it means when a function returns something of this type, or ""."""
    if value is None:
        return "A function that ends without `return` gives None: did you forget it?"
    if isinstance(value, Foreign) and value.type_name.endswith("Output"):
        return _output_hint(value.type_name)
    return ""


def _output_hint(type_name: str) -> str:
    return (
        f"Diffusers wraps what it returns in a `{type_name}`: what you want is in a "
        "field of it (`.sample` of a model, `.prev_sample` of a step, `.images` of a pipeline)."
    )


def _tensor_text(shape, dtype, between) -> str:
    parts = []
    if dtype is not None:
        parts.append(str(dtype).removeprefix("torch."))
    parts.append("tensor")
    if shape is not None:
        lengths = ", ".join("any" if n is None else str(n) for n in shape)
        parts.append(f"({lengths},)" if len(shape) == 1 else f"({lengths})")
    if between is not None:
        parts.append(f"in [{between[0]:g}, {between[1]:g}]")
    return article(" ".join(parts))
