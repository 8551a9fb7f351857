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
    # TODO: Choose the timesteps, noise the picture for the first of them, walk, and turn it back.
    raise NotImplementedError("TODO: edit")


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
    # TODO: Begin with noise. Put the known pixels in, noised before each step and clean at the end.
    raise NotImplementedError("TODO: inpaint")
