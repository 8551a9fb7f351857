"""The training loop: epochs over the data, and a checkpoint to go on from.

Goal    a model that has learned to tell noise from butterflies, even if the power fails meanwhile
Source  Ho et al. 2020, algorithm 1; torch.optim.AdamW; torch.nn.utils.clip_grad_norm_
Check   pytest exercises/02_training/train_loop.py
Stuck   kata hint train_loop
"""

import os

import torch
import torch.nn.functional as F


def train(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Train the model for `num_epochs` epochs and return the mean loss of each.

    The optimizer is one AdamW(model.parameters(), lr=lr) for the whole training, with its other
    options as they are. The model, which arrives without gradients, is in training mode when the
    first batch comes (`model.train()`; once is enough). Each epoch goes through the loader once.
    For each batch: the loss of the kata loss_step on `batch["images"]`, with its random numbers
    from the global state; backward; gradients clipped to norm 1 as a whole
    (`torch.nn.utils.clip_grad_norm_`); one step; gradients cleared.

    model       a UNet2DModel, or a wrapper of one: it can be called, and has parameters; its
                prediction is `model(noisy_images, timesteps).sample`, one call for a batch
    scheduler   a DDPMScheduler that trains on the noise (prediction_type "epsilon")
    dataloader  something with a length that gives dicts, as often as it is asked: at least
                "images", (B, C, H, W) float32 in [-1, 1], is in them. Move these to the device of
                the model's parameters, and leave them as they are. If the loader has an attribute
                `generator` that is not None, that torch.Generator shuffles it
    num_epochs  how many epochs the training has in total
    lr          learning rate
    checkpoint  path of a file, or None. With a path, everything that is needed to go on is written
                there after every epoch: to another file in the same folder first, which then takes
                its place by `os.replace`, so that there is a whole checkpoint at any moment, and
                nothing else is left in the folder. Where the file exists when `train` is called,
                the training goes on from it up to `num_epochs` in total, with the very result that
                it would have had without the interruption: weights, losses, steps, shuffling and
                random numbers, whatever the state of the model, of the loader's generator and of
                the global random states that it is called with. If `num_epochs` epochs are done in
                it, nothing is trained: the model gets the weights, and the losses come back
    after_step  None, or a function that is called as `after_step(step, loss)` after each step of
                the optimizer: `step` counts from 0 over the whole training, also across an
                interruption, `loss` is the float of this batch
    return      list of `num_epochs` floats, first epoch first: the mean of the losses of the
                batches, each batch counting the same
    """
    # Load what is there, then loop: epochs, batches, loss, backward, clip, step, zero_grad.
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    generator = getattr(dataloader, "generator", None)
    epoch_losses = []
    if checkpoint is not None and os.path.exists(checkpoint):
        epoch_losses = _load(checkpoint, model, optimizer, generator)
    model.train()
    device = next(model.parameters()).device
    for epoch in range(len(epoch_losses), num_epochs):
        losses = []
        for batch in dataloader:
            loss = _training_loss(model, scheduler, batch["images"].to(device))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            if after_step is not None:
                after_step(epoch * len(dataloader) + len(losses) - 1, losses[-1])
        epoch_losses.append(sum(losses) / len(losses))
        if checkpoint is not None:
            _save(checkpoint, model, optimizer, generator, epoch_losses)
    return epoch_losses


def _training_loss(model, scheduler, clean_images):
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean_images),))
    timesteps = timesteps.to(clean_images.device)
    noise = torch.randn_like(clean_images)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


def _save(checkpoint, model, optimizer, generator, epoch_losses):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch_losses": epoch_losses,
        "random_state": torch.get_rng_state(),
        "cuda_random_states": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "generator": None if generator is None else generator.get_state(),
    }
    torch.save(state, f"{checkpoint}.new")
    os.replace(f"{checkpoint}.new", checkpoint)


def _load(checkpoint, model, optimizer, generator):
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random_state"])
    torch.cuda.set_rng_state_all(state["cuda_random_states"])
    if generator is not None:
        generator.set_state(state["generator"])
    return state["epoch_losses"]
