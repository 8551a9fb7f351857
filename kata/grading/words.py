"""The words and signs by which verdicts are told, alike on the terminal and on the pages."""

from collections.abc import Sequence

from kata.grading.model import KataResult
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

MARKS = {PASSED: "✓", NOT_STARTED: "·", WRONG: "✗", REFUSED: "!", INFRASTRUCTURE: "?"}
WORDS = {**{verdict: verdict for verdict in MARKS}, INFRASTRUCTURE: "not judged"}


def word(kata: KataResult) -> str:
    """The verdict on a kata's file; one in which something has points is unfinished."""
    unfinished = kata.verdict == NOT_STARTED and kata.points
    return "unfinished" if unfinished else WORDS[kata.verdict]


def some(things: Sequence[str], most: int = 3) -> str:
    """`ann, bob`, and of many the first: `ann, bob, cho and 4 more`."""
    more = len(things) - most
    return ", ".join(things[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
