"""`kata hint`: from a nudge to nearly the line, one step further at each call."""

import json
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from kata.command_line import run_prefix
from kata.files import memory, write_whole
from kata.manifest import EXERCISES, Kata


def show_hint(kata: Kata) -> None:
    """Print the next hint and remember that it was shown; after the last say that it was."""
    console = _console()
    path = memory(kata.root) / "hints.json"
    shown = _read(path)
    number = shown.get(kata.id, 0)
    if number >= len(kata.hints):
        _print_end(console, kata)
        return
    _print_hint(console, kata, number)
    try:
        write_whole(path, json.dumps({**shown, kata.id: number + 1}))
    except OSError as error:
        console.print(f"This cannot be remembered: {path}: {error.strerror}.")


def show_seen_hints(kata: Kata) -> None:
    """Print the hints that were shown already, and no further one."""
    console = _console()
    seen = min(_read(memory(kata.root) / "hints.json").get(kata.id, 0), len(kata.hints))
    for number in range(seen):
        _print_hint(console, kata, number)
    if seen == len(kata.hints):
        _print_end(console, kata, again=False)
        return
    text = f"{len(kata.hints) - seen} more:" if seen else "None was shown yet. The first:"
    console.print(f"{text} {run_prefix()}kata hint {kata.name}")


def _console() -> Console:
    return Console(markup=False, highlight=False)  # hints quote code: `images[i]` is no markup


def _print_hint(console: Console, kata: Kata, number: int) -> None:
    title = f"{kata.name}: hint {number + 1} of {len(kata.hints)}"
    console.print(Panel(kata.hints[number].strip(), title=title, highlight=True))


def _print_end(console: Console, kata: Kata, again: bool = True) -> None:
    console.print(f"There are no more hints for {kata.name}.")
    if again and kata.hints:
        console.print(f"  again  {run_prefix()}kata hint {kata.name} --all")
    console.print(f"  read   {EXERCISES}/{kata.lesson}/README.md")


def _read(path: Path) -> dict[str, int]:
    """What was shown so far; a missing or damaged file means nothing was."""
    try:
        shown = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(shown, dict):
        return {}
    return {key: count for key, count in shown.items() if type(count) is int and count >= 0}
