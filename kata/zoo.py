"""The zoo of a kata: wrong answers that its suite must reject, right ones that it must accept.

`tests/02_training/zoo_add_noise.py` holds functions, each standing in for one function of the
solution; the rest of the solution stays as it is.

    @mistake("corrupt", rejected_by="test_the_noise_is_standard_normal", says="uniform")
    def uniform_noise(scheduler, clean_images, timesteps, generator=None):
        \"\"\"`rand_like` draws from [0, 1); diffusion adds standard normal noise.\"\"\"

    @rewrite(uniform_noise)
    def uniform_noise_by_numpy(scheduler, clean_images, timesteps, generator=None):
        \"\"\"The same mistake in other code: the learner must be told of it all the same.\"\"\"

    @variant("corrupt")
    def mixed_by_hand(scheduler, clean_images, timesteps, generator=None):
        \"\"\"The formula written out instead of the scheduler's method.\"\"\"

Every suite meets one mistake that no zoo need name: functions that return None, NOTHING.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

ENTRY = "__zoo_entry__"
ALL = "every test"


@dataclass(frozen=True)
class Entry:
    """One wrong or right answer.

    replaces     the name of the solution's function that it stands in for; "" for all of them
    rejected_by  for a mistake: the test that must fail (`test_x`, or `test_x[case]`), or ALL
    says         for a mistake: words that the learner must read in the failure
    original     for a mistake in other code: the mistake that the diagnosis must name
    """

    function: Callable
    replaces: str
    rejected_by: str = ""
    says: str = ""
    original: "Entry | None" = None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def misconception(self) -> str:
        """The docstring in one line: for a mistake, what the learner is told."""
        return " ".join((self.function.__doc__ or "").split())

    @property
    def is_mistake(self) -> bool:
        return bool(self.rejected_by)

    def takes(self, test_name: str) -> bool:
        """Whether this entry is tried on the test: a variant on all, a mistake on its own."""
        asked = (ALL, test_name, test_name.partition("[")[0])
        return not self.is_mistake or self.rejected_by in asked


def returns_nothing(*args, **kwargs):
    """Whatever is asked for, None comes back."""


NOTHING = Entry(returns_nothing, replaces="", rejected_by=ALL)


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


def rewrite(original: Callable) -> Callable[[Callable], Callable]:
    """Mark a mistake of this zoo in other code, which the diagnosis must recognise."""
    entry = getattr(original, ENTRY)
    return _mark(
        lambda function: Entry(function, entry.replaces, entry.rejected_by, entry.says, entry)
    )


def entries(module: ModuleType) -> list[Entry]:
    """The entries of a zoo in the order in which they stand there."""
    return [getattr(value, ENTRY) for value in vars(module).values() if hasattr(value, ENTRY)]


def verify_rejection(entry: Entry, failure: str | None) -> None:
    """Raise ZooError unless the suite's `failure` (None: it passed) is what the mistake names."""
    if failure is None:
        raise ZooError(
            f"The suite accepts the mistake `{entry.name}`, which {entry.rejected_by} must reject: "
            f"{entry.function.__doc__}"
        )
    if _folded(entry.says) not in _folded(failure):
        raise ZooError(
            f"The mistake `{entry.name}` is rejected, but the learner does not read "
            f"{entry.says!r}.\nThey read:\n{failure}"
        )


def verify_diagnosis(entry: Entry, named: Entry | None) -> None:
    """Raise ZooError unless the diagnosis named the mistake that `entry` is a rewrite of."""
    if named is None or named.misconception != entry.original.misconception:
        raise ZooError(
            f"`{entry.name}` is `{entry.original.name}` in other code, but the diagnosis names "
            f"{f'`{named.name}`' if named else 'nothing'}."
        )


def _mark(make: Callable[[Callable], Entry]) -> Callable[[Callable], Callable]:
    def decorate(function: Callable) -> Callable:
        setattr(function, ENTRY, make(function))
        return function

    return decorate


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
