"""The loop that trained the models in data/models: seeded, resumable, with a moving average.

A run lies in a folder of its own: `checkpoint.pt` (everything to go on from), `loss.png`, and the
previews. Whoever stops it and calls again with the same settings ends in the same weights.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from datasets import load_dataset
from diffusers.optimization import get_cosine_schedule_with_warmup
from diffusers.training_utils import EMAModel
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from torchvision import transforms

DATA = Path(__file__).parent
RUNS = DATA.parent / "runs" / "models"
CONSOLE = Console()
LOG_EVERY, SAVE_EVERY, PREVIEW_EVERY = 100, 100, 500


@dataclass(frozen=True)
class Plan:
    """The numbers of a training. `ema_decay` is that of the average of the weights that is kept."""

    steps: int
    batch_size: int
    lr: float
    seed: int
    warmup: int = 100
    ema_decay: float = 0.999


def device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return Accelerator().device


def butterflies(image_size: int, colored_only: bool = False) -> tuple[torch.Tensor, list[str]]:
    """Return the pictures, (N, 3, s, s) float32 in [-1, 1], and their captions."""
    dataset = load_dataset(str(DATA / "butterflies"), split="train")
    if colored_only:  # a greyscale picture does not show the colours that its caption tells
        dataset = dataset.filter(lambda mode: mode != "L", input_columns="mode")
    pictures = [image.convert("RGB") for image in dataset["image"]]
    return to_tensor(pictures, image_size), list(dataset["caption"])


def to_tensor(images: list[Image.Image], side: int) -> torch.Tensor:
    """Return the RGB pictures as (N, 3, side, side) float32 in [-1, 1]."""
    prepare = transforms.Compose(
        [
            transforms.Resize((side, side)),
            transforms.ToTensor(),
            transforms.Normalize([0.5], [0.5]),
        ]
    )
    return torch.stack([prepare(image) for image in images])


def flipped(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return the batch with about half of the pictures mirrored."""
    coins = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.5
    return torch.where(coins.to(pictures.device), pictures.flip(-1), pictures)


def train(
    name: str,
    plan: Plan,
    modules: torch.nn.Module,
    loss_of: Callable[[torch.Generator], torch.Tensor],
    preview: Callable[[Path], None],
) -> dict:
    """Minimise a loss over the parameters of `modules`, which end as their moving average.

    loss_of  draws a batch and whatever else is random from the generator (on the CPU)
    preview  saves a picture of what `modules` can do at the path that it is given
    return   the facts of the training: the plan, seconds, device, loss of the last hundred steps
    """
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    state = _State(plan, modules)
    if (folder / "checkpoint.pt").is_file():
        state.load(folder / "checkpoint.pt")
        CONSOLE.print(f"{name}: going on from step {state.step} in {folder}")
    modules.train()
    with Progress(console=CONSOLE, disable=not CONSOLE.is_terminal) as progress:
        task = progress.add_task(name, total=plan.steps, completed=state.step)
        while state.step < plan.steps:
            state.advance(loss_of)
            progress.advance(task)
            if state.step % LOG_EVERY == 0:
                CONSOLE.print(f"{name} step {state.step:5d}  loss {state.recent_loss():.4f}")
            if state.step % SAVE_EVERY == 0 or state.step == plan.steps:
                state.save(folder / "checkpoint.pt")
            if state.step % PREVIEW_EVERY == 0:
                with state.averaged():
                    preview(folder / f"preview-{state.step:05d}.png")
    state.ema.copy_to(modules.parameters())
    modules.eval().requires_grad_(False)
    return state.facts()


class _State:
    """Everything that changes while a model is trained."""

    def __init__(self, plan: Plan, modules: torch.nn.Module):
        self.plan, self.modules = plan, modules
        self.parameters = list(modules.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=plan.lr)
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, plan.warmup, plan.steps)
        self.ema = EMAModel(self.parameters, decay=plan.ema_decay, use_ema_warmup=True, power=0.75)
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.losses: list[float] = []
        self.seconds = 0.0

    @property
    def step(self) -> int:
        return len(self.losses)

    def advance(self, loss_of: Callable[[torch.Generator], torch.Tensor]) -> None:
        """One step of the optimizer, and of the average."""
        started = time.monotonic()
        loss = loss_of(self.generator)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        self.ema.step(self.parameters)
        self.losses.append(loss.item())
        self.seconds += time.monotonic() - started

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Within, the modules hold their averaged weights and are in evaluation mode."""
        self.ema.store(self.parameters)
        self.ema.copy_to(self.parameters)
        self.modules.eval()
        try:
            yield
        finally:
            self.ema.restore(self.parameters)
            self.modules.train()

    def recent_loss(self) -> float:
        recent = self.losses[-100:]
        return sum(recent) / len(recent)

    def save(self, path: Path) -> None:
        """Write a checkpoint as a whole: an interruption leaves the one before."""
        parts = {
            "plan": asdict(self.plan),
            "modules": self.modules.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "ema": self.ema.state_dict(),
            "generator": self.generator.get_state(),
            "losses": self.losses,
            "seconds": self.seconds,
        }
        temporary = path.with_suffix(".tmp")
        torch.save(parts, temporary)
        os.replace(temporary, path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint. Raises SystemExit when it is of another plan."""
        parts = torch.load(path, weights_only=True)
        if parts["plan"] != asdict(self.plan):
            raise SystemExit(f"{path} was made with other settings: move that folder away first.")
        self.modules.load_state_dict(parts["modules"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self.schedule.load_state_dict(parts["schedule"])
        self.ema.load_state_dict(parts["ema"])
        self.ema.to(self.parameters[0].device)
        self.generator.set_state(parts["generator"])
        self.losses, self.seconds = parts["losses"], parts["seconds"]

    def facts(self) -> dict:
        where = self.parameters[0].device
        return {
            **asdict(self.plan),
            "minutes": round(self.seconds / 60, 1),
            "device": torch.cuda.get_device_name(where) if where.type == "cuda" else "CPU",
            "threads": torch.get_num_threads(),
            "loss": round(self.recent_loss(), 4),
        }
