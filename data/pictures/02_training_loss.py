"""Make loss.png of exercises/02_training: the loss over a training, and over the timesteps.

python data/pictures/02_training_loss.py
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from datasets import load_dataset
from diffusers import UNet2DModel
from torch.utils.data import DataLoader

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "exercises" / "02_training" / "pictures"
SIZE, BATCH_SIZE, NUM_EPOCHS, LR, SEED = 16, 32, 20, 2e-3, 0
TRAINING, HELD_OUT = range(512), range(512, 576)
BLUE, RED, GREY = "#2a6fbb", "#c8553d", "#999999"


def solution(name):
    """The functions of a reference solution, by name."""
    return runpy.run_path(str(ROOT / "solutions" / f"{name}.py"))


def butterflies(indices):
    """Some pictures of the data set, preprocessed: a list of (3, SIZE, SIZE) in [-1, 1]."""
    dataset = load_dataset(str(ROOT / "data" / "butterflies"), split="train").select(indices)
    preprocess = solution("01_data/preprocess")["make_preprocess"](SIZE)
    return [preprocess(image) for image in dataset["image"]]


def small_unet():
    return UNet2DModel(
        sample_size=SIZE,
        layers_per_block=1,
        block_out_channels=(32, 64),
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )


@torch.no_grad()
def loss_by_timestep(model, scheduler, images, timesteps):
    """The mean squared error on all the images at each timestep alone."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(SEED))
    losses = []
    for timestep in timesteps:
        t = timestep.repeat(len(images))
        error = model(scheduler.add_noise(images, noise, t), t).sample - noise
        losses.append(error.square().mean().item())
    return losses


def draw_training(axis, step_losses, epoch_losses):
    steps = torch.arange(len(step_losses)) / len(step_losses) * NUM_EPOCHS
    axis.plot(steps, step_losses, color=BLUE, alpha=0.3, linewidth=0.8, label="of each batch")
    axis.plot(torch.arange(NUM_EPOCHS) + 0.5, epoch_losses, color=BLUE, label="mean of each epoch")
    axis.set(title="over the training", xlabel="epoch", ylabel="loss", xlim=(0, NUM_EPOCHS))
    axis.set_xticks(range(0, NUM_EPOCHS + 1, 5))


def draw_timesteps(axis, timesteps, before, after):
    axis.plot(timesteps, before, color=GREY, label="before the training")
    axis.plot(timesteps, after, color=RED, label="after it")
    axis.set(title="over the timesteps", xlabel="timestep t", xlim=(0, 999))


def main():
    scheduler = solution("02_training/noise_schedule")["make_scheduler"]()
    train = solution("02_training/train_loop")["train"]
    torch.manual_seed(SEED)
    model = small_unet()
    examples = [{"images": image} for image in butterflies(TRAINING)]
    loader = DataLoader(examples, batch_size=BATCH_SIZE, shuffle=True)
    timesteps, unseen = torch.linspace(0, 999, 41).long(), torch.stack(butterflies(HELD_OUT))
    before = loss_by_timestep(model, scheduler, unseen, timesteps)
    step_losses = []
    epoch_losses = train(
        model,
        scheduler,
        loader,
        NUM_EPOCHS,
        LR,
        after_step=lambda _, loss: step_losses.append(loss),
    )
    after = loss_by_timestep(model, scheduler, unseen, timesteps)
    print(f"mean loss of the first epoch {epoch_losses[0]:.3f}, of the last {epoch_losses[-1]:.3f}")

    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
    draw_training(axes[0], step_losses, epoch_losses)
    draw_timesteps(axes[1], timesteps, before, after)
    for axis in axes:
        axis.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
        axis.set(yscale="log", ylim=(0.004, 2), yticks=[0.01, 0.1, 1], yticklabels=[0.01, 0.1, 1])
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    axes[0].text(NUM_EPOCHS, 1.08, "always answers 0", ha="right", color=GREY, fontsize=8)
    figure.savefig(PICTURES / "loss.png", dpi=110)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    main()
