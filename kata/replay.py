"""A training step seen from outside: what the model was shown says which loss it must have had.

A `RecordingUNet` remembers its noisy pictures and timesteps. With the clean pictures the noise
follows from them, and with the noise the loss: in whatever order the learner's code drew.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from kata import expect
from kata.describe import describe
from kata.verdict import Wrong

ONE_FOR_ALL = "One timestep for the whole batch: each picture needs one of its own."


@dataclass(frozen=True)
class Shown:
    """One forward pass: what the model saw, and the noise (B, C, H, W) that explains it."""

    clean: torch.Tensor
    noisy: torch.Tensor
    timesteps: torch.Tensor
    noise: torch.Tensor

    def predicted_by(self, model: torch.nn.Module) -> torch.Tensor:
        return model(self.noisy, self.timesteps).sample

    def loss(self, model: torch.nn.Module) -> torch.Tensor:
        """The mean squared error between this model's prediction and the noise."""
        return torch.nn.functional.mse_loss(self.predicted_by(model), self.noise)


def flat(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """All numbers of these tensors in one long vector, as a copy."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def item_hint(loss: object) -> str:
    """What to say to a tensor in the place of a number."""
    return "`loss.item()` gives the number alone." if isinstance(loss, torch.Tensor) else ""


def rates(scheduler, timesteps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar) in float64, shaped to multiply a batch."""
    alphas_cumprod = scheduler.alphas_cumprod.cpu().double()
    alpha_bar = alphas_cumprod[timesteps.cpu().long()].view(-1, 1, 1, 1)
    return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()


def only_pass(calls: list[dict], clean: torch.Tensor, scheduler) -> Shown:
    """Read the calls of a model that must have been called once."""
    expect.that(
        len(calls) == 1,
        f"the model was called {len(calls)} times" if calls else "the model was never called",
        "one forward pass of the whole batch",
    )
    return shown(calls[0], clean, scheduler)


def shown(call: dict, clean: torch.Tensor, scheduler) -> Shown:
    """Read one recorded call. Raises Wrong for shapes, timesteps or pictures that cannot be right.

    What was drawn is not judged here: see `expect_draws`.
    """
    noisy, timesteps = call["sample"], call["timestep"]
    expect.tensor(
        noisy, tuple(clean.shape), clean.dtype, name="what the model was shown as pictures"
    )
    expect.that(
        not torch.equal(noisy, clean),
        "the model was shown the clean pictures",
        "the noisy pictures, as the scheduler's `add_noise` mixes them",
    )
    _expect_timesteps(timesteps, len(clean), scheduler.config.num_train_timesteps)
    signal, sigma = rates(scheduler, timesteps)
    noise = ((noisy.cpu().double() - signal * clean.cpu()) / sigma).to(clean)
    return Shown(clean, noisy, timesteps, noise)


def _expect_timesteps(timesteps: object, count: int, end: int) -> None:
    """One whole number for each picture, within the schedule."""
    name = "what the model was shown as timesteps"
    expect.that(
        count == 1 or (isinstance(timesteps, torch.Tensor) and timesteps.numel() > 1),
        f"{name} is {describe(timesteps)}",
        f"{count} timesteps for {count} pictures",
        ONE_FOR_ALL,
    )
    expect.tensor(timesteps, (count,), name=name)
    expect.that(
        timesteps.dtype in (torch.int64, torch.int32),
        f"{name} is a {describe(timesteps)}",
        "whole numbers (int64): they are places in the schedule",
    )
    expect.tensor(timesteps, between=(0, end - 1), name=name)


def expect_draws(scheduler, seen: list[Shown]) -> None:
    """Timesteps and noise of these forward passes are drawn as the loss of DDPM wants them."""
    expect_timesteps(scheduler, seen)
    expect_noise(scheduler, seen)


def expect_timesteps(scheduler, seen: list[Shown]) -> None:
    """Each picture's timestep is its own, and every one of the schedule is as likely as another."""
    end = scheduler.config.num_train_timesteps
    together = [len(one.timesteps.unique()) == 1 for one in seen]
    by_chance = math.prod(end ** (1 - len(one.timesteps)) for one in seen)
    expect.that(
        not all(together) or by_chance > 1e-7,
        f"a batch whose {len(seen[0].timesteps)} timesteps are all {seen[0].timesteps[0]}",
        "a timestep for each picture, drawn independently",
        ONE_FOR_ALL,
    )
    large = [tuple(one.timesteps.tolist()) for one in seen if end ** len(one.timesteps) > 1e12]
    expect.that(
        len(set(large)) == len(large),
        "two batches with the very same timesteps",
        "timesteps that are drawn anew for each batch",
    )
    timesteps = torch.cat([one.timesteps for one in seen]).long()
    counts, mean = timesteps.bincount(minlength=end), len(timesteps) / end
    never = (counts == 0).nonzero().flatten().tolist()
    expect.that(
        not never or end * (1 - 1 / end) ** len(timesteps) > 1e-7,
        f"timestep {describe(never)} never drawn among {len(timesteps)}",
        f"timesteps that are uniform over 0 ... {end - 1}, both included",
        {
            (0,): "Timesteps start at 0.",
            (end - 1,): "The end of `torch.randint` is left out already: no `- 1`.",
        }.get(tuple(never), ""),
    )
    chi_square = ((counts - mean) ** 2 / mean).sum().item()
    free, x = end - 1, math.log(1e7)  # bound of Laurent and Massart: one in ten million
    expect.that(
        mean < 5 or chi_square < free + 2 * math.sqrt(free * x) + 2 * x,
        f"timesteps 0 ... {end - 1} drawn {counts.tolist()} times",
        f"each of them about {mean:.0f} times: uniform over 0 ... {end - 1}",
    )


def expect_noise(scheduler, seen: list[Shown]) -> None:
    """The noise in these forward passes is standard normal, and of each picture's own.

    Raises Wrong with the mistake in the mixture, where it is one that explains what was shown.
    """
    clean, noisy, timesteps, noise = (
        torch.cat([getattr(one, name) for one in seen]).cpu()
        for name in ("clean", "noisy", "timesteps", "noise")
    )
    name = "the noise in the pictures that the model was shown"
    axes = ("pictures", "channels", "rows", "columns")
    wrong = _failure(expect.standard_normal, noise, name)
    wrong = wrong or _failure(expect.independent, noise, axes, name)
    if wrong:
        hint = _mixture_hint(scheduler, clean.double(), noisy.double(), timesteps, noise)
        expected = f"{wrong.expected}; mixed in by the scheduler, at the timesteps shown"
        raise Wrong(wrong.seen, expected, hint or wrong.hint)


def _mixture_hint(scheduler, clean, noisy, timesteps, noise) -> str:
    """What went wrong in mixing, if that explains what the model was shown."""
    for axis, slices in enumerate(("pictures", "channels")):
        correlation = noise.movedim(axis, 0).flatten(1).corrcoef()
        if correlation.fill_diagonal_(0).max() > 0.99:
            return f"Some {slices} share their noise: its shape is too small, or it is drawn once."
    if _is_normal(noise / noise.std()):
        return ""
    signal, sigma = rates(scheduler, timesteps)
    mixtures = {
        "Noise was added on top of the whole picture, which must fade.": noisy - clean,
        "Pictures and noise changed places in `add_noise`.": (noisy - sigma * clean) / signal,
        "A missing square root: the rates are sqrt(alpha_bar) and sqrt(1 - alpha_bar).": (
            (noisy - signal**2 * clean) / sigma**2
        ),
        "The pictures were mixed at other timesteps than the model was told.": _likeliest_noise(
            scheduler, clean, noisy
        ),
    }
    return next((hint for hint, other in mixtures.items() if _is_normal(other)), "")


def _likeliest_noise(scheduler, clean: torch.Tensor, noisy: torch.Tensor) -> torch.Tensor:
    """The noise of each picture at the timestep that explains it best."""
    signal, sigma = rates(scheduler, torch.arange(len(scheduler.alphas_cumprod)))
    noise = (noisy[:, None] - signal * clean[:, None]) / sigma  # (B, T, C, H, W)
    likelihood = -0.5 * noise.square().mean(dim=(2, 3, 4)) - sigma.flatten().log()
    return noise[torch.arange(len(noise)), likelihood.argmax(dim=1)]


def _is_normal(values: torch.Tensor) -> bool:
    return _failure(expect.standard_normal, values, "") is None


def _failure(check: Callable, *arguments) -> Wrong | None:
    try:
        check(*arguments)
    except Wrong as wrong:
        return wrong
    return None
