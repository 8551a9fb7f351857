"""The loss of diffusion training: how far off the model's guess at the noise is.

Goal    from a batch of clean pictures to one number that `backward` can follow
Source  Ho et al. 2020, equation 14 and algorithm 1; torch.nn.functional.mse_loss
Check   pytest exercises/02_training/loss_step.py
Stuck   kata hint loss_step
"""

import torch
import torch.nn.functional as F


def training_loss(model, scheduler, clean_images, generator=None):
    """Return the mean squared error between the noise and the model's prediction of it.

    Each picture is noised at a timestep of its own, the model sees the noisy pictures and the
    timesteps, and what it should have answered is the noise that was mixed in.

    model         a UNet2DModel: `model(noisy_images, timesteps)`; called once, on the whole batch,
                  and left as it was, weights, gradients and mode: `zero_grad`, `backward` and
                  `train()` are for whoever called
    scheduler     a DDPMScheduler that trains on the noise (prediction_type "epsilon"), left as it
                  was; somebody may have called its `set_timesteps`
    clean_images  (B, C, H, W) float32 in [-1, 1], left as it was
    generator     torch.Generator on the CPU that timesteps and noise are drawn from, or None for
                  the global one; draw there, then move to the device of the pictures
    return        a float32 tensor of one number (shape ()), on the graph: the mean over all
                  pictures, channels and pixels

    Each call draws anew: the timesteps one for each picture, a tensor (B,) of integers (int64
    or int32), uniform and independent over 0 ... scheduler.config.num_train_timesteps - 1, both
    included; the noise standard normal, in the shape of the pictures.
    """
    # Draw timesteps and noise, mix, let the model predict the noise, compare the two.
    timesteps = torch.randint(
        0, scheduler.config.num_train_timesteps, (len(clean_images),), generator=generator
    ).to(clean_images.device)
    noise = torch.randn(clean_images.shape, generator=generator).to(clean_images.device)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    predicted_noise = model(noisy_images, timesteps).sample
    return F.mse_loss(predicted_noise, noise)
