"""The `exercise` fixture's handle: how a suite reaches a learner's functions.

    noisy, noise = exercise.corrupt(scheduler, images, timesteps, generator=generator)

Arguments and results cross as bytes (`kata.crossing`), so the learner's code works on copies. What
a function may change (models, optimizers, generators) comes back into the suite's own objects; of
the other arguments `exercise.last` holds both what was sent and what became of it.
"""

import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kata.crossing import CrossingError, Reference, pack, unpack, update
from kata.describe import describe
from kata.evidence import Attempt
from kata.manifest import Kata
from kata.verdict import NotStarted, Wrong
from kata.worker import MissingName, Worker

EXITS = (pytest.exit.Exception, unittest.SkipTest)
ANSWER = {
    "names": list,
    "after": list,
    "result": object,
    "line": list | None,
    "on_graph": bool,
    "drew": bool,
    "grad_off": bool,
}


@dataclass(frozen=True)
class Call:
    """One call of the learner's code, for the judgement and for the message.

    on_graph  whether its result is on autograd's graph
    drew      whether it moved torch's global random state
    grad_off  whether it left autograd switched off for whoever called
    """

    text: str
    names: list[str]
    before: list
    after: list
    result: object
    on_graph: bool
    drew: bool = False
    grad_off: bool = False


class Exercise:
    """Calls the learner's functions of one kata by name and remembers every call.

    worker    answers what is asked of the learner's code, here or in a process of its own
    folder    the test's own temporary folder, where it has one
    seed      of the global random states during the learner's calls; each call gets another one
    calls     every `Call` so far; `last` is the latest
    attempts  the same as bytes, with the one that raised, for whoever replays them
    """

    def __init__(
        self,
        kata: Kata,
        worker: Worker,
        seed: int,
        folder: Path | None = None,
    ):
        self.kata = kata
        self.seed = seed
        self.folder = folder
        self.calls: list[Call] = []
        self.attempts: list[Attempt] = []
        self.pending: str | None = None  # the call that is under way, or that raised
        self.line: list | None = None
        self._worker = worker
        self._begins_anew = False
        self._count = 0

    @property
    def last(self) -> Call:
        return self.calls[-1]

    def __getattr__(self, name: str) -> Callable:
        if name not in self.kata.functions:
            raise AttributeError(f"kata {self.kata.id} has no function `{name}` in katas.toml")
        return lambda *arguments, **keywords: self.call(name, arguments, keywords)

    def begin_anew(self) -> None:
        """From here on the learner's code runs as in a new process: what lies in files is left.

        No `Thing` from before can be used afterwards.
        """
        self._worker.begin_anew()
        self._begins_anew = True

    def call(
        self,
        target,
        arguments=(),
        keywords=None,
        *,
        method="call",
        backward=False,
        seed=None,
        cuda_on_meta=False,
    ):
        """Call a function by name, or do with a `Thing` what `method` says; return its value.

        seed          of the global random states in this call, where two calls shall share it
        backward      then call `backward()` on the result, where it is one number on the graph:
                      the gradients come back with the models
        cuda_on_meta  let the call believe in a GPU, also where there is none (`kata.pretend`)
        """
        keywords = keywords or {}
        sent = [*arguments, *keywords.values()]
        self._count += 1
        request = {
            "target": _reference(target),
            "method": method,
            "arguments": [_reference(argument) for argument in arguments],
            "keywords": {key: _reference(value) for key, value in keywords.items()},
            "seed": self.seed + 7919 * self._count if seed is None else seed,
            "backward": backward,
            "cuda_on_meta": cuda_on_meta,
        }
        data = pack(request)
        self.pending = _text(target, method, arguments, keywords)
        try:
            answer = _checked(unpack(self._answer(target, data)), len(sent))
            for original, changed in zip(sent, answer["after"], strict=True):
                update(original, changed)
        except CrossingError as error:
            raise Wrong(
                seen=f"what came back cannot be read: {error}",
                expected="numbers, texts, containers, tensors, pictures or Diffusers objects",
            ) from error
        result = self._things(answer["result"])
        self.line = answer["line"] or self.line
        facts = {name: answer[name] for name in ANSWER if name not in ("line", "result")}
        call = Call(text=self.pending, before=sent, result=result, **facts)
        self.calls.append(call)
        self.pending = None
        return result

    def _answer(self, target: object, request: bytes) -> bytes:
        """Let the worker answer, and note what it was given and what became of it."""
        attempt = Attempt(target if isinstance(target, str) else "", request, self._begins_anew)
        self._begins_anew = False
        self.attempts.append(attempt)
        try:
            with attempt.watched(self.folder):
                attempt.answer = self._worker.answer(request)
            return attempt.answer
        except NotImplementedError as error:
            if str(error).startswith("TODO"):
                raise NotStarted(str(error).removeprefix("TODO: ")) from None
            raise
        except MissingName as missing:
            raise Wrong(
                seen=f"no function `{missing}` in the file",
                expected=f"a function called `{missing}`, with the arguments that its stub had",
                hint="A name that was changed or deleted: the suite looks for the exact name.",
            ) from None
        except BaseException as error:
            if leaves_early(error):
                raise Wrong(
                    seen=f"your code left the test by `{type(error).__name__}`",
                    expected="a value; only the suite decides what passes",
                ) from error
            raise

    def _things(self, value: object) -> object:
        """Put a `Thing` in the place of each reference to an object that stayed."""
        if isinstance(value, Reference):
            return Thing(self, value)
        if type(value) in (list, tuple):
            return type(value)(self._things(item) for item in value)
        if type(value) is dict:
            return {key: self._things(item) for key, item in value.items()}
        return value


class Thing:
    """A callable, a data set or a loader of the learner's, which stays where it lives."""

    def __init__(self, exercise: Exercise, reference: Reference):
        self._exercise = exercise
        self.reference = reference
        self.type_name = reference.type_name

    def __call__(self, *arguments, **keywords):
        return self._exercise.call(self, arguments, keywords)

    def attribute(self, name: str):
        return self._exercise.call(self, [name], method="attribute")

    def restore(self, name: str, state) -> None:
        """Set the state of the generator that lies under this attribute.

        Torch's global generator does not keep it: it starts from another seed in each call.
        """
        self._exercise.call(self, [name, state], method="restore")

    def __len__(self) -> int:
        return self._exercise.call(self, method="length")

    def __getitem__(self, key):
        return self._exercise.call(self, [key], method="item")

    def __iter__(self) -> Iterator:
        iterator = self._exercise.call(self, method="iterate")
        while step := self._exercise.call(iterator, method="next"):
            yield step[0]


def _checked(answer: object, count: int) -> dict:
    """What a worker said of a call with so many arguments: from elsewhere, it may be anything."""
    if not isinstance(answer, dict) or answer.keys() != ANSWER.keys():
        raise CrossingError("no answer to a call")
    fitting = [isinstance(answer[name], kind) for name, kind in ANSWER.items()]
    if not all(fitting) or len(answer["after"]) != count:
        raise CrossingError("an answer of another shape")
    line, names = answer["line"], answer["names"]
    if line is not None and list(map(type, line)) != [str, int]:
        raise CrossingError("a line that is none")
    if len(names) != count or not all(type(name) is str and len(name) < 200 for name in names):
        raise CrossingError("names of arguments that are none")
    return answer


def _reference(value: object) -> object:
    return value.reference if isinstance(value, Thing) else value


def leaves_early(error: BaseException) -> bool:
    """SystemExit, and what pytest takes for a skip, an expected failure or the end of the run."""
    if isinstance(error, KeyboardInterrupt) or type(error) is pytest.fail.Exception:
        return False  # the user's, and the timeout's
    return isinstance(error, EXITS) or not isinstance(error, Exception)


def _text(target: object, method: str, arguments, keywords: dict) -> str:
    """The call as a line to read: `corrupt(DDPMScheduler, float32 tensor (4, 3, 8, 8), ...)`."""
    parts = [describe(argument) for argument in arguments]
    parts += [f"{key}={describe(value)}" for key, value in keywords.items()]
    inside = ", ".join(parts)
    if isinstance(target, str):
        return f"{target}({inside})"
    name = f"the {target.type_name}"
    shapes = {
        "call": f"{name}({inside})",
        "attribute": f"getattr({name}, {inside})",
        "restore": f"restore({name}, {inside})",
        "item": f"{name}[{inside}]",
        "length": f"len({name})",
        "iterate": f"iter({name})",
        "next": "next(the iterator)",
    }
    return shapes[method]
