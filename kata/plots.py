"""Plots of the tooling, by matplotlib without a screen."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure


def save_loss_curve(losses: list[float], steps_per_epoch: int, path: Path) -> None:
    """Write a PNG: the loss of each step, pale, and the mean of each epoch, on a log axis."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, len(losses) + 1) / steps_per_epoch
    axes.plot(steps, losses, color="tab:blue", alpha=0.25, linewidth=0.8, label="each step")
    epochs = len(losses) // steps_per_epoch
    if epochs:
        means = np.reshape(losses[: epochs * steps_per_epoch], (epochs, steps_per_epoch)).mean(1)
        axes.plot(np.arange(1, epochs + 1), means, color="tab:blue", marker=".", label="epoch mean")
    axes.set(xlabel="epoch", ylabel="mean squared error of the noise", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=120, format="png")
