"""One step of training: loss, backward, optimizer.

Goal    from a batch of clean pictures to a model that is a little better
Source  Ho et al. 2020, algorithm 1; torch.optim.Optimizer
Check   pytest exercises/02_training/train_step.py
Stuck   kata hint train_step
"""

import torch
import torch.nn.functional as F


def train_step(model, optimizer, scheduler, clean_images, generator=None):
    """Let the optimizer take one step on this batch, and return the loss as it was before the step.

    The loss is the one of the kata loss_step: a timestep for each picture, uniform over the whole
    schedule; standard normal noise, mixed in by the scheduler; the mean squared error between the
    model's prediction and that noise. It alone moves the weights, by its plain gradients, neither
    scaled nor clipped: gradients that the model still holds on arrival, from an earlier step or
    from somebody else, have no part in it. What lies in `.grad` afterwards is of no importance.

    model         a UNet2DModel; called once, on the whole batch
    optimizer     a torch.optim.Optimizer of the model's parameters, of any kind, in any state; its
                  options (the learning rate among them) stay as they are
    scheduler     a DDPMScheduler that trains on the noise (prediction_type "epsilon")
    clean_images  (B, C, H, W) float32 in [-1, 1], left as it was
    generator     torch.Generator on the CPU that timesteps and noise are drawn from, or None for
                  the global one
    return        a Python float
    """
    # TODO: Clear the old gradients, compute the loss, go backward, let the optimizer step.
    raise NotImplementedError("TODO: train_step")
