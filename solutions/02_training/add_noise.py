"""Corrupt a batch: mix each picture with noise, as much as its timestep asks for.

Goal    the forward process of DDPM on a whole batch, and a ladder that shows it
Source  Ho et al. 2020, equation 4; diffusers.DDPMScheduler.add_noise
Check   pytest exercises/02_training/add_noise.py
Stuck   kata hint add_noise
"""

import torch


def corrupt(scheduler, clean_images, timesteps, generator=None):
    """Return the noisy pictures and the noise that made them so.

    scheduler     a DDPMScheduler; it knows how to mix
    clean_images  (B, C, H, W) float tensor in [-1, 1], left as it was
    timesteps     (B,) int64 in [0, scheduler.config.num_train_timesteps), one for each picture,
                  left as it was
    generator     torch.Generator on the pictures' device to draw the noise from, or None for the
                  global one
    return        `noisy_images, noise`: two tensors like clean_images (shape, dtype, device). The
                  noise is standard normal, each number drawn for itself, anew at each call; picture
                  i of noisy_images is picture i and its noise, mixed for timesteps[i]
    """
    # Draw standard normal noise, then let the scheduler mix it in.
    noise = torch.randn(
        clean_images.shape,
        generator=generator,
        device=clean_images.device,
        dtype=clean_images.dtype,
    )
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return noisy_images, noise


def noise_ladder(scheduler, images, count, generator=None):
    """Return the pictures at `count` rungs from clean to pure noise.

    scheduler  a DDPMScheduler; T is its config.num_train_timesteps
    images     (B, C, H, W) float tensor in [-1, 1], left as it was
    count      number of rungs, 2 or more; their timesteps are spread evenly from 0 to T - 1, both
               included: the points of `torch.linspace`, rounded down to whole numbers. Where a
               point falls on a whole number, one less is right, too
    generator  torch.Generator on the pictures' device to draw the noise from, or None for the
               global one
    return     (count, B, C, H, W) like images (dtype, device): rung r holds every picture at the
               r-th of these timesteps. Each picture has a standard normal noise of its own, drawn
               anew at each call, and keeps it on all rungs, so that one can watch it drown
    """
    # Draw one noise for the pictures, then mix it in once for each rung.
    last = scheduler.config.num_train_timesteps - 1
    timesteps = torch.linspace(0, last, count).long().to(images.device)
    noise = torch.randn(images.shape, generator=generator, device=images.device, dtype=images.dtype)
    rungs = [scheduler.add_noise(images, noise, t.repeat(len(images))) for t in timesteps]
    return torch.stack(rungs)
