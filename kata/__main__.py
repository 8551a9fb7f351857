"""The command line: `kata COMMAND`, or `python -m kata COMMAND`."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from kata.errors import KataError
from kata.manifest import ROOT, TREES, load_manifest

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


@app.command()
def train(
    profile: Annotated[
        str, typer.Option(help="cpu: a quarter of an hour; paper: for a GPU; smoke: seconds")
    ] = "cpu",
    tree: Annotated[
        str, typer.Option("--from", help="whose code trains: exercises or solutions")
    ] = "exercises",
    dataset: Annotated[
        str,
        typer.Option(
            envvar="KATA_DATASET",
            help="a folder, or a name on the hub such as huggan/smithsonian_butterflies_subset",
        ),
    ] = "data/butterflies",
    out: Annotated[Path | None, typer.Option(help="folder of the run [runs/PROFILE]")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="instead of the profile's")] = None,
    seed: Annotated[int, typer.Option(help="of weights, noise and shuffling")] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="keep an earlier run aside and start anew")
    ] = False,
) -> None:
    """Train a model that paints butterflies, with your own katas from end to end.

    Interrupted, the same command goes on. On several devices: accelerate launch -m kata train ...
    """
    from dataclasses import replace

    from kata.learner import Functions
    from kata.profiles import NEEDED, PROFILES

    _one_of("--profile", profile, PROFILES)
    _one_of("--from", tree, TREES)
    chosen = replace(PROFILES[profile], num_epochs=epochs or PROFILES[profile].num_epochs)
    with _clear_errors():
        functions = Functions(load_manifest(), tree)
        functions.require(*NEEDED)  # before the libraries are imported, which takes ten seconds
        from kata.train import run_training

        run_training(functions, chosen, dataset, out or Path("runs") / profile, seed, fresh)


@app.command()
def sample(
    run: Annotated[Path, typer.Option(help="a finished run of kata train")] = Path("runs/cpu"),
    tree: Annotated[
        str, typer.Option("--from", help="whose code samples: exercises or solutions")
    ] = "exercises",
    pictures: Annotated[int, typer.Option(min=1, help="how many, one for each seed")] = 16,
    steps: Annotated[int, typer.Option(min=8, help="sampling steps (DDIM)")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="of the first picture")] = 0,
) -> None:
    """Paint with the model that you trained, by your own katas of 03_sampling.

    Leaves a pipeline, a sheet of pictures, a strip on which pictures appear from noise, and edits.
    """
    from kata.learner import Functions
    from kata.profiles import NEEDED_TO_SAMPLE

    _one_of("--from", tree, TREES)
    with _clear_errors():
        functions = Functions(load_manifest(), tree)
        functions.require(*NEEDED_TO_SAMPLE)  # before the libraries are imported
        from kata.sample import run_sampling

        run_sampling(functions, run, pictures, steps, seed)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="katas; all without")] = None,
    jobs: Annotated[int, typer.Option("-n", "--jobs", min=0, help="processes; 0: this one")] = 2,
) -> None:
    """Prove the repository: stubs red, solutions green, mistakes rejected (for authors)."""
    from kata.check import check_repository

    manifest = load_manifest()
    katas = [_find(name) for name in names or []] or list(manifest.katas)
    raise typer.Exit(check_repository(manifest, katas, jobs))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="LESSON/NAME, for example 02_training/ema")],
    function: Annotated[str | None, typer.Option(help="what the learner writes [NAME]")] = None,
) -> None:
    """Lay out a new kata; `kata check` then says what it lacks (for authors)."""
    from kata.new import new_kata

    with _clear_errors():
        new_kata(load_manifest(), name, function)


@app.command()
def branch(
    kind: Annotated[str, typer.Argument(help="solutions or starter")],
    name: Annotated[str | None, typer.Option(help="of the branch [KIND]")] = None,
) -> None:
    """Make a branch from the commit that is checked out, without touching the work tree.

    solutions: every exercise filled in. starter: the one to hand to a class, with no solution in it
    nor in its history.
    """
    from kata.branch import KINDS, make_branch

    _one_of("KIND", kind, KINDS)
    with _clear_errors():
        make_branch(ROOT, kind, name or kind)


def _find(name: str):
    with _clear_errors():
        return load_manifest().find(name)


def _one_of(option: str, value: str, choices) -> None:
    if value not in choices:
        raise typer.BadParameter(f"{option} is one of {', '.join(choices)}, not {value!r}.")


@contextlib.contextmanager
def _clear_errors():
    """Errors that a user can mend end in their message and exit status 2, without a traceback."""
    try:
        yield
    except KataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted. What was finished is kept; the same command goes on.", err=True)
        raise typer.Exit(130) from None


if __name__ == "__main__":
    sys.exit(app())
