"""Train data/models/ddpm-butterflies-32px, a DDPMPipeline, on data/butterflies.

python data/train_ddpm.py      resumable: call it again to go on where it stopped
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from sheets import save_sheet
from training import DATA, Plan, butterflies, device, flipped, train

PLAN = Plan(steps=4000, batch_size=32, lr=1e-3, seed=2026)
FOLDER = DATA / "models" / "ddpm-butterflies-32px"


def build_unet() -> UNet2DModel:
    """The UNet of `kata train --profile cpu`, with a quarter of its norm groups.

    With 32 groups of one channel each the finest level could not see the timestep.
    """
    return UNet2DModel(
        sample_size=32,
        block_out_channels=(32, 64, 96),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=8,
    )


def make_scheduler() -> DDPMScheduler:
    """Velocity as the target: it asks for the picture where hardly more than noise is left.

    A model of the noise may err there by a thousandth, and its guess of the picture, divided by
    the square root of alpha_bar, is off by a whole colour: butterflies on grounds of their tint.
    Salimans and Ho 2022, appendix D; DDPMScheduler.get_velocity.
    """
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
    )


def main() -> None:
    torch.manual_seed(PLAN.seed)
    where = device()
    unet = build_unet().to(where)
    scheduler = make_scheduler()
    pictures, _ = butterflies(32)
    pictures = pictures.to(where)

    def loss_of(generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(pictures), (PLAN.batch_size,), generator=generator)
        clean = flipped(pictures[chosen], generator)
        noise = torch.randn(clean.shape, generator=generator).to(where)
        timesteps = torch.randint(1000, (len(clean),), generator=generator).to(where)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        velocity = scheduler.get_velocity(clean, noise, timesteps)
        return torch.nn.functional.mse_loss(unet(noisy, timesteps).sample, velocity)

    def preview(path: Path) -> None:
        pipeline = DDPMPipeline(unet, DDIMScheduler.from_config(scheduler.config))
        pipeline.set_progress_bar_config(disable=True)
        generator = torch.Generator().manual_seed(0)
        images = pipeline(batch_size=16, generator=generator, num_inference_steps=50).images
        save_sheet(images, 4, path)

    facts = train("ddpm", PLAN, unet, loss_of, preview)
    DDPMPipeline(unet.half(), scheduler).save_pretrained(FOLDER)
    (FOLDER / "training.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
