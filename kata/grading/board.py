"""What the terminal shows while a class is graded: how far, how fast, and what was found.

In a log, which is no terminal, that is a line now and then.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from kata.grading.model import WORST_LAST, KataResult
from kata.grading.words import MARKS, WORDS, counted
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

STYLES = {
    PASSED: "green",
    NOT_STARTED: "yellow",
    WRONG: "red",
    REFUSED: "red",
    INFRASTRUCTURE: "magenta",
}
WIDTH = 60  # columns of the bar, where there are so many
LOG_EVERY = 15  # seconds
SAYS_SOMETHING = 5  # seconds after which a rate does


class Board:
    """Hears what the engine does; a context in which it is shown.

    shares  of each job that is run, how many submissions have a share in it
    """

    def __init__(
        self,
        console: Console,
        shares: Mapping[str, int],
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.console = console
        self.shares = shares
        self.quiet = quiet
        self.verdicts = Counter()
        self.known = self.judged = 0
        self._running = Counter()
        self._clock = clock
        self._first = self._logged = clock()
        self._live = None
        self._said = ""

    def __enter__(self) -> "Board":
        if self.console.is_terminal and not self.quiet:
            self._live = Live(self, console=self.console, transient=True)
            self._live.start()
        return self

    def __exit__(self, *trouble) -> None:
        if self._live:
            self._live.stop()
        elif not self.quiet and self.done:
            self._say()

    @property
    def done(self) -> int:
        return self.known + self.judged

    def started(self, job) -> None:
        self._running[job.kata] += 1

    def finished(self, job, result: KataResult, known: bool) -> None:
        self.verdicts[result.verdict] += self.shares[job.key]
        if known:
            self.known += 1
            return
        if not self.judged:
            self._first = self._clock()  # before that, libraries were imported
        self.judged += 1
        self._running[job.kata] -= 1
        if not self._live and not self.quiet and self._clock() - self._logged >= LOG_EVERY:
            self._logged = self._clock()
            self._say()

    def _say(self) -> None:
        if self._said != (line := self.line()):
            self._said = line
            self.console.print(line)

    def line(self) -> str:
        """How far it is, for a log."""
        counts = (f"{self.verdicts[v]} {WORDS[v]}" for v in WORST_LAST if self.verdicts[v])
        return " · ".join([*self._progress(), *counts])

    def __rich__(self) -> Group:
        width = min(WIDTH, self.console.width)
        bar = ProgressBar(total=max(len(self.shares), 1), completed=self.done, width=width)
        counts = [
            Text(f"{MARKS[verdict]} {self.verdicts[verdict]} {WORDS[verdict]}", STYLES[verdict])
            for verdict in WORST_LAST
            if self.verdicts[verdict]
        ]
        return Group(
            Padding(bar, 0),  # which ends its line
            Text(" · ".join(self._progress())),
            Text("  ").join(counts),
            Text(", ".join(self._names()), "dim", no_wrap=True, overflow="ellipsis"),
        )

    def _progress(self) -> list[str]:
        alike = sum(self.shares.values()) - sum(map(bool, self.shares.values()))
        parts = [f"{self.done} of {counted(len(self.shares), 'file')}"]
        parts += [f"{self.known} known before"] if self.known else []
        parts += [f"{alike} more {'is' if alike == 1 else 'are'} alike"] if alike else []
        passed, left = self._clock() - self._first, len(self.shares) - self.done
        if self.judged > 1 and passed >= SAYS_SOMETHING:
            each = passed / (self.judged - 1)
            parts.append(f"{60 / each:.0f} a minute")
            parts += [_duration(left * each)] if left else []
        return parts

    def _names(self) -> list[str]:
        """What is being judged, as names of katas."""
        return [
            kata.rpartition("/")[2] + (f" (x{count})" if count > 1 else "")
            for kata, count in list(self._running.items())
            if count > 0
        ]


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes left" if seconds >= 90 else f"{seconds:.0f} s left"
