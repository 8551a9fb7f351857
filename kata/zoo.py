"""The zoo of a kata: wrong answers that its suite must reject, right ones that it must accept.

`tests/02_training/zoo_add_noise.py` holds functions, each standing in for one function of the
solution; the rest of the solution stays as it is.

    @mistake("corrupt", rejected_by="test_the_noise_is_standard_normal", says="uniform")
    def uniform_noise(scheduler, clean_images, timesteps, generator=None):
        \"\"\"`rand_like` draws from [0, 1); diffusion adds standard normal noise.\"\"\"

    @variant("corrupt")
    def mixed_by_hand(scheduler, clean_images, timesteps, generator=None):
        \"\"\"The formula written out instead of the scheduler's method.\"\"\"
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

ENTRY = "__zoo_entry__"


@dataclass(frozen=True)
class Entry:
    """One wrong or right answer.

    replaces     the name of the solution's function that it stands in for
    rejected_by  for a mistake: the test that must fail (`test_x`, or `test_x[case]`)
    says         for a mistake: words that the learner must read in the failure
    """

    function: Callable
    replaces: str
    rejected_by: str = ""
    says: str = ""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def is_mistake(self) -> bool:
        return bool(self.rejected_by)

    def takes(self, test_name: str) -> bool:
        """Whether this entry is tried on the test: a variant on all, a mistake on its own."""
        return not self.is_mistake or self.rejected_by in (test_name, test_name.partition("[")[0])


class ZooError(AssertionError):
    """A suite that accepts a mistake, or rejects it in other words than it should."""


def mistake(replaces: str, *, rejected_by: str, says: str) -> Callable[[Callable], Callable]:
    """Mark a plausible wrong answer; its docstring is the misconception in a sentence."""
    if not (rejected_by and says):
        raise ZooError(f"a mistake in `{replaces}` names no test, or no words to read there")
    return _mark(lambda function: Entry(function, replaces, rejected_by, says))


def variant(replaces: str) -> Callable[[Callable], Callable]:
    """Mark a right answer that is written otherwise; its docstring says in which way."""
    return _mark(lambda function: Entry(function, replaces))


def entries(module: ModuleType) -> list[Entry]:
    """The entries of a zoo in the order in which they stand there."""
    return [getattr(value, ENTRY) for value in vars(module).values() if hasattr(value, ENTRY)]


def verify_rejection(entry: Entry, failure: str | None) -> None:
    """Raise ZooError unless the suite's `failure` (None: it passed) is what the mistake names."""
    if failure is None:
        raise ZooError(
            f"The suite accepts the mistake `{entry.name}`: {entry.rejected_by} passed.\n"
            f"Make the test reject it: {entry.function.__doc__}"
        )
    if _folded(entry.says) not in _folded(failure):
        raise ZooError(
            f"The mistake `{entry.name}` is rejected, but the learner does not read "
            f"{entry.says!r}.\nThey read:\n{failure}"
        )


def _mark(make: Callable[[Callable], Entry]) -> Callable[[Callable], Callable]:
    def decorate(function: Callable) -> Callable:
        setattr(function, ENTRY, make(function))
        return function

    return decorate


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
