"""Start from a picture: paint it over, as much as you like or only where you like.

Goal    image to image by strength, and inpainting by a mask, with an unconditional model
Source  Meng et al. 2022 (SDEdit), algorithm 1; Lugmayr et al. 2022 (RePaint), section 4.1;
        diffusers.StableDiffusionImg2ImgPipeline.get_timesteps
Check   pytest exercises/03_sampling/image_to_image.py
Stuck   kata hint image_to_image
"""

import numpy as np
import torch
from PIL import Image


def edit(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Return the picture, painted over by the model: a little, much, or altogether.

    Of the scheduler's timesteps for `num_inference_steps` only the last
    `int(num_inference_steps * strength)` are walked. The walk begins with the picture in [-1, 1]
    (0 is -1, 255 is 1), noised by the scheduler's `add_noise` for the first timestep walked, with
    standard normal noise. At each timestep the model predicts the noise once, and the scheduler
    takes a step, with the settings that `step` has by itself. Where no step is left to walk, the
    picture comes back as it was, pixel for pixel.

    pipeline             a DDPMPipeline: its parts are `unet` and `scheduler`, a DDPMScheduler or a
                         DDIMScheduler. It keeps its parts, with their weights and configuration;
                         the `unet`, which is in evaluation mode, stays so, and each of its
                         parameters keeps its `requires_grad`. The `unet` may lie on any device,
                         where the model is asked
    image                a PIL image (RGB) of a size that the model takes, not always a square; left
                         as it was
    strength             from 0, which leaves the picture, to 1, which walks all steps
    seed                 of one CPU generator, from which all noise is drawn, the scheduler's too,
                         each time anew. By one seed, all pictures of a size get the same noise.
                         Torch's global random state plays no part, and is afterwards as it was
    num_inference_steps  number of steps, for `set_timesteps`
    return               a PIL image (RGB) of the same size: the last sample, clamped to [-1, 1] and
                         rounded to the nearest of the 256 values
    Raises ValueError for a strength below 0 or above 1.

    Nothing is kept for a backward pass: what the model is shown carries no graph. Autograd itself
    is left switched on for whoever called.
    """
    # Choose the timesteps, noise the picture for the first of them, walk, and turn it back.
    if not 0 <= strength <= 1:
        raise ValueError(f"strength is {strength}, not within 0 and 1")
    steps = min(int(num_inference_steps * strength), num_inference_steps)
    timesteps = _timesteps(pipeline, num_inference_steps)[num_inference_steps - steps :]
    if steps == 0:
        return image.copy()
    generator = torch.Generator().manual_seed(seed)
    clean = _to_tensor(image, pipeline.unet.device)
    sample = _noised(pipeline.scheduler, clean, timesteps[0], generator)
    for t in timesteps:
        sample = _stepped(pipeline, sample, t, generator)
    return _to_image(sample)


def inpaint(pipeline, image, mask, seed=0, num_inference_steps=50):
    """Return the picture, with what is white in the mask painted anew.

    All of the scheduler's timesteps for `num_inference_steps` are walked. At each of them the model
    predicts the noise once, for the whole picture, and the scheduler takes a step, with the
    settings that `step` has by itself. The pixels to be painted begin as standard normal noise, and
    nothing but the steps changes them. The known pixels are put in before the model looks, at each
    step and so at the first: those of the picture in [-1, 1], noised by `add_noise` for the
    timestep of this step with standard normal noise. It may be drawn anew for each step, or once
    for all; that of the first step may be the very noise with which the others begin. As in `edit`
    nothing is kept for a backward pass, and autograd is left switched on.

    pipeline             as for `edit`
    image                a PIL image (RGB) of a size that the model takes, not always a square; left
                         as it was
    mask                 a PIL image (L) of the same size: a pixel of 128 or more is to be painted,
                         one of less is known; left as it was
    seed                 as for `edit`
    num_inference_steps  number of steps, for `set_timesteps`
    return               a PIL image (RGB) of the same size: the known pixels exactly as they were,
                         the others those of the last sample, clamped to [-1, 1] and rounded to the
                         nearest of the 256 values
    """
    # Begin with noise. Put the known pixels in, noised before each step and clean at the end.
    generator = torch.Generator().manual_seed(seed)
    clean = _to_tensor(image, pipeline.unet.device)
    unknown = torch.from_numpy(np.array(mask) >= 128).to(clean.device)
    sample = torch.randn(clean.shape, generator=generator).to(clean.device)
    for t in _timesteps(pipeline, num_inference_steps):
        known = _noised(pipeline.scheduler, clean, t, generator)
        sample = _stepped(pipeline, torch.where(unknown, sample, known), t, generator)
    return _to_image(torch.where(unknown, sample, clean))


def _timesteps(pipeline, num_inference_steps):
    pipeline.scheduler.set_timesteps(num_inference_steps)
    return pipeline.scheduler.timesteps


def _noised(scheduler, clean, timestep, generator):
    noise = torch.randn(clean.shape, generator=generator).to(clean.device)
    return scheduler.add_noise(clean, noise, timestep.reshape(1))


@torch.no_grad()
def _stepped(pipeline, sample, timestep, generator):
    prediction = pipeline.unet(sample, timestep).sample
    step = pipeline.scheduler.step(prediction, timestep, sample, generator=generator)
    return step.prev_sample


def _to_tensor(image, device):
    """(1, 3, H, W) float32 in [-1, 1]."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return (pixels / 127.5 - 1)[None].to(device)


def _to_image(sample):
    pixels = ((sample[0] / 2 + 0.5).clamp(0, 1) * 255).round().byte()
    return Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy())
