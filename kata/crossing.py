"""What crosses between a suite and the learner's code: values, as bytes, never as a pickle.

A suite judges the same bytes whether the learner's code runs in this process or in another one.
Every kind of value has a pair of functions: `_pack_kind` turns it into a JSON tree whose bulk
(tensors, pixels, weights) lies in blobs, `_unpack_kind` builds it anew as an exact type.

An object that stays where it lives (a callable, a data set, a loader of the learner's) crosses as a
`Reference` to it; of anything else that a learner returns only the name of its type crosses, as a
`Foreign`.
"""

import contextlib
import io
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import diffusers
import numpy as np
import pyarrow as pa
import safetensors.torch
import torch
from datasets import Dataset
from diffusers import ModelMixin, SchedulerMixin
from PIL import Image
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, default_collate

from kata import probes

MAGIC = b"KATA"
PLAIN = (type(None), bool, int, float, str)
CONTAINERS = {"list": list, "tuple": tuple, "dict": dict}
HOMES = (probes, diffusers, torch.optim)
DEFAULTS = "_use_default_values"  # where a configuration notes which settings were not given


class CrossingError(Exception):
    """A value that cannot cross, or bytes that hold none; the message says why."""


@dataclass(frozen=True)
class Reference:
    """An object of the learner's that stays where it lives. `number` finds it there."""

    number: int
    type_name: str


@dataclass(frozen=True)
class Foreign:
    """An object of a type that does not cross, known by the name of its type alone."""

    type_name: str


def pack(value: object, strict: bool = True) -> bytes:
    """Return `value` as bytes.

    strict  raise CrossingError for a type that does not cross; else send a `Foreign` in its place
    """
    packer = _Packer(strict)
    with _crossing_errors("this value cannot cross"):
        header = json.dumps(packer.tree(value)).encode()
    parts = [MAGIC, struct.pack("<QQ", len(header), len(packer.blobs)), header]
    for blob in packer.blobs:
        parts += [struct.pack("<Q", len(blob)), blob]
    return b"".join(parts)


def unpack(data: bytes, find: Callable[[int], object] | None = None) -> object:
    """Return the value that `pack` made `data` from, leaving the random state as it was.

    find  on the learner's side: gives back the object that was kept under a number
    Raises CrossingError for bytes that `pack` did not write, and runs no code that they name.
    """
    with _crossing_errors("these bytes cannot be read"), torch.random.fork_rng(devices=[]):
        tree, blobs = _parts(data)
        return _Unpacker(blobs, find).value(tree)


def update(original: object, changed: object) -> None:
    """Give `original` the state of `changed`, its copy that a function may have worked on.

    Models, optimizers, schedulers and generators are what a function may change, also inside
    containers; everything else is left as it is, for a suite to compare with what came back.
    """
    if type(changed) is not type(original):
        return
    with _crossing_errors(f"the {type(original).__name__} came back in a state that does not fit"):
        _update(original, changed)


def _update(original: object, changed: object) -> None:
    if isinstance(original, (list, tuple)):
        for one, other in zip(original, changed, strict=False):
            update(one, other)
    elif isinstance(original, dict):
        for key in original.keys() & changed.keys():
            update(original[key], changed[key])
    elif isinstance(original, ModelMixin):
        _set_model_state(original, *_model_state(changed))
    elif isinstance(original, torch.optim.Optimizer):
        original.load_state_dict(changed.state_dict())
    elif isinstance(original, SchedulerMixin):
        vars(original).update(_scheduler_state(changed))
    elif isinstance(original, torch.Generator):
        original.set_state(changed.get_state())
    elif isinstance(original, probes.CallLog):
        original.calls = changed.calls
    elif isinstance(original, probes.DrawnRows):
        original.reads = changed.reads
    elif isinstance(original, DataLoader) and original.generator is not None:
        original.generator.set_state(changed.generator.get_state())


@contextlib.contextmanager
def _crossing_errors(trouble: str) -> Iterator[None]:
    """Whatever is wrong with a value, or with bytes from the other side, is a CrossingError."""
    try:
        yield
    except CrossingError:
        raise
    except Exception as error:
        raise CrossingError(f"{trouble}: {type(error).__name__}: {error}") from error


def _parts(data: bytes) -> tuple[object, list[bytes]]:
    """The JSON tree and the blobs of a message."""
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


# Tensors, arrays, pictures, generators


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers one behind the other, in memory that no other tensor shares."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _pack_tensor(packer: _Packer, tensor: torch.Tensor) -> dict:
    plain = _copy(tensor.cpu().resolve_conj().resolve_neg())
    return {
        "dtype": str(plain.dtype).removeprefix("torch."),
        "shape": list(plain.shape),
        "device": str(tensor.device),
        "blob": packer.blob(plain.reshape(-1).view(torch.uint8).numpy().tobytes()),
    }


def _unpack_tensor(unpacker: _Unpacker, dtype: str, shape: list, device: str, blob: int):
    data = bytearray(unpacker.blobs[blob])
    dtype = getattr(torch, dtype)
    flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    return flat.reshape(shape).to(device)


def _pack_meta(packer: _Packer, tensor: torch.Tensor) -> dict:
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}


def _unpack_meta(unpacker: _Unpacker, dtype: str, shape: list) -> torch.Tensor:
    return torch.empty(shape, dtype=getattr(torch, dtype), device="meta")


def _pack_array(packer: _Packer, array: np.ndarray) -> dict:
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "blob": packer.blob(array.tobytes()),
    }


def _unpack_array(unpacker: _Unpacker, dtype: str, shape: list, blob: int) -> np.ndarray:
    return np.frombuffer(unpacker.blobs[blob], dtype).reshape(shape).copy()


def _pack_image(packer: _Packer, image: Image.Image) -> dict:
    blob = packer.blob(image.tobytes())
    palette = image.palette and [image.getpalette(image.palette.mode), image.palette.mode]
    clear = image.info.get("transparency")  # a colour, or the opacity of each colour as bytes
    return {
        "mode": image.mode,
        "size": list(image.size),
        "blob": blob,
        "palette": palette,
        "transparency": packer.tree(list(clear) if isinstance(clear, bytes) else clear),
    }


def _unpack_image(unpacker: _Unpacker, mode: str, size: list, blob: int, palette, transparency):
    image = Image.frombytes(mode, tuple(size), unpacker.blobs[blob])
    if palette is not None:
        image.putpalette(*palette)
    if transparency is not None:
        clear = unpacker.value(transparency)
        image.info["transparency"] = bytes(clear) if type(clear) is list else clear
    return image


def _pack_generator(packer: _Packer, generator: torch.Generator) -> dict:
    return {"device": str(generator.device), "state": packer.tree(generator.get_state())}


def _unpack_generator(unpacker: _Unpacker, device: str, state: dict) -> torch.Generator:
    return torch.Generator(device).set_state(unpacker.value(state))


def _pack_slice(packer: _Packer, key: slice) -> dict:
    return {"parts": packer.tree([key.start, key.stop, key.step])}


def _unpack_slice(unpacker: _Unpacker, parts: dict) -> slice:
    return slice(*unpacker.value(parts))


# Diffusers objects: class name, configuration, state


def _find_class(name: str, base: type) -> type | None:
    """The class of Diffusers, torch.optim or the probes called `name` that derives from `base`."""
    found = next((getattr(home, name) for home in HOMES if hasattr(home, name)), None)
    return found if isinstance(found, type) and issubclass(found, base) else None


def _class(name: str, base: type) -> type:
    found = _find_class(name, base)
    if found is None:
        raise CrossingError(f"`{name}` is no {base.__name__} that is known here")
    return found


def _config(thing: ModelMixin | SchedulerMixin) -> dict:
    return {k: v for k, v in thing.config.items() if not k.startswith("_") or k == DEFAULTS}


def _build(name: str, base: type, config: dict) -> ModelMixin | SchedulerMixin:
    """Build it anew. What it left to its class stays so: another class then takes its own."""
    built = _class(name, base).from_config({k: v for k, v in config.items() if k != DEFAULTS})
    built.register_to_config(**{DEFAULTS: config.get(DEFAULTS, [])})
    return built


def _model_state(model: ModelMixin) -> tuple[dict, dict, dict]:
    """Weights, gradients, and what `to()`, `train()`, `requires_grad_()` and a probe keep."""
    weights = {name: _copy(tensor) for name, tensor in model.state_dict().items()}
    parameters = dict(model.named_parameters())
    gradients = {name: _copy(p.grad) for name, p in parameters.items() if p.grad is not None}
    flags = {
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
        "training": model.training,
        "frozen": [name for name, p in parameters.items() if not p.requires_grad],
        "calls": getattr(model, "calls", None),
    }
    return weights, gradients, flags


def _set_model_state(model: ModelMixin, weights: dict, gradients: dict, flags: dict) -> None:
    # The `to` of torch: that of Diffusers warns whenever a dtype is named.
    torch.nn.Module.to(model, flags["device"], getattr(torch, flags["dtype"]))
    model.load_state_dict(weights)
    model.train(flags["training"])
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in flags["frozen"])
        parameter.grad = gradients[name].to(flags["device"]) if name in gradients else None
    if flags["calls"] is not None:
        model.calls = flags["calls"]


def _pack_model(packer: _Packer, model: ModelMixin) -> dict:
    packer.models.append(model)
    weights, gradients, flags = _model_state(model)
    return {
        "name": type(model).__name__,
        "config": packer.tree(_config(model)),
        "weights": packer.blob(safetensors.torch.save(weights)),
        "gradients": packer.blob(safetensors.torch.save(gradients)),
        "flags": packer.tree(flags),
    }


def _unpack_model(unpacker: _Unpacker, name, config, weights, gradients, flags) -> ModelMixin:
    model = _build(name, ModelMixin, unpacker.value(config))
    weights, gradients = (
        safetensors.torch.load(unpacker.blobs[blob]) for blob in (weights, gradients)
    )
    _set_model_state(model, weights, gradients, unpacker.value(flags))
    unpacker.models.append(model)
    return model


def _scheduler_state(scheduler: SchedulerMixin) -> dict:
    """Everything that a scheduler holds beside its configuration: betas, timesteps, history."""
    values = (*PLAIN, *CONTAINERS.values(), torch.Tensor, np.ndarray)
    state = {key: value for key, value in vars(scheduler).items() if type(value) in values}
    return {key: value for key, value in state.items() if key != "_internal_dict"}


def _pack_scheduler(packer: _Packer, scheduler: SchedulerMixin) -> dict:
    return {
        "name": type(scheduler).__name__,
        "config": packer.tree(_config(scheduler)),
        "state": packer.tree(_scheduler_state(scheduler)),
    }


def _unpack_scheduler(unpacker: _Unpacker, name: str, config: dict, state: dict) -> SchedulerMixin:
    scheduler = _build(name, SchedulerMixin, unpacker.value(config))
    vars(scheduler).update(unpacker.value(state))
    return scheduler


# What only a suite sends: optimizers, data sets, loaders, callbacks


def _pack_optimizer(packer: _Packer, optimizer: torch.optim.Optimizer) -> dict:
    """An optimizer holds parameters of models that cross in the same message, before it."""
    places = {
        id(parameter): [index, name]
        for index, model in enumerate(packer.models)
        for name, parameter in model.named_parameters()
    }
    groups = [[places.get(id(p)) for p in group["params"]] for group in optimizer.param_groups]
    if any(None in group for group in groups):
        raise CrossingError("an optimizer crosses behind the models whose parameters it holds")
    return {
        "name": type(optimizer).__name__,
        "groups": groups,
        "defaults": packer.tree(optimizer.defaults),
        "state": packer.tree(optimizer.state_dict()),
    }


def _unpack_optimizer(unpacker: _Unpacker, name: str, groups: list, defaults: dict, state: dict):
    parameters = [dict(model.named_parameters()) for model in unpacker.models]
    groups = [{"params": [parameters[index][key] for index, key in group]} for group in groups]
    optimizer = _class(name, torch.optim.Optimizer)(groups, lr=1.0)
    optimizer.defaults = unpacker.value(defaults)
    optimizer.load_state_dict(unpacker.value(state))
    return optimizer


def _pack_dataset(packer: _Packer, dataset: Dataset) -> dict:
    if packer.strict and dataset.format["type"] is not None:
        raise CrossingError("a data set crosses without a format or a transform of its own")
    table = dataset.with_format("arrow")[:]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return {"blob": packer.blob(sink.getvalue().to_pybytes())}


def _unpack_dataset(unpacker: _Unpacker, blob: int) -> Dataset:
    return Dataset(pa.ipc.open_stream(unpacker.blobs[blob]).read_all())


def _pack_loader(packer: _Packer, loader: DataLoader) -> dict:
    if packer.strict and not _is_plain(loader):
        raise CrossingError("a loader crosses without a sampler or a `collate_fn` of its own")
    return {
        "examples": packer.tree([loader.dataset[index] for index in range(len(loader.dataset))]),
        "batch_size": loader.batch_size,
        "shuffle": isinstance(loader.sampler, RandomSampler),
        "drop_last": loader.drop_last,
        "generator": packer.tree(loader.generator),
    }


def _unpack_loader(unpacker: _Unpacker, examples, batch_size, shuffle, drop_last, generator):
    return DataLoader(
        unpacker.value(examples),
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        generator=unpacker.value(generator),
    )


def _is_plain(loader: DataLoader) -> bool:
    return (
        type(loader.sampler) in (RandomSampler, SequentialSampler)
        and loader.collate_fn is default_collate
        and loader.batch_size is not None
    )


def _pack_log(packer: _Packer, log: probes.CallLog) -> dict:
    watched = None if log.watched is None else packer.models.index(log.watched)
    return {"calls": packer.tree(log.calls), "limit": log.limit, "watched": watched}


def _unpack_log(unpacker: _Unpacker, calls: dict, limit, watched) -> probes.CallLog:
    model = None if watched is None else unpacker.models[watched]
    return probes.CallLog(unpacker.value(calls), limit, model)


def _pack_rows(packer: _Packer, rows: probes.DrawnRows) -> dict:
    return {"count": rows.count, "reads": rows.reads}


def _unpack_rows(unpacker: _Unpacker, count: int, reads: int) -> probes.DrawnRows:
    return probes.DrawnRows(count, reads)


def _is(*types: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, types)


def _is_known(base: type) -> Callable[[object], bool]:
    """A class of the learner's own derives from a known one, but cannot be built anew by name."""
    return lambda value: (
        isinstance(value, base) and _find_class(type(value).__name__, base) is type(value)
    )


def _is_dense(value: object) -> bool:
    """A tensor whose numbers lie in memory one by one: not sparse, quantized, nested or on meta."""
    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and not (value.is_quantized or value.is_nested or value.is_meta)
    )


def _is_meta(value: object) -> bool:
    """A tensor on the device without memory: shape and dtype, and no numbers."""
    return isinstance(value, torch.Tensor) and value.is_meta and value.layout is torch.strided


def _is_array(value: object) -> bool:
    """An array of numbers, texts or dates: not of objects, which are addresses, nor of records."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biufcSUmM"


KINDS = {
    "slice": (_is(slice), _pack_slice, _unpack_slice),
    "tensor": (_is_dense, _pack_tensor, _unpack_tensor),
    "meta": (_is_meta, _pack_meta, _unpack_meta),
    "array": (_is_array, _pack_array, _unpack_array),
    "image": (_is(Image.Image), _pack_image, _unpack_image),
    "generator": (_is(torch.Generator), _pack_generator, _unpack_generator),
    "model": (_is_known(ModelMixin), _pack_model, _unpack_model),
    "scheduler": (_is_known(SchedulerMixin), _pack_scheduler, _unpack_scheduler),
    "optimizer": (_is_known(torch.optim.Optimizer), _pack_optimizer, _unpack_optimizer),
    "dataset": (_is(Dataset), _pack_dataset, _unpack_dataset),
    "loader": (_is(DataLoader), _pack_loader, _unpack_loader),
    "rows": (_is(probes.DrawnRows), _pack_rows, _unpack_rows),
    "log": (_is(probes.CallLog), _pack_log, _unpack_log),
}
