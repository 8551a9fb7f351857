"""Paint pictures: walk from noise to pictures, asking the model at each timestep.

Goal    the sampling loop of DDPM and DDIM by hand, and the frames of a film of it
Source  Ho et al. 2020, algorithm 2; Song et al. 2021 (DDIM), equation 12; diffusers.DDPMPipeline
Check   pytest exercises/03_sampling/denoise_loop.py
Stuck   kata hint denoise_loop
"""

import torch


def denoise(model, scheduler, noise, num_inference_steps, generator=None):
    """Return the pictures that the model makes of `noise`.

    One pass of the whole batch through the model for each of the scheduler's timesteps, as its
    `set_timesteps` picks and orders them; what a step gives is what the next one begins with.

    model                a UNet2DModel that predicts noise. It is asked in evaluation mode;
                         afterwards it is as it came: its mode, its weights, which of them learn
    scheduler            a DDPMScheduler or a DDIMScheduler, perhaps used before. Its `step` takes
                         the noise away, with the settings that `step` has by itself
    noise                (B, C, H, W) float32, standard normal, on the model's device: the sample
                         that the walk begins with, left as it was
    num_inference_steps  number of steps, from 1 to scheduler.config.num_train_timesteps
    generator            torch.Generator for the noise that `step` adds on the way (DDPM adds
                         some, DDIM does not), or None for the global one
    return               (B, C, H, W) float32 on the model's device: the sample after the last
                         step, just as it is, not clamped and not rescaled

    Nothing is kept for a backward pass: neither the pictures nor the samples that the model is
    shown are on autograd's graph; nor is autograd left switched off.
    """
    # TODO: Set the timesteps. At each of them predict the noise, and let the scheduler take a step.
    raise NotImplementedError("TODO: denoise")


def denoising_frames(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Return `count` samples from the walk of `denoise`, from the noise to the pictures.

    The arguments are those of `denoise`, and so are the promises. The walk is the same, and it is
    walked once, however many frames are kept.

    count   number of frames, from 2 to num_inference_steps + 1
    return  a list of `count` tensors (B, C, H, W) float32 on the model's device. Number i of them,
            counted from 0, is the sample after `i * num_inference_steps / (count - 1)` steps,
            rounded down to a whole number: the first one is the noise, the last one is what
            `denoise` returns. No later step changes them
    """
    # TODO: Take the steps of `denoise`, and keep the samples that are asked for.
    raise NotImplementedError("TODO: denoising_frames")
