"""What a learner works with: the katas, the data and the models, the progress, the hub's cache."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kata.checksums import EXTRA, FOLDERS, LINE_ENDINGS, POINTER, SUMS, compare, read_checksums
from kata.checkup import (
    FINE,
    REMARK,
    TROUBLE,
    Finding,
    listed,
    restore_command,
    unset_command,
)
from kata.command_line import run_prefix
from kata.errors import KataError
from kata.manifest import EXERCISES, load_manifest
from kata.progress import load_progress, progress_file

MOST_NAMED = 3  # files in one command; more are named by their folders


def katas(root: Path) -> Iterator[Finding]:
    """katas.toml can be read, and each kata has its file and its suite."""
    try:
        manifest = load_manifest(root)
    except KataError as error:
        yield Finding(TROUBLE, "katas", str(error), restore_command(root, ["katas.toml"]))
        return
    no_stub = [kata for kata in manifest.katas if not kata.file(EXERCISES).is_file()]
    for kata in no_stub:
        seen = f"{EXERCISES}/{kata.id}.py is missing"
        yield Finding(TROUBLE, "katas", seen, f"{run_prefix()}kata reset {kata.name}")
    suites = [kata.suite.relative_to(root).as_posix() for kata in manifest.katas]
    if no_suite := [name for name in suites if not (root / name).is_file()]:
        seen = f"what judges a kata is missing: {listed(no_suite)}"
        yield Finding(TROUBLE, "katas", seen, restore_command(root, no_suite))
    if not no_stub and not no_suite:
        yield Finding(FINE, "katas", f"{len(suites)}, each with its file and its suite")


def data(root: Path) -> Iterator[Finding]:
    """The data set and the models are, byte for byte, what the suites were proved with."""
    try:
        wrong = compare(root)
        count = len(read_checksums(root))
    except (OSError, ValueError) as error:
        yield Finding(TROUBLE, "data", str(error), restore_command(root, [SUMS.as_posix()]))
        return
    for kind, names in wrong.items():
        mark = REMARK if kind == EXTRA else TROUBLE
        yield Finding(mark, "data", f"{kind}: {listed(names)}", _mend(root, kind, names))
    if not set(wrong) - {EXTRA}:
        yield Finding(FINE, "data", f"{count} files of data and models, all as they should be")


def progress(root: Path) -> Iterator[Finding]:
    """.kata/ can be written to, and what it remembers can be read."""
    folder = root / ".kata"
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        seen = ".kata is a file; progress and hints need a folder of that name"
        yield Finding(TROUBLE, "progress", seen, "mv .kata kata-file")
        return
    except OSError as error:
        seen = f".kata/ cannot be written to ({error.strerror}): nothing is remembered"
        yield Finding(TROUBLE, "progress", seen, 'sudo chown -R "$USER" .kata')
        return
    manifest = load_manifest(root)
    known, file = load_progress(manifest), progress_file(root)
    done = sum(known.is_done(kata) for kata in manifest.katas)
    if file.exists() and not _is_json(file):
        seen = f"{file.relative_to(root)} is damaged; the next run keeps it aside and starts anew"
        yield Finding(REMARK, "progress", seen, f"{run_prefix()}pytest {EXERCISES}")
    else:
        seen = f"{done} of {len(manifest.katas)} katas done; .kata/ can be written to"
        yield Finding(FINE, "progress", seen)


def hub(root: Path) -> Iterator[Finding]:
    """Nothing here needs the hub; whoever wants it sets KATA_DATASET."""
    value = os.environ.get("HF_HUB_OFFLINE")
    offline = (value or "").upper() in {"1", "ON", "YES", "TRUE"}
    state = f"HF_HUB_OFFLINE={value}" if value else "HF_HUB_OFFLINE is not set; pytest sets it"
    name = os.environ.get("KATA_DATASET")
    if not name:
        yield Finding(FINE, "hub", f"not needed: all data is here ({state})")
    elif offline and not Path(name).exists():
        seen = f"KATA_DATASET={name} is no folder here, and HF_HUB_OFFLINE={value} locks the hub"
        yield Finding(TROUBLE, "hub", seen, unset_command("HF_HUB_OFFLINE"))
    else:
        seen = f"KATA_DATASET={name}: `kata train` takes it in the place of data/butterflies"
        yield Finding(REMARK, "hub", seen, unset_command("KATA_DATASET"))


def cache(root: Path) -> Iterator[Finding]:
    """`datasets` writes what it has read into a folder outside of the repository."""
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    home = Path(os.environ.get("HF_HOME", home)).expanduser()
    folder = Path(os.environ.get("HF_DATASETS_CACHE", home / "datasets")).expanduser()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            yield Finding(FINE, "cache", f"{folder}, of `datasets`")
    except OSError as error:
        seen = f"`datasets` cannot write to {folder} ({error.strerror})"
        export = "$env:HF_HOME=" if os.name == "nt" else "export HF_HOME="
        yield Finding(TROUBLE, "cache", seen, f'{export}"{root / ".kata" / "huggingface"}"')


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _mend(root: Path, kind: str, names: list[str]) -> str:
    if kind == EXTRA:
        return f"move it out of data/: {names[0]}"
    if kind == POINTER:
        return "git lfs install && git lfs pull"
    folders = [
        f.as_posix() for f in FOLDERS if any(n.startswith(f"{f.as_posix()}/") for n in names)
    ]
    command = restore_command(root, names if len(names) <= MOST_NAMED else folders)
    if kind == LINE_ENDINGS and command.startswith("git"):
        return f"rm {' '.join(names)} && {command}"  # git takes the file for unchanged
    return command
