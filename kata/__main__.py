"""The command line: `kata COMMAND`, or `python -m kata COMMAND`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kata.command_line import clear_errors
from kata.errors import KataError
from kata.grading.commands import LEVELS, graded_here
from kata.grading.commands import app as grade_app
from kata.manifest import ROOT, TREES, load_manifest

if "JPY_PARENT_PID" in os.environ:  # in a cell of a notebook
    os.environ["TTY_INTERACTIVE"] = "0"  # for rich: what moves in a terminal fills a notebook
    os.environ["MPLBACKEND"] = "agg"  # that of the notebook may not be installed here

app = typer.Typer(
    pretty_exceptions_enable=False,
    help="Diffusers Katas: learn Hugging Face Diffusers by writing it. Alone: where you are.",
)


def _names(incomplete: str) -> list[tuple[str, str]]:
    """What a shell completes to katas; nothing where katas.toml is broken."""
    try:
        katas = load_manifest().katas
    except KataError:
        return []
    names = [
        (name, kata) for kata in katas for name in (kata.name, kata.id)[: 1 + bool(incomplete)]
    ]
    return [(name, kata.title) for name, kata in names if name.startswith(incomplete)]


def _profiles(incomplete: str) -> list[str]:
    from kata.profiles import PROFILES

    return _choices(*PROFILES)(incomplete)


def _choices(*values: str):
    """What a shell completes to one of a few values."""
    return lambda incomplete: [value for value in values if value.startswith(incomplete)]


def _tree(help: str):
    """The option for whose code is meant: the learner's or the reference's."""
    return Annotated[str, typer.Option("--from", help=help, autocompletion=_choices(*TREES))]


KataName = Annotated[
    str,
    typer.Argument(
        metavar="KATA",
        help="for example add_noise; a part of the name will do",
        autocompletion=_names,
    ),
]


@app.callback(invoke_without_command=True)
def board(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        from rich.console import Console

        from kata.board import show_progress_board

        with clear_errors():
            show_progress_board(Console())


@app.command()
def hint(
    name: KataName = "",
    seen: Annotated[
        bool, typer.Option("--all", help="those that were shown already, once more")
    ] = False,
) -> None:
    """Show the next hint, one further at each call; of the next kata where none is named."""
    from kata.hint import show_hint, show_seen_hints
    from kata.progress import load_progress

    kata = _find(name) if name else load_progress(_manifest()).next_kata()
    if kata is None:
        typer.echo("All katas are done: there is nothing to hint at.")
    elif seen:
        show_seen_hints(kata)
    else:
        show_hint(kata)


@app.command()
def watch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[KATA or LESSON]", help="what to watch; all without", autocompletion=_names
        ),
    ] = "",
    poll: Annotated[
        bool, typer.Option("--poll", help="look at the files all the time, as on a network mount")
    ] = False,
) -> None:
    """Judge a kata whenever you save it, within a second; single keys do the rest."""
    from kata.watch import watch_katas

    with clear_errors():
        watch_katas(ROOT, name or None, poll)


@app.command()
def show(
    name: KataName,
    tree: _tree("whose code is shown: exercises (beside the reference) or solutions") = "exercises",
    out: Annotated[
        Path | None, typer.Option(help="file of the picture [.kata/show/KATA.png]")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="open it in a viewer, too")] = False,
) -> None:
    """Draw what your code makes of the data, beside the reference."""
    from kata.show import show

    _one_of("--from", tree, TREES)
    with clear_errors():
        path = show(_find(name), tree, out)
    if open_it and typer.launch(str(path)):
        typer.echo("No viewer could be opened here.", err=True)


@app.command()
def reset(
    name: KataName,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Start a kata afresh; your file is kept aside."""
    from kata.reset import reset

    with clear_errors():
        reset(_find(name), *([] if yes else [typer.confirm]))


@app.command()
def diff(
    name: KataName,
    spoil: Annotated[bool, typer.Option("--spoil", help="also while it is not done")] = False,
) -> None:
    """Compare your file with the reference, once the kata is done."""
    from kata.diff import show_diff
    from kata.progress import load_progress

    with clear_errors():
        show_diff(_find(name), load_progress(_manifest()), spoil)


@app.command()
def stubs(
    force: Annotated[bool, typer.Option(help="also replace files with work in them")] = False,
) -> None:
    """Write exercises/ anew from solutions/ (for authors)."""
    from kata.stubs import write_stubs

    raise typer.Exit(write_stubs(_manifest(), force))


@app.command()
def train(
    profile: Annotated[
        str,
        typer.Option(
            help="cpu: a quarter of an hour; paper: for a GPU; smoke: seconds",
            autocompletion=_profiles,
        ),
    ] = "cpu",
    tree: _tree("whose code trains: exercises or solutions") = "exercises",
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
    with clear_errors():
        functions = Functions(load_manifest(), tree)
        functions.require(*NEEDED)  # before the libraries are imported, which takes ten seconds
        from kata.train import run_training

        run_training(functions, chosen, dataset, out or Path("runs") / profile, seed, fresh)


@app.command()
def sample(
    run: Annotated[Path, typer.Option(help="a finished run of kata train")] = Path("runs/cpu"),
    tree: _tree("whose code samples: exercises or solutions") = "exercises",
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
    with clear_errors():
        functions = Functions(load_manifest(), tree)
        functions.require(*NEEDED_TO_SAMPLE)  # before the libraries are imported
        from kata.sample import run_sampling

        run_sampling(functions, run, pictures, steps, seed)


@app.command()
def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="do not import the libraries, which takes ten seconds")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="without colours, to paste into a report")
    ] = False,
) -> None:
    """Look at all that katas need: libraries, devices, data, files; say what mends each trouble."""
    from kata.doctor import examine

    with clear_errors():
        raise typer.Exit(examine(ROOT, quick, plain))


@app.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="katas; all without", autocompletion=_names)
    ] = None,
    jobs: Annotated[int, typer.Option("-n", "--jobs", min=0, help="processes; 0: this one")] = 2,
) -> None:
    """Prove the repository: stubs red, solutions green, mistakes rejected (for authors)."""
    from kata.check import check_repository

    manifest = _manifest()
    katas = [_find(name) for name in names or []] or list(manifest.katas)
    raise typer.Exit(check_repository(manifest, katas, jobs))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="LESSON/NAME, for example 02_training/ema")],
    function: Annotated[str | None, typer.Option(help="what the learner writes [NAME]")] = None,
) -> None:
    """Lay out a new kata; `kata check` then says what it lacks (for authors)."""
    from kata.new import new_kata

    with clear_errors():
        new_kata(load_manifest(), name, function)


app.add_typer(grade_app, name="grade")


@app.command()
def bundle(
    kind: Annotated[
        str,
        typer.Argument(
            help="gradescope, classroom50 or github",
            autocompletion=_choices("gradescope", "classroom50", "github"),
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="the file to write")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KATA", help="a kata or a lesson; repeatable", autocompletion=_names),
    ] = None,
    min_isolation: Annotated[
        str,
        typer.Option(
            metavar="LEVEL", help="limits, confined or isolated", autocompletion=_choices(*LEVELS)
        ),
    ] = "confined",
    repository: Annotated[
        str, typer.Option(help="OWNER/NAME or address of the katas; without, that of origin")
    ] = "",
) -> None:
    """Make the file by which Gradescope, Classroom 50 or GitHub grades (for teachers)."""
    from kata.bundle import KINDS, Settings, make_bundle
    from kata.watch import scope_of

    _one_of("KIND", kind, KINDS)
    _one_of("--min-isolation", min_isolation, LEVELS)
    with clear_errors():
        katas = [kata.id for name in only or () for kata in scope_of(load_manifest(), name)[1]]
        settings = Settings(tuple(katas), min_isolation, repository)
        typer.echo(make_bundle(ROOT, kind, out, settings))


@app.command()
def selfattack(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="KATA", help="two small ones without", autocompletion=_names),
    ] = None,
    attack: Annotated[
        list[str] | None, typer.Option(help="of tests/attacks, this one alone; repeatable")
    ] = None,
    isolation: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="limits, confined or isolated; without, the highest",
            autocompletion=_choices(*LEVELS),
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option("-n", "--jobs", min=1)] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write what was found")] = None,
) -> None:
    """Attack the grader by every trick that is known of, and see what each earns (for authors)."""
    _one_of("--isolation", isolation, (*LEVELS, None))
    manifest, katas = _manifest(), [_find(name) for name in names or []]
    with graded_here():
        from kata.grade import cpus, level_for
        from kata.selfattack import self_attack

        level = level_for(LEVELS[0], isolation)
        count = jobs or cpus()
        raise typer.Exit(self_attack(manifest, katas, level, count, attack or (), json_file))


@app.command()
def branch(
    kind: Annotated[
        str,
        typer.Argument(
            help="solutions or starter", autocompletion=_choices("solutions", "starter")
        ),
    ],
    name: Annotated[str | None, typer.Option(help="of the branch [KIND]")] = None,
) -> None:
    """Make a branch from the commit that is checked out, without touching the work tree.

    solutions: every exercise filled in. starter: the one to hand to a class, with no solution in it
    nor in its history.
    """
    from kata.branch import KINDS, make_branch

    _one_of("KIND", kind, KINDS)
    with clear_errors():
        make_branch(ROOT, kind, name or kind)


def _manifest():
    with clear_errors():
        return load_manifest()


def _find(name: str):
    with clear_errors():
        return load_manifest().find(name)


def _one_of(option: str, value: str, choices) -> None:
    if value not in choices:
        raise typer.BadParameter(f"{option} is one of {', '.join(choices)}, not {value!r}.")


if __name__ == "__main__":
    sys.exit(app())
