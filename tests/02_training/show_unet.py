"""The blocks of a UNet on its way down and up, and a guess at the noise."""

import torch
from diffusers import UNet2DModel

from kata import panels
from kata.probes import GaussianUNet

SIZE, CHANNELS = 32, (32, 64, 64, 96)
ATTENTION = "#f2b45c"


def show(kata):
    figure, axes = panels.figure(8, 5.2, "blocks", "guess", height_ratios=(1, 1))
    with panels.panel(kata, axes["blocks"], f"build_unet({SIZE}, {CHANNELS})"):
        unet = panels.expect(kata.build_unet(SIZE, CHANNELS), UNet2DModel)
        _draw_blocks(axes["blocks"], unet.config)
    with panels.panel(kata, axes["guess"], "predict_noise, asked of a simple model"):
        _draw_guess(kata, axes["guess"])
    return figure


def _draw_blocks(axis, config):
    """A bar for each block, as high as its pictures, with its channels."""
    if not config.sample_size:
        raise panels.CannotDraw("a configuration with a sample_size", config.sample_size)
    channels = [*config.block_out_channels, *reversed(config.block_out_channels)]
    blocks = [*config.down_block_types, *config.up_block_types]
    levels = [*range(len(config.down_block_types)), *reversed(range(len(config.up_block_types)))]
    for place, (block, level) in enumerate(zip(blocks, levels, strict=True)):
        side = config.sample_size / 2**level
        axis.bar(place, side, 0.8, color=ATTENTION if "Attn" in block else panels.PALE)
        axis.text(place, side + 1, f"{side:g} x {side:g}", ha="center", fontsize=8)
    names = [
        f"{block.removesuffix('Block2D')}\n{width}"
        for block, width in zip(blocks, channels, strict=True)
    ]
    axis.set_xticks(range(len(blocks)), names, fontsize=8)
    axis.set(yticks=[], ylim=(0, config.sample_size * 1.2))
    axis.spines[["top", "left", "right"]].set_visible(False)
    panels.say(axis, "channels of each block; orange: with attention")


def _draw_guess(kata, axis):
    images = panels.butterflies(6, SIZE)
    timesteps = torch.tensor([450, 550, 650, 750, 850, 950])
    noise = torch.randn(images.shape, generator=panels.generator())
    model = GaussianUNet(images.mean().item(), images.std().item(), SIZE)
    signal = model.alpha_bar(timesteps).float().view(-1, 1, 1, 1)
    noisy_images = signal.sqrt() * images + (1 - signal).sqrt() * noise
    guess = kata.predict_noise(model, noisy_images, timesteps)
    rows = torch.cat([noisy_images, panels.as_batch(guess), noise])
    names = [f"t = {t}" for t in timesteps]
    panels.pictures(axis, rows, len(images), names, ["noisy", "guess", "noise"])
    panels.say(axis, f"the guess: {panels.describe(guess)}")
