"""Swap the sampler: the same model, the same picture, in a fraction of the steps.

Goal    another scheduler for a pipeline, and a sampling loop that suits every scheduler
Source  Song et al. 2021 (DDIM), Lu et al. 2022 (DPM-Solver++), Karras et al. 2022 (Euler);
        diffusers.EulerDiscreteScheduler.scale_model_input
Check   pytest exercises/03_sampling/fast_sampling.py
Stuck   kata hint fast_sampling
"""

import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
)

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "dpm-solver++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "ddpm": DDPMScheduler,
}


def with_scheduler(pipeline, name):
    """Return a new pipeline that samples by the scheduler called `name`.

    pipeline  a DDPMPipeline or another one of Diffusers whose scheduler is its part `scheduler`. It
              keeps its own scheduler, with its configuration
    name      one of the keys of SCHEDULERS
    return    a pipeline of the same class, whose parts have the classes, settings and weights of
              the given one's (the very same objects do, and take no memory), except for its
              scheduler: that is a new object of SCHEDULERS[name], made by `from_config` of the
              configuration of the given pipeline's scheduler, with nothing overridden. So it is
              too where the given scheduler is of this class already
    Raises ValueError for any other name; its message lists all the keys.
    """
    # Look the class up, make the scheduler, then a new pipeline of the parts with it.
    if name not in SCHEDULERS:
        raise ValueError(f"no scheduler is called {name!r}; there are {', '.join(SCHEDULERS)}")
    scheduler = SCHEDULERS[name].from_config(pipeline.scheduler.config)
    return type(pipeline)(**{**pipeline.components, "scheduler": scheduler})


def denoise_scaled(model, scheduler, noise, num_inference_steps):
    """Return the pictures that the model makes of `noise`, by whatever scheduler of Diffusers.

    It is the loop of denoise_loop with two additions: the walk begins with the noise at the
    strength that the scheduler wants for this number of steps, its `init_noise_sigma`, and at each
    timestep the model is shown what the scheduler's `scale_model_input` makes of the sample. What
    `step` takes is the sample itself, unscaled, and the sample that it gives is the next one.

    model                a UNet2DModel that predicts noise: `model(sample, t).sample`, one pass of
                         the whole batch for each of the scheduler's timesteps, in their order. It
                         is asked in evaluation mode. Afterwards it is in the mode in which it came,
                         and each of its parameters has the `requires_grad` with which it came
    scheduler            any that has `set_timesteps`, `init_noise_sigma`, `scale_model_input` and
                         `step`: DDPM, DDIM, DPM-Solver++, Euler, Heun and others. It may have been
                         used before. What `step` draws comes from torch's global random state, as
                         whoever calls has left it: it is not seeded here
    noise                (B, C, H, W) float32, standard normal, on the model's device; left as it is
    num_inference_steps  number of steps, for `set_timesteps`; `scheduler.timesteps` may be more
    return               (B, C, H, W) float32 on the model's device: the sample after the last step,
                         just as it is, not clamped and not rescaled

    Nothing is kept for a backward pass: neither the pictures nor what the model is shown carry a
    graph. Autograd itself is left switched on for whoever called.
    """
    # Set the timesteps, scale the noise. The model sees the scaled sample, `step` the other.
    training = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    with torch.no_grad():
        for t in scheduler.timesteps:
            prediction = model(scheduler.scale_model_input(sample, t), t).sample
            sample = scheduler.step(prediction, t, sample).prev_sample
    model.train(training)
    return sample
