"""Text that somebody else chose, made fit to be shown on a terminal, in a report and in a log."""

import re

LONGEST = 20_000
COMMAND = re.compile(r"(?m)^([^\S\n]*):(?=:)|##(?=\w*\[)")


def printable(text: str) -> str:
    """The text with its lines, and everything else that moves a cursor made visible.

    Escape sequences, marks that turn the direction of writing, and bytes that are no text become
    `\\\\x1b` and the like. Of a long one the start and the end are kept.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n...\n{text[-LONGEST // 2 :]}"
    return "\n".join(map(visible, text.split("\n")))


def visible(line: str) -> str:
    """The line, with what is no printable character written out."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def without_commands(text: str) -> str:
    """The text so that no line of it is a command to whoever runs this in CI and reads the log.

    `::error::` and `##[error]` are such to GitHub, `##vso[...]` to Azure, `##teamcity[...]` to
    TeamCity.
    """
    return COMMAND.sub(lambda found: f"{found[0]} ", text)
