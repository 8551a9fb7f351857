"""A training run on disk: its settings, its losses, its pictures, and what it goes on from.

runs/cpu/settings.json      what was asked for; a run goes on only with the same
runs/cpu/losses.csv         step, loss
runs/cpu/loss.png           the loss curve
runs/cpu/samples-005.png    what the model paints after five epochs
runs/cpu/checkpoint.pt      written by the learner's `train` after each epoch
runs/cpu/ema-000160.pt      the moving average of the weights at a step
runs/cpu/pipeline/          the trained DDPMPipeline, once the run is finished
"""

import csv
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from kata.errors import KataError


class RunError(KataError):
    """A run cannot start or go on; the message says what to type."""


class Run:
    """One folder. Files are replaced as a whole, so an interruption leaves none half written."""

    def __init__(self, folder: Path, settings: dict):
        self.folder = folder
        self.settings = settings

    def open(self, fresh: bool) -> bool:
        """Make the folder or go on in it; return whether there is a checkpoint to go on from.

        fresh  keep an earlier run aside and start anew
        Raises RunError when the folder holds a run of other settings, or cannot be written.
        """
        path = self.folder / "settings.json"
        if fresh and self.folder.exists():
            aside = self.folder.with_name(
                f"{self.folder.name}-until-{time.strftime('%Y%m%d-%H%M%S')}"
            )
            self.folder.rename(aside)
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            earlier = None
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}). Start anew with --fresh.") from error
        kept = {key for key in self.settings if key != "num_epochs"}  # a run may be made longer
        changed = [key for key in kept if earlier and earlier.get(key) != self.settings[key]]
        if changed:
            raise RunError(
                f"{self.folder} holds a run with another {', '.join(sorted(changed))}.\n"
                "Give --out another folder, or --fresh to keep that run aside and start anew."
            )
        self.write("settings.json", lambda p: p.write_text(json.dumps(self.settings, indent=2)))
        return self.checkpoint(0).is_file()

    def checkpoint(self, rank: int) -> Path:
        """Where the learner's `train` keeps what it needs to go on, one file a process."""
        return self.folder / (f"checkpoint-{rank}.pt" if rank else "checkpoint.pt")

    @property
    def pipeline(self) -> Path:
        return self.folder / "pipeline"

    def write(self, name: str, save: Callable[[Path], object]) -> Path:
        """Write a file by `save(path)`, beside its place first. Raises RunError on a full disk."""
        path = self.folder / name
        temporary = self.folder / f".{name}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            save(temporary)
            os.replace(temporary, path)
        except OSError as error:
            raise RunError(f"Cannot write {path}: {error.strerror or error}.") from error
        return path

    def losses(self, before: int) -> list[float]:
        """The losses of the steps below `before` that an interrupted run left."""
        try:
            with (self.folder / "losses.csv").open(newline="") as file:
                rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [loss for step, loss in rows if step < before]

    def write_losses(self, losses: list[float]) -> None:
        lines = ["step,loss", *(f"{step},{loss:.6f}" for step, loss in enumerate(losses))]
        self.write("losses.csv", lambda path: path.write_text("\n".join(lines) + "\n"))
