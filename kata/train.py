"""`kata train`: the capstone. The learner's own katas, end to end, on the butterflies."""

import copy
import time
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate import Accelerator
from diffusers import DDIMScheduler, DDPMPipeline
from diffusers.training_utils import EMAModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kata.learner import Functions
from kata.plots import save_loss_curve
from kata.profiles import NEEDED, Profile
from kata.run import Run, RunError


def run_training(
    functions: Functions,
    profile: Profile,
    dataset_name: str,
    folder: Path,
    seed: int,
    fresh: bool,
) -> None:
    """Train, and leave the loss curve, the sample sheets and the pipeline in `folder`.

    Raises Unfinished when a kata is missing, RunError when the folder cannot be used.
    """
    started = time.monotonic()
    functions.require(*NEEDED)
    settings = {**asdict(profile), "dataset": dataset_name, "seed": seed, "from": functions.tree}
    settings["block_out_channels"] = list(profile.block_out_channels)
    accelerator = Accelerator()
    run = Run(folder, settings)
    console = Console(quiet=not accelerator.is_main_process)
    if accelerator.is_main_process:
        resumed = run.open(fresh)
        console.print(f"{'Going on' if resumed else 'A new run'} in {folder}")
    accelerator.wait_for_everyone()
    torch.manual_seed(seed)
    model = functions("unet", "build_unet")(profile.image_size, profile.block_out_channels)
    scheduler = functions("noise_schedule", "make_scheduler")()
    loader = _make_loader(functions, profile, dataset_name, seed)
    torch.manual_seed(seed + accelerator.process_index)
    model, loader = _place(accelerator, model, loader)
    with _Monitor(run, profile, functions, model, scheduler, loader, accelerator, console) as after:
        epoch_losses = functions("train_loop", "train")(
            model,
            scheduler,
            loader,
            profile.num_epochs,
            profile.lr,
            checkpoint=str(run.checkpoint(accelerator.process_index)),
            after_step=after,
        )
    if accelerator.is_main_process:
        after.finish()
        minutes = (time.monotonic() - started) / 60
        console.print(f"Mean loss of the last epoch {epoch_losses[-1]:.4f}, {minutes:.1f} minutes")
        for name in ("loss.png", "samples.png", "pipeline"):
            console.print(f"  {run.folder / name}")


def _make_loader(functions: Functions, profile: Profile, dataset_name: str, seed: int):
    shipped = functions.manifest.root / dataset_name
    source = str(shipped) if shipped.is_dir() else dataset_name
    dataset = functions("load_images", "load_butterflies")(source, "train")
    if profile.num_pictures is not None:
        dataset = dataset.select(range(min(profile.num_pictures, len(dataset))))
    dataset = functions("transform", "attach")(dataset, profile.image_size)
    return functions("dataloader", "make_dataloader")(dataset, profile.batch_size, seed)


def _place(accelerator: Accelerator, model, loader):
    """On several devices Accelerate wraps the model and shares the batches out."""
    if accelerator.num_processes == 1:
        return model.to(accelerator.device), loader
    return accelerator.prepare(model, loader)


class _Monitor:
    """The callback of the learner's loop: progress bar, moving average, curve, sample sheets."""

    def __init__(self, run, profile, functions, model, scheduler, loader, accelerator, console):
        self.run, self.profile, self.functions, self.console = run, profile, functions, console
        self.model = accelerator.unwrap_model(model)
        self.scheduler = scheduler
        self.steps_per_epoch = len(loader)
        self.is_main = accelerator.is_main_process
        self.losses: list[float] = []
        self.ema = self._new_average()
        self.progress = _progress(console)
        self.task = None

    def __enter__(self):
        self.progress.start()
        total = self.profile.num_epochs * self.steps_per_epoch
        self.task = self.progress.add_task("training", total=total, loss="")
        return self

    def __exit__(self, *exception):
        self.progress.stop()

    def __call__(self, step: int, loss: float) -> None:
        """Called by the learner's `train` after each optimizer step."""
        if not self.is_main:
            return
        if len(self.losses) != step:
            self._go_on_from(step)
        self.losses.append(loss)
        if self.ema is not None:
            self.ema.step(self.model.parameters())
        recent = self.losses[-self.steps_per_epoch :]
        self.progress.update(
            self.task, completed=step + 1, loss=f"loss {sum(recent) / len(recent):.4f}"
        )
        if (step + 1) % self.steps_per_epoch == 0:
            self._end_epoch((step + 1) // self.steps_per_epoch)

    def finish(self) -> None:
        """The last sheet, and the trained pipeline."""
        if not self.losses:
            last = self.profile.num_epochs * self.steps_per_epoch
            self._go_on_from(last)
        self._save_curve()
        pipeline = self._pipeline(self.scheduler)
        self._save_sheet(pipeline, self.profile.sample_steps, "samples.png")
        pipeline.save_pretrained(self.run.pipeline)

    def _end_epoch(self, epoch: int) -> None:
        """Before the learner's checkpoint of this epoch: what belongs to it lies ready then."""
        step = epoch * self.steps_per_epoch
        self.run.write_losses(self.losses)
        if self.ema is not None:
            self.run.write(_ema_name(step), lambda path: torch.save(self.ema.state_dict(), path))
            for old in sorted(self.run.folder.glob("ema-*.pt"))[:-2]:
                old.unlink()
        if epoch % self.profile.preview_every == 0 or epoch == self.profile.num_epochs:
            mean = sum(self.losses[-self.steps_per_epoch :]) / self.steps_per_epoch
            self.progress.console.print(f"epoch {epoch:3d}  mean loss {mean:.4f}")
            self._save_curve()
            scheduler = DDIMScheduler.from_config(self.scheduler.config)
            name = f"samples-{epoch:03d}.png"
            self._save_sheet(self._pipeline(scheduler), self.profile.preview_steps, name)

    def _go_on_from(self, step: int) -> None:
        self.losses = self.run.losses(before=step)
        self.progress.update(self.task, completed=step)
        if self.ema is not None:
            path = self.run.folder / _ema_name(step)
            if not path.is_file():
                raise RunError(f"{path} is missing: start anew with --fresh.")
            self.ema.load_state_dict(torch.load(path, weights_only=True))
            self.ema.to(self.model.device)

    def _new_average(self) -> EMAModel | None:
        if self.profile.ema_decay is None:
            return None
        return EMAModel(
            self.model.parameters(), decay=self.profile.ema_decay, use_ema_warmup=True, power=0.75
        )

    def _pipeline(self, scheduler) -> DDPMPipeline:
        model = copy.deepcopy(self.model)
        if self.ema is not None:
            self.ema.copy_to(model.parameters())
        pipeline = DDPMPipeline(unet=model.eval(), scheduler=scheduler)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _save_sheet(self, pipeline: DDPMPipeline, steps: int, name: str) -> None:
        """Sixteen pictures from one seed: the same noise in every sheet."""
        result = pipeline(
            batch_size=16,
            generator=torch.Generator().manual_seed(0),
            num_inference_steps=steps,
            output_type="np",
        )
        batch = torch.from_numpy(result.images).permute(0, 3, 1, 2) * 2 - 1
        sheet = self.functions("show_images", "to_grid")(batch, 4)
        sheet = sheet.resize((sheet.width * 3, sheet.height * 3), resample=0)
        self.run.write(name, lambda path: sheet.save(path, format="PNG"))

    def _save_curve(self) -> None:
        self.run.write(
            "loss.png", lambda path: save_loss_curve(self.losses, self.steps_per_epoch, path)
        )


def _ema_name(step: int) -> str:
    return f"ema-{step:06d}.pt"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
        console=console,
    )
