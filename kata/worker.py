"""The learner's side of the boundary: load one file, call its functions, answer in bytes.

A `Worker` sees requests and gives answers, both made by `kata.crossing.pack`. Where it runs, in the
process of the suite or in one of its own, is not its concern.
"""

import contextlib
import importlib.util
import inspect
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import torch.utils.data
from datasets import Column, Dataset

from kata.crossing import CrossingError, Reference, is_value, pack, unpack
from kata.pretend import cuda_on_meta
from kata.probes import CallLog

STAY_HOME = (
    Dataset,
    Column,
    torch.utils.data.Dataset,
    torch.utils.data.DataLoader,
    Iterator,
    CallLog,
)


class MissingName(Exception):
    """The learner's file has no function of the name that the kata asks for."""


def load_file(path: Path) -> ModuleType:
    """Run a kata's file anew as a module of its own. Whatever it raises is raised."""
    name = f"{path.parent.parent.name}.{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Worker:
    """Calls the functions of one module and keeps the objects that must not cross."""

    def __init__(self, load: Callable[[], ModuleType]):
        self._load = load
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was kept; the file is run again when it is asked for the next time."""
        self._module = None
        self._kept = []

    def answer(self, request: bytes) -> bytes:
        """Carry out one request; whatever the learner's code raises is raised.

        request  a dict: `target` (a function's name or a Reference), `method`, `arguments`,
                 `keywords`, `seed` for the global random state, `backward`, and `cuda_on_meta`
                 where the call shall believe in a GPU
        return   a dict: the arguments as they are `after` the call, the `result`, the arguments'
                 `names`, `on_graph` (whether the result is on autograd's graph), `drew` (whether
                 torch's global random state was moved), `grad_off` (whether autograd was left off),
                 and `line`
        Raises CrossingError where no bytes can be made of what the learner returned.
        """
        call = unpack(request, self._find)
        positional, keywords = call["arguments"], call["keywords"]
        function = self._target(call["target"], call["method"])
        stage = cuda_on_meta() if call.get("cuda_on_meta") else contextlib.nullcontext()
        with seeded(call["seed"]), stage:
            state = torch.get_rng_state()
            result, on_graph = run_answer(function, positional, keywords, call["backward"])
            drew = not torch.equal(state, torch.get_rng_state())
            grad_off = not torch.is_grad_enabled()
        names = _names(function, positional, keywords)
        line = _line(function) if isinstance(call["target"], str) else None
        try:
            after = self._stay_home([*positional, *keywords.values()], known_only=True)
            result = self._stay_home(result)
        except RecursionError:
            raise CrossingError("a container that holds itself cannot cross") from None
        answer = {"after": after, "result": result, "names": names, "line": line}
        facts = {"on_graph": on_graph, "drew": drew, "grad_off": grad_off}
        return pack({**answer, **facts}, strict=False)

    def _target(self, target: object, method: str) -> Callable:
        if not isinstance(target, str):
            return getattr(self, f"_{method}")(target)
        if self._module is None:
            with seeded(0):  # a seed that the file sets is none of the suite's business
                self._module = self._load()
        function = getattr(self._module, target, None)
        if not callable(function):
            raise MissingName(target)
        return function

    def _find(self, number: int) -> object:
        return self._kept[number]

    def _stay_home(self, value: object, known_only: bool = False) -> object:
        """Put a reference in the place of each object that must stay, also inside containers."""
        if type(value) in (list, tuple):
            return type(value)(self._stay_home(item, known_only) for item in value)
        if type(value) is dict:
            return {key: self._stay_home(item, known_only) for key, item in value.items()}
        for number, kept in enumerate(self._kept):
            if kept is value:
                return _reference(number, value)
        if known_only or not _must_stay(value):
            return value
        self._kept.append(value)
        return _reference(len(self._kept) - 1, value)

    # What a suite can do with an object that stayed

    @staticmethod
    def _call(target):
        return target

    @staticmethod
    def _attribute(target):
        return lambda name: getattr(target, name)

    @staticmethod
    def _restore(target):
        return lambda name, state: getattr(target, name).set_state(state)

    @staticmethod
    def _length(target):
        return lambda: len(target)

    @staticmethod
    def _item(target):
        return lambda key: target[key]

    @staticmethod
    def _iterate(target):
        return lambda: iter(target)

    @staticmethod
    def _next(target):
        """The next item in a list, or an empty list at the end."""
        return lambda: list(itertools.islice(target, 1))


def run_answer(function, positional: list, keywords: dict, backward: bool) -> tuple[object, bool]:
    """Call the learner's code: whatever is raised below this frame is the answer's doing."""
    result = function(*positional, **keywords)
    on_graph = isinstance(result, torch.Tensor) and result.requires_grad
    if backward and on_graph and result.numel() == 1:
        result.backward()
    return result, on_graph


def _reference(number: int, value: object) -> Reference:
    is_callable = callable(value) and not isinstance(value, type)
    return Reference(number, type(value).__name__, is_callable)


def _must_stay(value: object) -> bool:
    """Models and pipelines are callable too, but those that are known cross by value."""
    return isinstance(value, STAY_HOME) or (callable(value) and not is_value(value))


def _names(function: Callable, positional: list, keywords: dict) -> list[str]:
    """The parameter names that the arguments were bound to, for messages."""
    try:
        bound = list(inspect.signature(function).bind(*positional, **keywords).arguments)
    except (TypeError, ValueError):
        bound = []
    if len(bound) == len(positional) + len(keywords):
        return [*bound[: len(positional)], *keywords]
    return [f"argument {n + 1}" for n in range(len(positional))] + list(keywords)


def _line(function: Callable) -> list | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return [code.co_filename, code.co_firstlineno] if code else None


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start every global random state from `seed`, autograd on; put everything back afterwards.

    The default dtype, too: a file that sets it shall not change what its suite computes.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    dtype = torch.get_default_dtype()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    _seed_torch(seed)
    try:
        with torch.enable_grad():
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        torch.set_default_dtype(dtype)


def _seed_torch(seed: int) -> None:
    """`torch.manual_seed`, which takes a millisecond more for devices that are not there."""
    seed_all = torch.accelerator.is_available()
    (torch.manual_seed if seed_all else torch.default_generator.manual_seed)(seed)
