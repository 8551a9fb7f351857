"""The verdicts on an answer, as the exceptions that suites and the fixture raise."""

from dataclasses import dataclass

PASSED = "passed"
WRONG = "wrong"
NOT_STARTED = "not started"
REFUSED = "refused"
INFRASTRUCTURE = "infrastructure"


@dataclass
class Wrong(AssertionError):
    """A wrong answer, in the words that the learner reads.

    seen      what came back
    expected  what should have, and why where that is short
    hint      the misconception that this looks like, if it looks like one
    """

    seen: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        return f"seen: {self.seen}\nexpected: {self.expected}" + (
            f"\nlooks like: {self.hint}" if self.hint else ""
        )


class Refused(Wrong):
    """An answer that broke a rule of grading: left its process, spent too much, spoke otherwise."""


@dataclass
class NotStarted(AssertionError):
    """The function still raises its `NotImplementedError("TODO: ...")`."""

    function: str

    def __str__(self) -> str:
        return f"write `{self.function}` in place of `raise NotImplementedError`"
