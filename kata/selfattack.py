"""`kata selfattack`: hand the corpus of attacks in, and see what each earns, harms and leaves."""

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from kata.files import write_whole
from kata.grading.arena import Arena, Finding, SelfAttackError
from kata.grading.corpus import Attack, attacks
from kata.grading.friend import friend
from kata.grading.printable import without_commands
from kata.manifest import Kata, Manifest

SMALL = ("noise_schedule", "preprocess")  # one with several functions, one with a single one
SECRET = "KATA_ATTACK_SECRET"


def self_attack(
    manifest: Manifest,
    katas: Sequence[Kata],
    level: str,
    jobs: int,
    only: Sequence[str] = (),
    json_file: Path | None = None,
) -> int:
    """Try all attacks on these katas, or on two small ones where none are given.

    level      of isolation at which is judged
    jobs       how many files are judged at a time
    only       names of attacks, all without
    json_file  where the findings are written, anew after each attack
    return     the exit status: 0 where every attack was held off
    Raises SelfAttackError where the honest files are not judged as they should be, and where the
    findings cannot be written.
    """
    chosen, tried = katas or small_katas(manifest), chosen_attacks(only)
    console = Console()
    names = [kata.id for kata in chosen]
    facts = {"level": level, "user": os.getuid(), "katas": names, "attacks": len(tried)}
    findings = []
    write_findings(json_file, facts, findings)
    with _ground() as folder, friend(manifest.katas), ThreadPoolExecutor(jobs) as executor:
        arena = Arena(manifest, chosen, level, folder, executor)
        arena.begin()
        for finding in _fight(arena, tried, console):
            findings.append(finding)
            write_findings(json_file, facts, findings)
            arena.aftermath.forgive(json_file)
    console.print(table(findings, level, chosen))
    failed = [finding for finding in findings if not finding.is_held_off]
    console.print(summary(findings, failed), highlight=False)
    return int(bool(failed))


def write_findings(path: Path | None, facts: dict, findings: list[Finding]) -> None:
    """Write what was found so far, so that a run that is killed has lost nothing of it."""
    if path is None:
        return
    text = json.dumps({**facts, "findings": [asdict(f) for f in findings]}, indent=1)
    try:
        write_whole(path, text)
    except OSError as error:
        raise SelfAttackError(f"Cannot write {path}: {error.strerror or error}.") from error


def small_katas(manifest: Manifest) -> list[Kata]:
    """One kata with several functions and one with a single one, where the manifest has such."""
    known = [kata for kata in manifest.katas if kata.name in SMALL]
    ordered = [*known, *manifest.katas]
    several = [kata for kata in ordered if len(kata.functions) > 1][:1]
    return several + [kata for kata in ordered if len(kata.functions) == 1][:1]


def chosen_attacks(only: Sequence[str]) -> list[Attack]:
    """The attacks of these names, or all. Raises SelfAttackError for a name that is none."""
    known = {attack.name: attack for attack in attacks()}
    if unknown := [name for name in only if name not in known]:
        raise SelfAttackError(f"There is no attack `{unknown[0]}`. Look at tests/attacks/.")
    return [known[name] for name in only] or list(known.values())


def _fight(arena: Arena, chosen: list[Attack], console: Console) -> Iterator[Finding]:
    """Try one after the other; where no bar can be shown, as in CI, a line tells of each."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("attacks", total=len(chosen))
        for attack in chosen:
            progress.update(task, description=f"{attack.kind}: {attack.name}")
            finding = arena.withstand(attack)
            progress.advance(task)
            if not finding.is_held_off:
                progress.console.print(f"[red]{attack.name}[/]: {escape(_trouble(finding))}")
            elif not console.is_terminal:
                print(f"{attack.name}: held off, {finding.seconds:.0f} s", flush=True)
            yield finding


@contextlib.contextmanager
def _ground() -> Iterator[Path]:
    """A folder for the whole run, in which all temporary files lie, and a secret to be looked for.

    Must be entered before there is a zygote: that takes the folder over, and rather not the secret.
    """
    before = {name: os.environ.get(name) for name in (SECRET, "TMPDIR")}
    with tempfile.TemporaryDirectory(prefix="kata-selfattack-") as name:
        folder = Path(name)
        temporary = folder / "tmp"
        temporary.mkdir()
        for path in (folder, temporary):
            path.chmod(0o711)  # a worker of another user goes through to its own folder
        os.environ.update({SECRET: f"kata-secret-{secrets.token_hex(8)}", "TMPDIR": str(temporary)})
        tempfile.tempdir = None
        try:
            yield folder
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            tempfile.tempdir = None


def table(findings: list[Finding], level: str, katas: Sequence[Kata]) -> Table:
    """One row for each attack, class by class."""
    names = ", ".join(kata.name for kata in katas)
    found = Table(title=f"{len(findings)} attacks on {names}, isolation: {level}")
    for column in ("attack", "what it tries", "earned/allowed", "verdict", "left, harmed", "s"):
        found.add_column(column, justify="right" if column == "s" else "left", overflow="fold")
    kind = ""
    for finding in findings:
        if finding.kind != kind:
            kind = finding.kind
            found.add_section()
            found.add_row(f"[bold]{kind}[/]")
        found.add_row(*_cells(finding))
    return found


def _cells(finding: Finding) -> list[str]:
    if not finding.tried:
        return [finding.attack, escape(finding.tries), "", "not tried at this level", "", ""]
    colour = "green" if finding.is_held_off else "red"
    return [
        f"[{colour}]{finding.attack}[/]",
        escape(finding.tries),
        ", ".join(f"{one.earned}/{one.allowed}" for one in finding.judged),
        ", ".join(dict.fromkeys(one.verdict for one in finding.judged)),
        escape("\n".join([*finding.left, *finding.harm])) or "nothing",
        f"{finding.seconds:.0f}",
    ]


def summary(findings: list[Finding], failed: list[Finding]) -> str:
    tried = [finding for finding in findings if finding.tried]
    if not failed:
        return f"[green]All {len(tried)} attacks were held off: nothing earned, nothing left.[/]"
    names = ", ".join(finding.attack for finding in failed)
    return f"[red]{len(failed)} of {len(tried)} attacks were not held off: {names}.[/]"


def _trouble(finding: Finding) -> str:
    earned = [f"{finding.gain} points for nothing"] if finding.gain else []
    return without_commands("; ".join([*earned, *finding.left, *finding.harm]))
