"""Diffusers models and schedulers, and optimizers: class name, configuration and state."""

import functools
import inspect
from collections.abc import Callable

import diffusers
import numpy as np
import safetensors.torch
import torch
from diffusers import DiffusionPipeline, ModelMixin, SchedulerMixin

from kata import probes
from kata.crossing.base import CONTAINERS, PLAIN, CrossingError
from kata.crossing.plain import copy, dtype_called

HOMES = (probes, diffusers, torch.optim)
# Of models and pipelines, those alone that katas are about: to build any other runs a lot of code.
KNOWN = {
    "AutoencoderKL",
    "DDIMPipeline",
    "DDPMPipeline",
    "DiffusionPipeline",
    "FusedUNet",
    "GaussianUNet",
    "RecordingUNet",
    "StableDiffusionImg2ImgPipeline",
    "StableDiffusionPipeline",
    "UNet2DConditionModel",
    "UNet2DModel",
}
# What a scheduler is from the start: a suite reckons with its own, whatever was made of a copy.
TABLES = {"alphas", "alphas_cumprod", "betas", "final_alpha_cumprod", "one"}
DEFAULTS = "_use_default_values"  # where a configuration notes which settings were not given


def find_class(name: str, base: type) -> type | None:
    """The class of Diffusers, torch.optim or the probes called `name` that derives from `base`."""
    found = next((getattr(home, name) for home in HOMES if hasattr(home, name)), None)
    fits = isinstance(found, type) and issubclass(found, base)
    is_large = fits and issubclass(found, (ModelMixin, DiffusionPipeline))
    return found if fits and (name in KNOWN or not is_large) else None


def class_of(name: str, base: type) -> type:
    found = find_class(name, base)
    if found is None:
        raise CrossingError(f"`{name}` is no {base.__name__} that is known here")
    return found


def settings_of(thing: ModelMixin | SchedulerMixin) -> dict:
    return {k: v for k, v in thing.config.items() if not k.startswith("_") or k == DEFAULTS}


def build(name: str, base: type, config: dict) -> ModelMixin | SchedulerMixin:
    """Build it anew. What it left to its class stays so: another class then takes its own.

    It does what `from_config` does, which looks up the options of all related classes each time.
    """
    kind = class_of(name, base)
    built = kind(**{key: value for key, value in config.items() if key in _options(kind)})
    others = {key: value for key, value in config.items() if key not in _options(kind)}
    built.register_to_config(**{DEFAULTS: [], **others})
    return built


@functools.cache
def _options(kind: type) -> set[str]:
    return set(inspect.signature(kind).parameters)


def model_state(model: ModelMixin) -> tuple[dict, dict, dict]:
    """Weights, gradients, and what `to()`, `train()`, `requires_grad_()` and a probe keep.

    On the device meta weights have no numbers, and stay out.
    """
    state = model.state_dict()
    weights = {name: copy(tensor) for name, tensor in state.items() if not tensor.is_meta}
    parameters = dict(model.named_parameters())
    gradients = {name: copy(p.grad) for name, p in parameters.items() if p.grad is not None}
    flags = {
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
        "training": model.training,
        "frozen": [name for name, p in parameters.items() if not p.requires_grad],
        "calls": getattr(model, "calls", None),
    }
    return weights, gradients, flags


def set_model_state(model: ModelMixin, weights: dict, gradients: dict, flags: dict) -> None:
    device, dtype = torch.device(flags["device"]), dtype_called(flags["dtype"])
    parameters = dict(model.named_parameters())
    if any((p.device, p.dtype) != (device, dtype) for p in parameters.values()):
        # The `to` of torch: that of Diffusers warns whenever a dtype is named.
        torch.nn.Module.to(model, device, dtype)
    _fill(model, weights)
    model.train(flags["training"])
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in flags["frozen"])
        parameter.grad = gradients[name].to(flags["device"]) if name in gradients else None
    if flags["calls"] is not None:
        model.calls = flags["calls"]


def _fill(model: torch.nn.Module, weights: dict) -> None:
    """`load_state_dict` in half the time: no module of a known class has a way of its own."""
    places = {name: place for name, place in model.state_dict().items() if not place.is_meta}
    wanted, given = ({k: v.shape for k, v in side.items()} for side in (places, weights))
    if wanted != given:
        model.load_state_dict(weights)  # its error says what does not fit
    with torch.no_grad():
        for name, place in places.items():
            place.copy_(weights[name])


def pack_state(packer, model: torch.nn.Module) -> dict:
    """What `set_model_state` wants, as blobs; an optimizer behind the model can refer to it."""
    packer.models.append(model)
    weights, gradients, flags = model_state(model)
    return {
        "weights": packer.blob(safetensors.torch.save(weights)),
        "gradients": packer.blob(safetensors.torch.save(gradients)),
        "flags": packer.tree(flags),
    }


def with_state(unpacker, model: torch.nn.Module, weights: int, gradients: int, flags: dict):
    """The model in the state that `pack_state` has packed."""
    blobs = (safetensors.torch.load(unpacker.blobs[blob]) for blob in (weights, gradients))
    set_model_state(model, *blobs, unpacker.value(flags))
    unpacker.models.append(model)
    return model


def pack_model(packer, model: ModelMixin) -> dict:
    config = packer.tree(settings_of(model))
    return {"name": type(model).__name__, "config": config, **pack_state(packer, model)}


def unpack_model(unpacker, name, config, **state) -> ModelMixin:
    return with_state(unpacker, build(name, ModelMixin, unpacker.value(config)), **state)


def scheduler_state(scheduler: SchedulerMixin) -> dict:
    """Everything that a scheduler holds beside its configuration: betas, timesteps, history."""
    values = (*PLAIN, *CONTAINERS.values(), torch.Tensor, np.ndarray)
    state = {key: value for key, value in vars(scheduler).items() if type(value) in values}
    return {key: value for key, value in state.items() if key != "_internal_dict"}


def may_move(own: dict, key: str, value: object) -> bool:
    """Whether a call may change this of a scheduler: no table, and nothing to another kind."""
    known = own.get(key)
    numbers = (int, float, torch.Tensor)
    alike = type(value) is type(known) or (
        isinstance(value, numbers) and isinstance(known, numbers)
    )
    return key not in TABLES and (alike or known is None or value is None)


def pack_scheduler(packer, scheduler: SchedulerMixin) -> dict:
    return {
        "name": type(scheduler).__name__,
        "config": packer.tree(settings_of(scheduler)),
        "state": packer.tree(scheduler_state(scheduler)),
    }


def unpack_scheduler(unpacker, name: str, config: dict, state: dict) -> SchedulerMixin:
    scheduler = build(name, SchedulerMixin, unpacker.value(config))
    vars(scheduler).update(unpacker.value(state))
    return scheduler


def pack_optimizer(packer, optimizer: torch.optim.Optimizer) -> dict:
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


def unpack_optimizer(unpacker, name: str, groups: list, defaults: dict, state: dict):
    parameters = [dict(model.named_parameters()) for model in unpacker.models]
    groups = [{"params": [parameters[index][key] for index, key in group]} for group in groups]
    optimizer = class_of(name, torch.optim.Optimizer)(groups, lr=1.0)
    optimizer.defaults = unpacker.value(defaults)
    optimizer.load_state_dict(unpacker.value(state))
    return optimizer


def is_known(base: type) -> Callable[[object], bool]:
    """A class of the learner's own derives from a known one, but cannot be built anew by name."""
    return lambda value: (
        isinstance(value, base) and find_class(type(value).__name__, base) is type(value)
    )
