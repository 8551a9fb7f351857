"""The command line: `kata COMMAND`, or `python -m kata COMMAND`."""

import sys
from typing import Annotated

import typer

from kata.manifest import ManifestError, load_manifest

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Diffusers Katas: learn Hugging Face Diffusers by writing it.",
)


@app.command()
def hint(name: Annotated[str, typer.Argument(help="the kata, for example add_noise")]) -> None:
    """Show the next hint for a kata, one further at each call."""
    from kata.hint import show_hint

    show_hint(_find(name))


@app.command()
def stubs(
    force: Annotated[bool, typer.Option(help="also replace files with work in them")] = False,
) -> None:
    """Write exercises/ anew from solutions/ (for authors)."""
    from kata.stubs import write_stubs

    raise typer.Exit(write_stubs(load_manifest(), force))


def _find(name: str):
    try:
        return load_manifest().find(name)
    except ManifestError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    sys.exit(app())
