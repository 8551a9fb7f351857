"""`kata doctor`: look at all that katas need, and say for each trouble what mends it."""

import os
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kata.checkup import FINE, REMARK, TROUBLE, Finding, files, libraries, machine, place
from kata.command_line import run_prefix
from kata.errors import KataError

LOOKS = (
    place.repository,
    place.directory,
    place.installed,
    place.environment,
    place.variables,
    place.shadows,
    libraries.python,
    libraries.versions,
    libraries.imports,
    machine.memory,
    machine.disk,
    files.katas,
    files.data,
    files.progress,
    files.hub,
    files.cache,
)
SLOW = {libraries.imports}
MEND = "mend"
MARKS = {FINE: "✓", REMARK: "!", TROUBLE: "✗", MEND: "→"}
ASCII_MARKS = {FINE: "ok", REMARK: "!", TROUBLE: "X", MEND: "->"}
STYLES = {FINE: "green", REMARK: "yellow", TROUBLE: "red"}
PLAIN_WIDTH, LABEL_WIDTH = 100, 11


def examine(root: Path, quick: bool = False, plain: bool = False) -> int:
    """Print what was found; return 0, or 1 when there is trouble.

    quick  leave out what takes seconds: importing the libraries
    plain  no colours and a fixed width, to paste into a report
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if plain or not console.is_terminal:
        console = Console(
            highlight=False, markup=False, emoji=False, color_system=None, width=PLAIN_WIDTH
        )
    counts = {FINE: 0, REMARK: 0, TROUBLE: 0}
    with console.status("looking ...", spinner="line") as status:
        for finding in _findings(root, quick, status.update):
            counts[finding.mark] += 1
            _show(console, finding)
    console.print()
    if quick:
        console.print("Left out by --quick: importing the libraries, and torch's devices.")
    verdict = _verdict(counts, _marks(console))
    console.print(verdict, style=STYLES[TROUBLE if counts[TROUBLE] else FINE])
    return 1 if counts[TROUBLE] else 0


def _findings(root: Path, quick: bool, say: Callable[[str], None]) -> Iterator[Finding]:
    for look in LOOKS:
        if look not in SLOW:
            yield from _guarded(look, root)
        elif not quick:
            yield from _guarded(partial(look, say=say), root, look.__name__)


def _guarded(look: Callable, root: Path, name: str = "") -> Iterator[Finding]:
    """What a look finds; one that raises is a finding, too."""
    try:
        yield from look(root)
    except KataError as error:
        yield Finding(TROUBLE, name or look.__name__, str(error))
    except Exception as error:
        seen = f"this look failed: {type(error).__name__}: {error}"
        yield Finding(TROUBLE, name or look.__name__, seen, "report it, with this page")


def _show(console: Console, finding: Finding) -> None:
    marks = _marks(console)
    mark = marks[finding.mark].ljust(max(map(len, marks.values())))
    start = f"{mark} {finding.what.ljust(LABEL_WIDTH)} "
    seen = textwrap.fill(
        _short(finding.seen),
        max(console.width - 1, 40),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,  # a path stays in one piece, to be copied
        break_on_hyphens=False,
    )
    text = Text(seen)
    text.stylize(STYLES[finding.mark], 0, len(mark))
    console.print(text, soft_wrap=True)
    if finding.mend:
        console.print(f"  {marks[MEND]} {finding.mend}", style="bold", soft_wrap=True)


def _short(text: str) -> str:
    """With ~ for the home. Not in commands: not every shell knows it, nor between quotes."""
    return text.replace(f"{Path.home()}{os.sep}", f"~{os.sep}")


def _marks(console: Console) -> dict[str, str]:
    """The marks, in letters where the terminal knows no others."""
    try:
        "".join(MARKS.values()).encode(console.encoding)
    except UnicodeEncodeError:
        return ASCII_MARKS
    return MARKS


def _verdict(counts: dict[str, int], marks: dict[str, str]) -> str:
    remarks = f"{counts[REMARK]} to know about (!)" if counts[REMARK] else ""
    if counts[TROUBLE]:
        troubles = f"{counts[TROUBLE]} in the way ({marks[TROUBLE]})"
        found = " and ".join(filter(None, [troubles, remarks]))
        return f"{found}. Mend the first, as its arrow says, then look again."
    return f"Nothing is in the way{f'; {remarks}' if remarks else ''}. Next: {run_prefix()}kata"
