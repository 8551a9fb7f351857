"""What the commands share: how they end, and what their messages say to type."""

import contextlib
import os
from collections.abc import Iterator

import typer

from kata.errors import KataError


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Errors that a user can mend end in their message and exit status, without a traceback."""
    try:
        yield
    except KataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted. What was finished is kept; the same command goes on.", err=True)
        raise typer.Exit(130) from None


def run_prefix() -> str:
    """`uv run ` where this process was started so: what a message says to type must work."""
    return "uv run " if "UV_RUN_RECURSION_DEPTH" in os.environ else ""
