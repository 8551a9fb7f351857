"""What crosses between a suite and the learner's code: values, as bytes, never as a pickle.

A suite judges the same bytes whether the learner's code runs in this process or in another one.
Every kind of value has a pair of functions: `pack_kind` turns it into a JSON tree whose bulk
(tensors, pixels, weights) lies in blobs, `unpack_kind` builds it anew as an exact type.

An object that stays where it lives (a callable, a data set, a loader of the learner's) crosses as a
`Reference` to it; of anything else that a learner returns only the name of its type crosses, as a
`Foreign`.
"""

import contextlib
import io
import json
import struct
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from datasets import Dataset
from diffusers import DiffusionPipeline, ModelMixin, SchedulerMixin
from PIL import Image
from torch.utils.data import DataLoader

from kata import probes
from kata.crossing import library, pipelines, plain, sent
from kata.crossing.base import CONTAINERS, PLAIN, CrossingError, Foreign, Reference

__all__ = ["PLAIN", "CrossingError", "Foreign", "Reference", "is_value", "pack", "unpack", "update"]

MAGIC = b"KATA"


def pack(value: object, strict: bool = True) -> bytes:
    """Return `value` as bytes.

    strict  raise CrossingError for a type that does not cross; else send a `Foreign` in its place
    """
    packer = _Packer(strict)
    with crossing_errors("this value cannot cross"):
        return message_of(packer.tree(value), packer.blobs)


def unpack(data: bytes, find: Callable[[int], object] | None = None) -> object:
    """Return the value that `pack` made `data` from, leaving the random state as it was.

    find  on the learner's side: gives back the object that was kept under a number
    Raises CrossingError for bytes that `pack` did not write, and runs no code that they name.
    """
    with crossing_errors("these bytes cannot be read"), torch.random.fork_rng(devices=[]):
        tree, blobs = parts_of(data)
        return _Unpacker(blobs, find).value(tree)


def update(original: object, changed: object) -> None:
    """Give `original` the state of `changed`, its copy that a function may have worked on.

    Models, optimizers, schedulers and generators are what a function may change, also inside
    containers; everything else is left as it is, for a suite to compare with what came back.
    """
    if type(changed) is not type(original):
        return
    with crossing_errors(f"the {type(original).__name__} came back in a state that does not fit"):
        _update(original, changed)


def _update(original: object, changed: object) -> None:
    if isinstance(original, (list, tuple)):
        for one, other in zip(original, changed, strict=False):
            update(one, other)
    elif isinstance(original, dict):
        for key in original.keys() & changed.keys():
            update(original[key], changed[key])
    elif isinstance(original, ModelMixin):
        library.set_model_state(original, *library.model_state(changed))
    elif isinstance(original, DiffusionPipeline):
        _update_parts(original, changed.components)
    elif isinstance(original, torch.optim.Optimizer):
        original.load_state_dict(changed.state_dict())
    elif isinstance(original, SchedulerMixin):
        state = library.scheduler_state(changed)
        own = vars(original)
        own.update(
            {key: value for key, value in state.items() if library.may_move(own, key, value)}
        )
    elif isinstance(original, torch.Generator):
        original.set_state(changed.get_state())
    elif isinstance(original, probes.CallLog):
        original.calls = changed.calls
    elif isinstance(original, probes.DrawnRows):
        original.reads = changed.reads
    elif isinstance(original, DataLoader) and original.generator is not None:
        original.generator.set_state(changed.generator.get_state())


def _update_parts(pipeline: DiffusionPipeline, parts: dict) -> None:
    """A part that is still of its class takes the other's state; any other is put in its place.

    A scheduler is put there in any case: to swap it for one with another configuration is a task.
    """
    for name, part in parts.items():
        own = getattr(pipeline, name)
        if type(own) is type(part) and not isinstance(part, SchedulerMixin):
            update(own, part)
        else:
            pipeline.register_modules(**{name: part})


@contextlib.contextmanager
def crossing_errors(trouble: str) -> Iterator[None]:
    """Whatever is wrong with a value, or with bytes from the other side, is a CrossingError.

    What lies in the frames of its cause is let go: it may fill all the memory.
    """
    try:
        yield
    except CrossingError:
        raise
    except Exception as error:
        traceback.clear_frames(error.__traceback__)
        raise CrossingError(f"{trouble}: {type(error).__name__}: {error}") from error


def message_of(tree: object, blobs: list[bytes]) -> bytes:
    """A message of a JSON tree and its bulk."""
    header = json.dumps(tree).encode()
    parts = [MAGIC, struct.pack("<QQ", len(header), len(blobs)), header]
    for blob in blobs:
        parts += [struct.pack("<Q", len(blob)), blob]
    return b"".join(parts)


def parts_of(data: bytes) -> tuple[object, list[bytes]]:
    """The JSON tree and the blobs of a message. Raises CrossingError for anything else."""
    with crossing_errors("these bytes cannot be read"):
        return _parts_of(data)


def _parts_of(data: bytes) -> tuple[object, list[bytes]]:
    stream = io.BytesIO(data)
    if stream.read(len(MAGIC)) != MAGIC:
        raise CrossingError("these bytes were not written by `pack`")
    header_length, count = struct.unpack("<QQ", _read(stream, 16))
    tree = json.loads(_read(stream, header_length))
    blobs = [_read(stream, *struct.unpack("<Q", _read(stream, 8))) for _ in range(count)]
    if stream.read(1):
        raise CrossingError("these bytes go on behind their end")
    return tree, blobs


def _read(stream: io.BytesIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise CrossingError("these bytes end too early")
    return data


@dataclass
class _Packer:
    strict: bool
    blobs: list[bytes] = field(default_factory=list)
    models: list[ModelMixin] = field(default_factory=list)
    generators: list[torch.Generator] = field(default_factory=list)

    def tree(self, value: object) -> object:
        if isinstance(value, np.generic):
            value = value.item()
        if type(value) in PLAIN:
            return value
        if type(value) in CONTAINERS.values():
            return self._container(value)
        if isinstance(value, (Reference, Foreign)):
            return {"kind": type(value).__name__.lower(), **vars(value)}
        for kind, (matches, to_tree, _) in KINDS.items():
            if matches(value):
                return {"kind": kind, **to_tree(self, value)}
        if self.strict:
            raise CrossingError(f"a `{type(value).__name__}` cannot cross")
        return {"kind": "foreign", "type_name": type(value).__name__}

    def blob(self, data: bytes) -> int:
        self.blobs.append(data)
        return len(self.blobs) - 1

    def _container(self, value: list | tuple | dict) -> dict:
        kind = type(value).__name__
        if kind == "dict":
            return {"kind": kind, "items": [[self.tree(k), self.tree(v)] for k, v in value.items()]}
        return {"kind": kind, "items": [self.tree(item) for item in value]}


@dataclass
class _Unpacker:
    blobs: list[bytes]
    find: Callable[[int], object] | None
    models: list[ModelMixin] = field(default_factory=list)
    generators: list[torch.Generator] = field(default_factory=list)

    def value(self, tree: object) -> object:
        if not isinstance(tree, dict):
            return tree
        fields = dict(tree)
        kind = fields.pop("kind")
        if kind == "dict":
            return {self.value(k): self.value(v) for k, v in fields["items"]}
        if kind in CONTAINERS:
            return CONTAINERS[kind](self.value(item) for item in fields["items"])
        if kind == "reference":
            return self.find(fields["number"]) if self.find else Reference(**fields)
        if kind == "foreign":
            return Foreign(**fields)
        _, _, from_tree = KINDS[kind]
        return from_tree(self, **fields)


def is_value(thing: object) -> bool:
    """Whether it is of a kind that crosses by value."""
    return any(matches(thing) for matches, _, _ in KINDS.values())


def _is(*types: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, types)


KINDS = {
    "slice": (_is(slice), plain.pack_slice, plain.unpack_slice),
    "tensor": (plain.is_dense, plain.pack_tensor, plain.unpack_tensor),
    "meta": (plain.is_meta, plain.pack_meta, plain.unpack_meta),
    "array": (plain.is_array, plain.pack_array, plain.unpack_array),
    "image": (_is(Image.Image), plain.pack_image, plain.unpack_image),
    "generator": (_is(torch.Generator), plain.pack_generator, plain.unpack_generator),
    "model": (library.is_known(ModelMixin), library.pack_model, library.unpack_model),
    "scheduler": (
        library.is_known(SchedulerMixin),
        library.pack_scheduler,
        library.unpack_scheduler,
    ),
    "optimizer": (
        library.is_known(torch.optim.Optimizer),
        library.pack_optimizer,
        library.unpack_optimizer,
    ),
    "pipeline": (
        library.is_known(DiffusionPipeline),
        pipelines.pack_pipeline,
        pipelines.unpack_pipeline,
    ),
    "text_encoder": (
        pipelines.is_clip("CLIPTextModel"),
        pipelines.pack_text_encoder,
        pipelines.unpack_text_encoder,
    ),
    "tokenizer": (
        pipelines.is_clip("CLIPTokenizer"),
        pipelines.pack_tokenizer,
        pipelines.unpack_tokenizer,
    ),
    "class": (pipelines.is_scheduler_class, pipelines.pack_class, pipelines.unpack_class),
    "dataset": (_is(Dataset), sent.pack_dataset, sent.unpack_dataset),
    "loader": (_is(DataLoader), sent.pack_loader, sent.unpack_loader),
    "rows": (_is(probes.DrawnRows), sent.pack_rows, sent.unpack_rows),
    "log": (_is(probes.CallLog), sent.pack_log, sent.unpack_log),
}
