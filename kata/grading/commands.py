"""`kata grade` on the command line: a path, or `plan`, `run` and `merge`."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from kata.command_line import clear_errors
from kata.errors import KataError

DEFAULT = "grade"
EXECUTORS = ("local", "dask")
LEVELS = ("limits", "confined", "isolated")  # as in kata.sandbox, which only Linux can import
OUT, MINIMUM = Path("grades"), "confined"
STATUSES = """Exit status:
0    graded, whatever the verdicts
1    something could not be judged, or a replay differs
2    usage
3    this machine isolates less than asked for
130  interrupted; the same command goes on

On a cluster or in CI: kata grade plan PATH, then side by side
kata grade run --shard 1/8 ... 8/8, then kata grade merge. Each has its --help."""


class PathOrCommand(TyperGroup):
    """What is no command is a path or an option; a folder named `plan` is given as `./plan`."""

    def parse_args(self, ctx, args):
        is_command = args and args[0] in self.commands and args[0] != DEFAULT
        return super().parse_args(ctx, args if is_command else [DEFAULT, *args])

    def resolve_command(self, ctx, args):
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == DEFAULT else name, command, rest


app = typer.Typer(
    cls=PathOrCommand, help="Grade a submission, or a class of them, in a sandbox (for teachers)."
)

Handed = typer.Argument(metavar="PATH", help="a submission, or a folder of them")
Out = Annotated[
    Path, typer.Option(metavar="DIR", help="for results and reports; a second run goes on there")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="KATA", help="only this kata or lesson; repeatable"),
]
Minimum = Annotated[
    str,
    typer.Option(
        metavar="LEVEL", help="refuse to grade below this level: limits, confined or isolated"
    ),
]
Isolation = Annotated[
    str | None,
    typer.Option(
        metavar="LEVEL", help="the level to grade at; without, the highest that is reached here"
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "-n", "--jobs", metavar="N", min=1, help="files judged at a time; without, one for each CPU"
    ),
]
Report = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FORMAT",
        help="html, csv, json (all three without), junit, gradescope, classroom50, github; "
        "repeatable",
    ),
]
Pictures = Annotated[
    bool,
    typer.Option(
        "--pictures/--no-pictures", help="draw what kata show draws, for the learners' pages"
    ),
]
Executor = Annotated[
    str, typer.Option(metavar="NAME", help="who judges: local, or dask with --scheduler")
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="of a Dask scheduler: tcp://HOST:8786")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="print errors alone")]
Plain = Annotated[bool, typer.Option("--plain", help="no colours, no moving bar: for a log")]


@app.command(DEFAULT, epilog=STATUSES, hidden=True)
def grade_path(
    path: Annotated[Path | None, Handed] = None,
    out: Out = OUT,
    only: Only = None,
    min_isolation: Minimum = MINIMUM,
    isolation: Isolation = None,
    jobs: Jobs = None,
    report: Report = None,
    pictures: Pictures = True,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULT",
            help="instead of PATH: judge again, with the same seeds, what this file of "
            "DIR/verdicts or DIR/grades.json says, and compare",
        ),
    ] = None,
    submission: Annotated[
        str | None, typer.Option(metavar="NAME", help="with --replay: this submission alone")
    ] = None,
    executor: Executor = "local",
    scheduler: Scheduler = None,
    quiet: Quiet = False,
    plain: Plain = False,
) -> None:
    """Grade a submission, or a class of them, in a sandbox (for teachers).

    A submission is a folder, a zip, a tar or a git checkout. Only the files of
    katas are read, and what they do is confined to a process without rights.
    """
    if (path is None) == (replay is None):
        raise typer.BadParameter("Give a PATH to grade, or --replay RESULT.")
    with graded_here():
        from kata import grade

        options = _options(
            out,
            min_isolation=min_isolation,
            isolation=isolation,
            report=report,
            pictures=pictures,
            jobs=jobs,
            executor=executor,
            scheduler=scheduler,
            quiet=quiet,
            plain=plain,
        )
        if replay is not None:
            raise typer.Exit(grade.replay(replay, only or (), submission, options))
        raise typer.Exit(grade.grade_path(path, only or (), options))


@app.command()
def plan(
    path: Annotated[Path, Handed],
    out: Out = OUT,
    only: Only = None,
    min_isolation: Minimum = MINIMUM,
    isolation: Isolation = None,
    pictures: Pictures = True,
    quiet: Quiet = False,
    plain: Plain = False,
) -> None:
    """Read what was handed in and write down what is to be judged.

    Take the whole folder DIR to whoever runs the shards, unless they see it anyway.
    """
    with graded_here():
        from kata.grade import plan_path

        levels = {"min_isolation": min_isolation, "isolation": isolation}
        options = _options(out, **levels, pictures=pictures, quiet=quiet, plain=plain)
        plan_path(path, only or (), options)


@app.command()
def run(
    shard: Annotated[str, typer.Option(metavar="I/N", help="the I-th of N parts, from 1")] = "1/1",
    out: Out = OUT,
    jobs: Jobs = None,
    executor: Executor = "local",
    scheduler: Scheduler = None,
    quiet: Quiet = False,
    plain: Plain = False,
) -> None:
    """Judge one part of a plan; what is known already costs nothing.

    In a Slurm array:
    kata grade run --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
    """
    number, count = _shard(shard)
    with graded_here():
        from kata.grade import run_shard

        where = {"jobs": jobs, "executor": executor, "scheduler": scheduler}
        options = _options(out, **where, quiet=quiet, plain=plain)
        raise typer.Exit(run_shard(number, count, options))


@app.command()
def merge(
    out: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR", help="the first takes what the others have; without, grades alone"
        ),
    ] = None,
    report: Report = None,
    quiet: Quiet = False,
    plain: Plain = False,
) -> None:
    """Put together what shards have found, and write the reports."""
    folders = out or [OUT]
    with graded_here():
        from kata.grade import merge

        options = _options(folders[0], report=report, quiet=quiet, plain=plain)
        raise typer.Exit(merge(folders, options))


def _options(out: Path, *, min_isolation=MINIMUM, isolation=None, report=None, **chosen):
    """What was chosen, as `kata.grade.Options`. Raises BadParameter for a value that is none."""
    from kata.grade import REPORTS, Options
    from kata.grading.reports import require_format

    for option, level in (("--min-isolation", min_isolation), ("--isolation", isolation)):
        if level not in (*LEVELS, None):
            raise typer.BadParameter(f"{option} is one of {', '.join(LEVELS)}, not {level!r}.")
    for name in report or ():
        require_format(name)
    executor, scheduler = chosen.pop("executor", "local"), chosen.get("scheduler")
    if executor not in EXECUTORS or (executor == "dask") != bool(scheduler):
        raise typer.BadParameter("--executor is local, or dask together with --scheduler ADDRESS.")
    return Options(out, min_isolation, isolation, reports=tuple(report or REPORTS), **chosen)


def _shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise typer.BadParameter(f"--shard is I/N, as 3/8, with I from 1 to N, not {text!r}.")


@contextlib.contextmanager
def graded_here() -> Iterator[None]:
    """Errors end in their message; where there is no sandbox, that is one."""
    with clear_errors():
        if sys.platform != "linux":
            raise KataError(
                "kata grade needs Linux: only there can it keep what it grades in a sandbox. Here "
                "is practice mode, for code that you trust: pytest exercises"
            )
        yield
