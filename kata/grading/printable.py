"""Text that somebody else chose, made fit to be shown on a terminal and in a report."""

LONGEST = 20_000


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
