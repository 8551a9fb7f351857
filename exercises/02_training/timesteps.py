"""Draw a timestep for each picture: every step of a training mixes all noise levels.

Goal    random timesteps for training, and evenly spread ones to look at
Source  Ho et al. 2020, algorithm 1, line 3; the paper counts from 1 to T, the library from 0
Check   pytest exercises/02_training/timesteps.py
Stuck   kata hint timesteps
"""

import torch


def sample_timesteps(batch_size, scheduler, device="cpu", generator=None):
    """Return a random timestep for each picture of a batch.

    batch_size  B, the number of pictures; it may be larger than the number of timesteps
    scheduler   a DDPMScheduler, whose `config.num_train_timesteps` is T; somebody may have sampled
                with it before
    device      where the result is to lie: "cpu", "cuda", any other that torch has, or a
                torch.device
    generator   a torch.Generator of the CPU to draw from, or None for the global one. What it
                gives is drawn on the CPU and then moved, so that a seed means the same timesteps
                on every device
    return      (B,) int64 on `device`: each from 0 to T - 1, both included, all equally likely, and
                each drawn independently of the others, so that two may be equal
    """
    # TODO: Draw B whole numbers below T, then move them to the device.
    raise NotImplementedError("TODO: sample_timesteps")


def preview_timesteps(count, scheduler):
    """Return `count` timesteps, spread evenly over the schedule, for a picture of it.

    count      2 or more
    scheduler  a DDPMScheduler, whose `config.num_train_timesteps` is T
    return     (count,) int64, rising: `count` points at equal distances from 0 to T - 1, both ends
               included, each rounded down to a whole number. Where a point falls on a whole number,
               floating point may put it just below: one less is right there, too
    """
    # TODO: Let torch.linspace place the points, then round them down.
    raise NotImplementedError("TODO: preview_timesteps")
