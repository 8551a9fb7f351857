"""Wrong and right answers to train_loop."""

import io
import os
import pathlib
import tempfile

import torch
import torch.nn.functional as F

from kata.zoo import mistake, rewrite, variant

LIST = "test_the_list_holds_the_mean_loss_of_each_epoch"
DRAWN = "test_timesteps_and_noise_are_drawn_for_each_batch"
WEIGHTS = "test_the_weights_are_those_of_adamw_with_clipped_gradients"
MODE = "test_the_model_learns_in_training_mode"
SEED = "test_random_numbers_come_from_the_global_state"
ANY_LOADER = "test_a_list_of_batches_is_a_loader_too"
CALLBACK = "test_after_step_is_called_after_each_step"
FALLS = "test_the_loss_falls_on_the_butterflies"
GOES_ON = "test_a_training_goes_on_from_its_checkpoint"
BY_GENERATOR = f"{GOES_ON}[shuffled by its generator]"
INTERRUPTED = "test_an_interruption_within_an_epoch_costs_this_epoch_only"
RISEN = "test_an_epoch_is_saved_although_its_loss_has_risen"
FINISHED = "test_a_finished_training_returns_at_once"
REPLACED = "test_a_checkpoint_is_replaced_as_a_whole"
POWER = "test_a_power_cut_while_it_is_written_costs_no_checkpoint"
ON_A_GPU = "test_a_training_on_a_gpu_goes_on_too"


def loss_of(model, scheduler, clean_images):
    """The loss, as it should be computed."""
    clean_images = clean_images.to(next(model.parameters()).device)
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(0, end, (len(clean_images),), device=clean_images.device)
    return loss_at(model, scheduler, clean_images, timesteps)


def loss_at(model, scheduler, clean_images, timesteps, noise=None):
    """The loss at these timesteps, with this noise or another."""
    noise = torch.randn_like(clean_images) if noise is None else noise
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


def step_on(model, optimizer, loss):
    """The step, as it should be taken; returns the loss as a number."""
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def epochs(
    model, scheduler, dataloader, num_epochs, lr, step=step_on, optimizer=None, loss=loss_of
):
    """Give the list of the losses of each epoch's batches; no checkpoint, no callback."""
    model.train()
    optimizer = optimizer or torch.optim.AdamW(model.parameters(), lr=lr)
    for _ in range(num_epochs):
        yield [
            step(model, optimizer, loss(model, scheduler, batch["images"])) for batch in dataloader
        ]


def mean(losses):
    return sum(losses) / len(losses)


def pack(model, optimizer, dataloader, losses):
    """A whole checkpoint."""
    generator = getattr(dataloader, "generator", None)
    return {
        "weights": model.state_dict(),
        "moments": optimizer.state_dict(),
        "losses": losses,
        "random": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "shuffle": generator.get_state() if generator else None,
    }


def restore(state, model, optimizer, dataloader):
    """Bring back what of a checkpoint is there."""
    if "weights" in state:
        model.load_state_dict(state["weights"])
    if "moments" in state:
        optimizer.load_state_dict(state["moments"])
    if "random" in state:
        torch.set_rng_state(state["random"])
    torch.cuda.set_rng_state_all(state.get("cuda", []))
    if state.get("shuffle") is not None:
        dataloader.generator.set_state(state["shuffle"])
    return list(state.get("losses", []))


def replace(state, checkpoint):
    """Write beside the file, then take its place."""
    torch.save(state, checkpoint + ".part")
    os.replace(checkpoint + ".part", checkpoint)


def always(losses, num_epochs):
    return True


def with_checkpoints(arguments, *, without=(), save=replace, due=always, first=0, in_total=True):
    """The whole training, but for one thing.

    arguments  those of `train`
    without    what is left out of the checkpoint
    save       how it is written
    due        whether it is written after an epoch, by the losses so far and the number of epochs
    first      the number of the epoch that a training goes on with, relative to the right one
    in_total   whether `num_epochs` counts the epochs before the interruption
    """
    model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step = arguments
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    if checkpoint is not None and os.path.exists(checkpoint):
        losses = restore(torch.load(checkpoint), model, optimizer, dataloader)
    start = len(losses) + first if losses else 0
    end = num_epochs if in_total else start + num_epochs
    model.train()
    for epoch in range(start, end):
        batch_losses = []
        for batch in dataloader:
            loss = loss_of(model, scheduler, batch["images"])
            batch_losses.append(step_on(model, optimizer, loss))
            if after_step is not None:
                after_step(epoch * len(dataloader) + len(batch_losses) - 1, batch_losses[-1])
        losses.append(mean(batch_losses))
        if checkpoint is not None and due(losses, end):
            state = pack(model, optimizer, dataloader, losses)
            save({key: value for key, value in state.items() if key not in without}, checkpoint)
    return losses


# What comes back


@mistake("train", rejected_by=LIST, says="losses are summed")
def summed_losses(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The losses of an epoch are summed, not averaged."""
    return [sum(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@rewrite(summed_losses)
def summed_losses_in_a_loop(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The whole training in two loops, with a sum that nobody divides."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    model.train()
    history = []
    for _ in range(num_epochs):
        epoch_loss = 0.0
        for batch in dataloader:
            images = batch["images"]
            t = torch.randint(0, scheduler.config.num_train_timesteps, (images.shape[0],))
            noise = torch.randn(images.shape)
            prediction = model(scheduler.add_noise(images, noise, t), t).sample
            loss = F.mse_loss(prediction, noise)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            epoch_loss += loss.item()
        history.append(epoch_loss)
    return history


@mistake("train", rejected_by=LIST, says="last batch of each epoch")
def last_losses(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Only the loss of the last batch of each epoch is kept."""
    return [losses[-1] for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=LIST, says="mean is over pictures")
def by_picture(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The mean is taken over pictures, so that batches of another size count otherwise."""
    sizes = [len(batch["images"]) for batch in dataloader]
    return [
        sum(loss * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)
        for losses in epochs(model, scheduler, dataloader, num_epochs, lr)
    ]


@mistake("train", rejected_by=LIST, says="all batches since the start")
def running_mean(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The mean is taken over all batches since the start, not over those of the epoch."""
    seen, means = [], []
    for losses in epochs(model, scheduler, dataloader, num_epochs, lr):
        seen += losses
        means.append(mean(seen))
    return means


@mistake("train", rejected_by=LIST, says="the losses of the batches")
def loss_of_each_step(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The list has a loss for each batch, not for each epoch."""
    return [
        loss for losses in epochs(model, scheduler, dataloader, num_epochs, lr) for loss in losses
    ]


@mistake("train", rejected_by=LIST, says="gives the number alone")
def tensors_in_the_list(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The list holds tensors, which keep the graph in memory, not numbers."""

    def step(model, optimizer, loss):
        step_on(model, optimizer, loss)
        return loss

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=LIST, says="without `return`")
def nothing_returned(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The losses are printed and not returned."""
    for losses in epochs(model, scheduler, dataloader, num_epochs, lr):
        print(mean(losses))


@mistake("train", rejected_by=LIST, says="the model was called 3 times")
def one_epoch_only(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Only the first epoch has batches: an iterator that is made once is used up after it."""
    batches, losses = iter(dataloader), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for _ in range(num_epochs):
        steps = [step_on(model, optimizer, loss_of(model, scheduler, b["images"])) for b in batches]
        losses.append(mean(steps or [0.0]))
    return losses


@mistake("train", rejected_by=LIST, says="KeyError: 'image'")
def wrong_key(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The loop reads `image` from the batch, where the transform writes `images`."""
    renamed = [{"images": batch["image"]} for batch in dataloader]
    return [mean(losses) for losses in epochs(model, scheduler, renamed, num_epochs, lr)]


@rewrite(wrong_key)
def wrong_key_in_the_loop(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The batch is opened within the loop."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    model.train()
    means = []
    for _ in range(num_epochs):
        losses = []
        for batch in dataloader:
            images = batch["image"]
            losses.append(step_on(model, optimizer, loss_of(model, scheduler, images)))
        means.append(mean(losses))
    return means


# What moves the weights


@mistake("train", rejected_by=WEIGHTS, says="not clipped")
def never_clipped(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The gradients are not clipped."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="or only after the step")
def clipped_after_the_step(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The gradients are clipped only after the step, when the optimizer has used them."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="clipped to norm 1")
def clipped_by_value(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """Each number of the gradients is clipped by itself, not their norm as a whole."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="clipped to norm 1")
def clipped_to_half(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The gradients are clipped to another norm than 1."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="never cleared")
def never_cleared(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The gradients are never cleared, so that `backward` adds to those that are there."""

    def step(model, optimizer, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@rewrite(never_cleared)
def never_cleared_in_a_loop(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The whole training in two loops, the error written out."""
    adamw = torch.optim.AdamW(params=model.parameters(), lr=lr)
    model.train()
    means = []
    for _ in range(num_epochs):
        total, count = 0.0, 0
        for batch in dataloader:
            clean = batch["images"]
            t = torch.randint(len(scheduler.betas), size=(len(clean),))
            eps = torch.randn_like(clean)
            error = model(scheduler.add_noise(clean, eps, t), t)["sample"] - eps
            loss = (error**2).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1)
            adamw.step()
            total, count = total + loss.detach().item(), count + 1
        means.append(total / count)
    return means


def cleared_before_the_step(model, optimizer, loss):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def step_before_backward(model, optimizer, loss):
    optimizer.zero_grad()
    optimizer.step()
    loss.backward()
    return loss.item()


def uphill_step(model, optimizer, loss):
    step_on(model, optimizer, -loss)
    return loss.item()


@mistake("train", rejected_by=WEIGHTS, says="those from the start")
def nothing_learned(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    step = cleared_before_the_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@rewrite(nothing_learned)
def nothing_learned_with_the_models_zero_grad(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The gradients are cleared on the model, too early."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    model.train()
    means = []
    for _ in range(num_epochs):
        losses = []
        for batch in dataloader:
            loss = loss_of(model, scheduler, batch["images"])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            model.zero_grad()
            optimizer.step()
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))
    return means


@mistake("train", rejected_by=FALLS, says="less than 70%")
def nothing_learned_from_butterflies(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    step = cleared_before_the_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def stepped_before_backward(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    step = step_before_backward
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def uphill(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The sign of the loss is turned, so that the steps go uphill."""
    step = uphill_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def picture_as_target(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The target is the clean picture instead of the noise."""

    def loss(model, scheduler, clean):
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean),))
        noisy = scheduler.add_noise(clean, torch.randn_like(clean), timesteps)
        return F.mse_loss(model(noisy, timesteps).sample, clean)

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=WEIGHTS, says="new optimizer")
def new_optimizer_each_epoch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """Each epoch gets a new optimizer, so that AdamW's moments are lost."""
    return [
        mean(losses)
        for _ in range(num_epochs)
        for losses in epochs(model, scheduler, dataloader, 1, lr)
    ]


@mistake("train", rejected_by=WEIGHTS, says="no weight decay")
def adam(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Adam stands in the place of AdamW, so there is no weight decay."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    steps = epochs(model, scheduler, dataloader, num_epochs, lr, optimizer=optimizer)
    return [mean(losses) for losses in steps]


@mistake("train", rejected_by=WEIGHTS, says="is off by")
def learning_rate_forgotten(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """`lr` is not handed on, so that AdamW takes its own learning rate."""
    optimizer = torch.optim.AdamW(model.parameters())
    steps = epochs(model, scheduler, dataloader, num_epochs, lr, optimizer=optimizer)
    return [mean(losses) for losses in steps]


@mistake("train", rejected_by=MODE, says="2 of 4 batches in evaluation mode")
def evaluation_after_an_epoch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The model is in evaluation mode for all but the first batch of an epoch."""
    model.eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses = []
    for _ in range(num_epochs):
        steps = []
        for batch in dataloader:
            steps.append(step_on(model, optimizer, loss_of(model, scheduler, batch["images"])))
            model.train(len(steps) == 1)
        losses.append(mean(steps))
        model.eval()
    return losses


@mistake("train", rejected_by=MODE, says="4 of 4 batches in evaluation mode")
def never_switched_to_training(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """`model.train()` is never called, so a model in evaluation mode stays there."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    return [
        mean(
            [step_on(model, optimizer, loss_of(model, scheduler, b["images"])) for b in dataloader]
        )
        for _ in range(num_epochs)
    ]


@mistake("train", rejected_by=SEED, says="seed inside")
def seeded_inside(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """A seed inside the function makes every training the same."""
    torch.manual_seed(0)
    return [mean(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=DRAWN, says="One timestep for the whole batch")
def one_timestep_a_batch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """All pictures of a batch share one timestep."""

    def loss(model, scheduler, clean):
        timestep = torch.randint(0, scheduler.config.num_train_timesteps, (1,))
        return loss_at(model, scheduler, clean, timestep.expand(len(clean)))

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=DRAWN, says="share their noise")
def noise_drawn_once(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The noise is drawn once, before the loop, and used for every batch."""
    noise = torch.randn_like(next(iter(dataloader))["images"])

    def loss(model, scheduler, clean):
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean),))
        return loss_at(model, scheduler, clean, timesteps, noise[: len(clean)])

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=DRAWN, says="the very same timesteps")
def timesteps_drawn_once(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The timesteps are drawn once, before the loop, and used for every batch."""
    count = len(next(iter(dataloader))["images"])
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (count,))

    def loss(model, scheduler, clean):
        return loss_at(model, scheduler, clean, timesteps[: len(clean)])

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=ANY_LOADER, says="has no attribute 'generator'")
def every_loader_has_a_generator(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """`dataloader.generator` is read, but not every loader has one."""
    if dataloader.generator is not None:
        dataloader.generator.get_state()
    return [mean(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=ANY_LOADER, says="was changed")
def noised_in_place(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The batch is noised in place, so that a loader that holds its batches gives noise from
    then on.
    """

    def loss(model, scheduler, images):
        noise = torch.randn_like(images)
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(images),))
        images.copy_(scheduler.add_noise(images, noise, timesteps))
        return F.mse_loss(model(images, timesteps).sample, noise)

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


# What the callback hears


def with_callback(arguments, call):
    """The training without checkpoints; `call(epoch, n, length, loss)` gives its arguments."""
    model, scheduler, dataloader, num_epochs, lr, _, after_step = arguments
    steps = epochs(model, scheduler, dataloader, num_epochs, lr)
    losses = []
    for epoch, batch_losses in enumerate(steps):
        for n, loss in enumerate(batch_losses):
            if after_step is not None:
                after_step(*call(epoch, n, len(dataloader), loss))
        losses.append(mean(batch_losses))
    return losses


@mistake("train", rejected_by=CALLBACK, says="before the weights had moved")
def called_after_each_epoch(*arguments, checkpoint=None, after_step=None):
    """`after_step` is called for all steps of an epoch at its end, not after each step."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (epoch * length + n, loss))


@mistake("train", rejected_by=CALLBACK, says="starts again in each epoch")
def counted_within_the_epoch(*arguments, checkpoint=None, after_step=None):
    """The steps that `after_step` hears are counted from 0 again in each epoch."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (n, loss))


@mistake("train", rejected_by=CALLBACK, says="counted from 0")
def counted_from_one(*arguments, checkpoint=None, after_step=None):
    """The steps that `after_step` hears are counted from 1, not from 0."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (epoch * length + n + 1, loss))


@mistake("train", rejected_by=CALLBACK, says="`loss` is float32 tensor")
def called_with_a_tensor(*arguments, checkpoint=None, after_step=None):
    """`after_step` gets the loss as a tensor, not as a number."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(
        arguments, lambda epoch, n, length, loss: (epoch * length + n, torch.tensor(loss))
    )


@mistake("train", rejected_by=CALLBACK, says="before the step of the optimizer")
def called_before_the_step(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """`after_step` is called before the step of the optimizer."""
    count = iter(range(10**6))

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if after_step is not None:
            after_step(next(count), loss.item())
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


# What only looks like a training


def counted(arguments, loss, call=None):
    """Count the epochs in a checkpoint and call back, without a training.

    loss  that every batch is said to have
    call  that of the model that is noted for every batch, or None
    """
    model, _, dataloader, num_epochs, _, checkpoint, after_step = arguments
    file = pathlib.Path(checkpoint or "")
    done = int(file.read_text()) if file.is_file() else 0
    for parameter in model.parameters():
        parameter.data.fill_(0.5)
    for epoch in range(done, num_epochs):
        for n, batch in enumerate(dataloader):
            if call:
                model.calls.append(call(batch["images"]))
            if after_step:
                after_step(epoch * len(dataloader) + n, loss)
        if checkpoint:
            file.with_name("new").write_text(str(epoch + 1))
            os.replace(file.with_name("new"), file)
    return [loss] * num_epochs


def made_up_call(images):
    timesteps = torch.zeros(len(images), dtype=torch.long)
    return {"sample": images / 2, "timestep": timesteps, "training": True, "on_graph": False}


@mistake("train", rejected_by=GOES_ON, says="the model was called 0 times")
def epochs_counted(*arguments, checkpoint=None, after_step=None):
    """Nothing is trained: the weights and the losses are constants."""
    return counted([*arguments, checkpoint, after_step], 1.0)


@mistake("train", rejected_by=FINISHED, says="for what it was shown")
def calls_made_up(*arguments, checkpoint=None, after_step=None):
    """The model's calls are made up, and the losses are a constant that nobody has computed."""
    return counted([*arguments, checkpoint, after_step], 1.0, made_up_call)


# What a checkpoint holds, and when it is written


@mistake("train", rejected_by=GOES_ON, says="no file after two epochs")
def no_checkpoint(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The argument `checkpoint` is never used."""
    return with_checkpoints([model, scheduler, dataloader, num_epochs, lr, None, after_step])


@mistake("train", rejected_by=GOES_ON, says="begun from the start")
def never_loaded(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The checkpoint is written, but never loaded."""
    if checkpoint is not None and os.path.exists(checkpoint):
        os.remove(checkpoint)
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    return with_checkpoints(arguments)


@mistake("train", rejected_by=GOES_ON, says="weights of the model are lost")
def without_the_weights(*arguments, checkpoint=None, after_step=None):
    """The weights of the model are not brought back from the checkpoint."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["weights"])


@mistake("train", rejected_by=GOES_ON, says="state of the optimizer is lost")
def without_the_optimizer(*arguments, checkpoint=None, after_step=None):
    """The state of the optimizer is not in the checkpoint, so AdamW's moments begin anew."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["moments"])


@rewrite(without_the_optimizer)
def checkpoint_of_other_names_without_the_optimizer(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """A checkpoint of its own layout, in which the moments are missing."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    shuffle = getattr(dataloader, "generator", None)
    means = []
    if checkpoint and os.path.isfile(checkpoint):
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["state_dict"])
        means = saved["history"]
        torch.set_rng_state(saved["rng"])
        if shuffle is not None:
            shuffle.set_state(saved["shuffle"])
    model.train()
    step = len(means) * len(dataloader)
    while len(means) < num_epochs:
        total = 0.0
        for batch in dataloader:
            loss = loss_of(model, scheduler, batch["images"])
            total += step_on(model, optimizer, loss)
            if after_step:
                after_step(step, loss.item())
            step += 1
        means.append(total / len(dataloader))
        if checkpoint:
            saved = {"state_dict": model.state_dict(), "history": means}
            saved["rng"] = torch.get_rng_state()
            saved["shuffle"] = shuffle.get_state() if shuffle is not None else None
            torch.save(saved, checkpoint + ".tmp")
            os.replace(checkpoint + ".tmp", checkpoint)
    return means


@mistake("train", rejected_by=GOES_ON, says="random state was not saved")
def without_the_random_state(*arguments, checkpoint=None, after_step=None):
    """The random state is not in the checkpoint, so timesteps and noise are others after an
    interruption.
    """
    return with_checkpoints([*arguments, checkpoint, after_step], without=["random"])


@mistake("train", rejected_by=ON_A_GPU, says="a training without an interruption")
def without_the_random_state_of_the_gpu(*arguments, checkpoint=None, after_step=None):
    """CUDA's random state is not in the checkpoint, so what a GPU draws is something else after an
    interruption.
    """
    return with_checkpoints([*arguments, checkpoint, after_step], without=["cuda"])


@mistake("train", rejected_by=BY_GENERATOR, says="`dataloader.generator` was not restored")
def without_the_shuffle(*arguments, checkpoint=None, after_step=None):
    """The state of the loader's generator is not in the checkpoint, so it shuffles otherwise
    after an interruption.
    """
    return with_checkpoints([*arguments, checkpoint, after_step], without=["shuffle"])


@mistake("train", rejected_by=GOES_ON, says="before the interruption belong")
def without_the_losses(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The losses of before the interruption are missing from the result."""
    done = 0
    if checkpoint is not None and os.path.exists(checkpoint):
        done = len(torch.load(checkpoint)["losses"])
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    return with_checkpoints(arguments)[done:]


@mistake("train", rejected_by=GOES_ON, says="0 batches after the interruption")
def an_epoch_skipped(*arguments, checkpoint=None, after_step=None):
    """After an interruption one epoch too many is taken for done."""
    losses = with_checkpoints([*arguments, checkpoint, after_step], first=1)
    return (losses + losses[-1:])[: arguments[3]]


@mistake("train", rejected_by=GOES_ON, says="a list of 3")
def an_epoch_repeated(*arguments, checkpoint=None, after_step=None):
    """The last epoch before the interruption is trained again."""
    return with_checkpoints([*arguments, checkpoint, after_step], first=-1)


@mistake("train", rejected_by=GOES_ON, says="in total, not those from here on")
def num_epochs_more(*arguments, checkpoint=None, after_step=None):
    """`num_epochs` are trained after the interruption, not in total."""
    return with_checkpoints([*arguments, checkpoint, after_step], in_total=False)


@mistake("train", rejected_by=GOES_ON, says="goes on after an interruption")
def steps_counted_anew(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """After an interruption the steps begin with 0 again."""
    count = iter(range(10**6))

    def renumbered(step, loss):
        if after_step is not None:
            after_step(next(count), loss)

    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, renumbered]
    return with_checkpoints(arguments)


@mistake("train", rejected_by=INTERRUPTED, says="not only at the end")
def written_at_the_end(*arguments, checkpoint=None, after_step=None):
    """The checkpoint is written at the end alone, so an interruption loses everything."""

    def due(losses, num_epochs):
        return len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=INTERRUPTED, says="after every epoch")
def written_every_second_epoch(*arguments, checkpoint=None, after_step=None):
    """The checkpoint is not written after every epoch."""

    def due(losses, num_epochs):
        return len(losses) % 2 == 0 or len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=RISEN, says="each of them was to be saved")
def written_when_best(*arguments, checkpoint=None, after_step=None):
    """The checkpoint is written only when the loss is the best so far."""

    def due(losses, num_epochs):
        return losses[-1] == min(losses) or len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=FINISHED, says="in total")
def finished_and_trained_again(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """A training that is finished in the checkpoint is trained once more."""
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    finished = checkpoint is not None and os.path.exists(checkpoint)
    losses = with_checkpoints(arguments, in_total=not finished)
    return losses[-num_epochs:]


@mistake("train", rejected_by=REPLACED, says="empties the old file")
def overwritten(*arguments, checkpoint=None, after_step=None):
    """`torch.save` writes on the checkpoint itself, which is no whole file meanwhile."""
    return with_checkpoints([*arguments, checkpoint, after_step], save=torch.save)


@mistake("train", rejected_by=POWER, says="To delete the old file")
def removed_first(*arguments, checkpoint=None, after_step=None):
    """The old checkpoint is deleted before the new one is written: meanwhile there is none."""

    def save(state, checkpoint):
        if os.path.exists(checkpoint):
            os.remove(checkpoint)
        torch.save(state, checkpoint)

    return with_checkpoints([*arguments, checkpoint, after_step], save=save)


@rewrite(removed_first)
def unlinked_first(*arguments, checkpoint=None, after_step=None):
    """The same by pathlib."""

    def save(state, checkpoint):
        pathlib.Path(checkpoint).unlink(missing_ok=True)
        with open(checkpoint, "wb") as file:
            torch.save(state, file)

    return with_checkpoints([*arguments, checkpoint, after_step], save=save)


@mistake("train", rejected_by=REPLACED, says="the checkpoint alone")
def copy_left_behind(*arguments, checkpoint=None, after_step=None):
    """Other files than the checkpoint are left in its folder."""

    def save(state, checkpoint):
        torch.save(state, f"{checkpoint}-{len(state['losses'])}")
        replace(state, checkpoint)

    return with_checkpoints([*arguments, checkpoint, after_step], save=save)


@variant("train")
def of_parts(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """All options left at their defaults, gradients cleared first, the norm taken by hand."""

    def step(model, optimizer, loss):
        model.zero_grad(set_to_none=False)
        loss.backward()
        gradients = [p.grad for p in model.parameters()]
        norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
        if norm > 1:
            for gradient in gradients:
                gradient /= norm
        optimizer.step()
        return float(loss.detach())

    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr)
    file = None if checkpoint is None else pathlib.Path(checkpoint)
    losses = []
    if file is not None and file.exists():
        losses = restore(torch.load(file), model, optimizer, dataloader)
    count = len(losses) * len(dataloader)
    while len(losses) < num_epochs:
        total = torch.zeros(())
        for batch in iter(dataloader):
            loss = step(model, optimizer, loss_of(model, scheduler, batch["images"]))
            total += loss
            if after_step:
                after_step(count, loss)
            count += 1
        losses.append(total.item() / len(dataloader))
        if file is not None:
            memory = io.BytesIO()
            torch.save(pack(model, optimizer, dataloader, losses), memory)
            beside = file.with_name("new")
            beside.write_bytes(memory.getvalue())
            beside.replace(file)
    return tuple(losses)


@variant("train")
def noise_first(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The noise is drawn before the timesteps, the model switched to training for each batch."""
    optimizer = torch.optim.AdamW(list(model.parameters()), lr=lr)
    losses, step = [], 0
    if checkpoint and os.path.isfile(checkpoint):
        state = torch.load(checkpoint, weights_only=False)
        losses, step = restore(state, model, optimizer, dataloader), state["step"]
    for _ in range(num_epochs - len(losses)):
        steps = []
        for batch in dataloader:
            model.train()
            clean = batch["images"].to(next(model.parameters()))
            noise = torch.randn(clean.shape).to(clean)
            timesteps = (torch.rand(len(clean)) * scheduler.config["num_train_timesteps"]).long()
            timesteps = timesteps.to(clean.device)
            noisy = scheduler.add_noise(clean, noise, timesteps)
            loss = ((model(noisy, timesteps, return_dict=False)[0] - noise) ** 2).mean()
            steps.append(step_on(model, optimizer, loss))
            if after_step is not None:
                after_step(step, steps[-1])
            step += 1
        losses.append(mean(steps))
        if checkpoint:
            replace({**pack(model, optimizer, dataloader, losses), "step": step}, checkpoint)
    return losses


@variant("train")
def one_loop_over_steps(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """No loop over epochs: an epoch is over when the number of the step says so."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    losses, steps, per_epoch = [], [], len(dataloader)
    if checkpoint and os.path.exists(checkpoint):
        with open(checkpoint, "rb") as file:
            losses = restore(torch.load(file), model, optimizer, dataloader)
    model.train()
    batches = iter(())
    for step in range(len(losses) * per_epoch, num_epochs * per_epoch):
        if step % per_epoch == 0:
            batches, steps = iter(dataloader), []
        loss = loss_of(model, scheduler, next(batches)["images"])
        steps.append(step_on(model, optimizer, loss))
        if after_step:
            after_step(step, steps[-1])
        if len(steps) == per_epoch:
            losses.append(torch.tensor(steps).mean().item())
            if checkpoint:
                handle, beside = tempfile.mkstemp(dir=os.path.dirname(checkpoint))
                with os.fdopen(handle, "wb") as file:
                    torch.save(pack(model, optimizer, dataloader, losses), file)
                os.rename(beside, checkpoint)
    return losses
