"""What `kata doctor` looks at: a module for each subject, a function for each look.

A look takes the root of the checkout and yields findings. It may raise: `kata.doctor` says so.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FINE, REMARK, TROUBLE = "fine", "remark", "trouble"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was seen, and what mends it: a command wherever there is one."""

    mark: str
    what: str
    seen: str
    mend: str = ""


def install_command(root: Path) -> str:
    """What installs this checkout, and all that it needs, into the environment that is active."""
    by_uv = shutil.which("uv") and Path(sys.prefix) == root / ".venv"
    return "uv sync" if by_uv else "python -m pip install -e ."


def restore_command(root: Path, names: Iterable[str]) -> str:
    """What brings files of the project back as they were."""
    if not (root / ".git").exists():
        return "copy them from a fresh download of the repository"
    return f"git checkout HEAD -- {' '.join(map(shlex.quote, names))}"


def unset_command(name: str) -> str:
    return f"Remove-Item Env:{name}" if os.name == "nt" else f"unset {name}"


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
