"""`kata hint`: from a nudge to nearly the line, one step further at each call."""

import json
import os
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from kata.manifest import Kata


def show_hint(kata: Kata) -> None:
    """Print the next hint and remember that it was shown."""
    console = Console(markup=False)  # hints quote code: `images[i]` is no markup
    path = kata.root / ".kata" / "hints.json"
    shown = _read(path)
    number = shown.get(kata.id, 0)
    if number < len(kata.hints):
        title = f"{kata.name}: hint {number + 1} of {len(kata.hints)}"
        console.print(Panel(kata.hints[number].strip(), title=title, highlight=True))
        try:
            _write(path, {**shown, kata.id: number + 1})
        except OSError as error:
            console.print(f"This cannot be remembered: {path}: {error.strerror}.")
        return
    console.print(
        f"There are no more hints for {kata.name}; these were all, once more. "
        f"The lesson page is exercises/{kata.lesson}/README.md."
    )
    for number, hint in enumerate(kata.hints, start=1):
        console.print(Panel(hint.strip(), title=f"hint {number} of {len(kata.hints)}"))


def _read(path: Path) -> dict[str, int]:
    """What was shown so far; a missing or damaged file means nothing was."""
    try:
        shown = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(shown, dict):
        return {}
    return {key: count for key, count in shown.items() if type(count) is int and count >= 0}


def _write(path: Path, shown: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(shown), encoding="utf-8")
    os.replace(temporary, path)
