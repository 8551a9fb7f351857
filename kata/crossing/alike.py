"""Whether two messages say the same, up to the rounding of floating-point numbers."""

import math

import numpy as np
import safetensors.torch
import torch

from kata.crossing import crossing_errors, parts_of, plain
from kata.crossing.library import DEFAULTS

RELATIVE, ABSOLUTE = 1e-4, 1e-5  # what another order of the same operations changes in float32
LEVELS = 1  # of 255, by which a pixel may be rounded otherwise
TENSORS = ("weights", "gradients")  # the bulk of a model: blobs of safetensors


def alike(one: bytes, other: bytes, without: tuple[str, ...] = ()) -> bool:
    """Compare two dicts as `pack` has written them. Nothing is built of them but numbers.

    without  keys whose values may differ
    Raises CrossingError for bytes that `pack` has not written so.
    """
    if one == other:
        return True
    with crossing_errors("these bytes cannot be compared"):
        sides = [_Side(*parts_of(data)) for data in (one, other)]
        trees = [[item for item in side.tree["items"] if item[0] not in without] for side in sides]
        return _same(*sides, *trees)


class _Side:
    """One message: its tree, and its bulk as the functions of `plain` want it."""

    def __init__(self, tree: dict, blobs: list[bytes]):
        self.tree = tree
        self.blobs = blobs


def _same(left: _Side, right: _Side, one: object, other: object) -> bool:
    """Compare one part of the tree of each side."""
    if _is_timestep(one) and _is_timestep(other):
        return _same_timesteps(*(_timesteps(*each) for each in ((left, one[1]), (right, other[1]))))
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(left, right, *pair) for pair in pairs)
    if isinstance(one, float):
        return _close_numbers(one, other)
    return one == other if not isinstance(one, dict) else _same_node(left, right, one, other)


def _same_node(left: _Side, right: _Side, one: dict, other: dict) -> bool:
    if one.keys() != other.keys() or one.get("kind") != other.get("kind"):
        return False
    if one.get("kind") in ("tensor", "array", "image"):
        return _same_numbers(left.blobs[one["blob"]], right.blobs[other["blob"]], one, other)
    if one["kind"] == "reference" and one["is_callable"] and other["is_callable"]:
        return one["number"] == other["number"]  # a function, a Compose: what it gives decides
    return all(
        _same_bulk(key, left.blobs[one[key]], right.blobs[other[key]])
        if key in (*TENSORS, "blob")
        else _same(left, right, *(_settings(each[key], key == "config") for each in (one, other)))
        for key in one
    )


def _is_timestep(part: object) -> bool:
    """Whether it is an entry of what a model noted of a call: one number, however it was given."""
    if not (isinstance(part, list) and part[:1] == ["timestep"]):
        return False
    is_one = isinstance(part[1], dict) and part[1].get("shape") in ([], [1])
    return isinstance(part[1], (int, float)) or (is_one and part[1]["kind"] == "tensor")


def _timesteps(side: _Side, value: object) -> torch.Tensor:
    if not isinstance(value, dict):
        return torch.tensor(value)
    fields = {key: field for key, field in value.items() if key != "kind"}
    return plain.unpack_tensor(side, **fields)


def _same_timesteps(one: torch.Tensor, other: torch.Tensor) -> bool:
    same_kind = one.is_floating_point() == other.is_floating_point()
    return same_kind and bool((one.cpu().reshape(-1) == other.cpu().reshape(-1)).all())


def _settings(tree: object, is_config: bool) -> object:
    """A configuration says the same by a list or a tuple, by a default or the same value given."""
    if not is_config:
        return tree
    if isinstance(tree, list):
        kept = [part for part in tree if not (isinstance(part, list) and part[:1] == [DEFAULTS])]
        return [_settings(part, is_config) for part in kept]
    if isinstance(tree, dict):
        parts = {key: _settings(part, is_config) for key, part in tree.items()}
        return {**parts, "kind": "list"} if tree["kind"] == "tuple" else parts
    return tree


def _same_numbers(blob: bytes, other_blob: bytes, one: dict, other: dict) -> bool:
    """Two tensors, arrays or pictures of the same shape and type, and close in their numbers."""
    if {**one, "blob": 0} != {**other, "blob": 0}:
        return False
    if blob == other_blob:
        return True
    if one["kind"] == "image":
        return _close_pixels(blob, other_blob, one["mode"])
    build = getattr(plain, f"unpack_{one['kind']}")
    fields = {key: value for key, value in one.items() if key != "kind"} | {"blob": 0}
    values = [build(_Side({}, [each]), **fields) for each in (blob, other_blob)]
    return (
        _close(*(torch.as_tensor(value) for value in values)) if _is_numeric(values[0]) else False
    )


def _same_bulk(key: str, blob: bytes, other: bytes) -> bool:
    if blob == other or key == "blob":
        return blob == other
    tensors, others = safetensors.torch.load(blob), safetensors.torch.load(other)
    return tensors.keys() == others.keys() and all(_close(tensors[k], others[k]) for k in tensors)


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one, other, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)


def _close_numbers(one: float, other: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _close_pixels(one: bytes, other: bytes, mode: str) -> bool:
    if mode not in ("L", "RGB", "RGBA") or len(one) != len(other):
        return False
    pixels, others = (np.frombuffer(data, np.uint8).astype(int) for data in (one, other))
    return bool((abs(pixels - others) <= LEVELS).all())


def _is_numeric(value: torch.Tensor | np.ndarray) -> bool:
    return isinstance(value, torch.Tensor) or value.dtype.kind in "biuf"
