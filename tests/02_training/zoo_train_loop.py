"""Wrong and right answers to train_loop."""

import io
import os
import pathlib
import tempfile

import torch
import torch.nn.functional as F

from kata.zoo import mistake, variant

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


def loss_of(model, scheduler, clean_images):
    """The loss, as it should be computed."""
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
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
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
    """A sum grows with the number of batches."""
    return [sum(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=LIST, says="last batch of each epoch")
def last_losses(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """One batch says little about an epoch."""
    return [losses[-1] for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=LIST, says="mean is over pictures")
def by_picture(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Batches of another size count otherwise."""
    sizes = [len(batch["images"]) for batch in dataloader]
    return [
        sum(loss * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)
        for losses in epochs(model, scheduler, dataloader, num_epochs, lr)
    ]


@mistake("train", rejected_by=LIST, says="all batches since the start")
def running_mean(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The list of batch losses is never emptied."""
    seen, means = [], []
    for losses in epochs(model, scheduler, dataloader, num_epochs, lr):
        seen += losses
        means.append(mean(seen))
    return means


@mistake("train", rejected_by=LIST, says="the losses of the batches")
def loss_of_each_step(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The list holds the batches, not the epochs."""
    return [
        loss for losses in epochs(model, scheduler, dataloader, num_epochs, lr) for loss in losses
    ]


@mistake("train", rejected_by=LIST, says="gives the number alone")
def tensors_in_the_list(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """Each tensor keeps the graph of its batch in memory."""

    def step(model, optimizer, loss):
        step_on(model, optimizer, loss)
        return loss

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=LIST, says="without `return`")
def nothing_returned(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The losses are printed instead."""
    for losses in epochs(model, scheduler, dataloader, num_epochs, lr):
        print(mean(losses))


@mistake("train", rejected_by=LIST, says="the model was called 3 times")
def one_epoch_only(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """An iterator that is made once is used up after the first epoch."""
    batches, losses = iter(dataloader), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for _ in range(num_epochs):
        steps = [step_on(model, optimizer, loss_of(model, scheduler, b["images"])) for b in batches]
        losses.append(mean(steps or [0.0]))
    return losses


@mistake("train", rejected_by=LIST, says="KeyError: 'image'")
def wrong_key(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The transform writes `images`, the loop reads `image`."""
    renamed = [{"images": batch["image"]} for batch in dataloader]
    return [mean(losses) for losses in epochs(model, scheduler, renamed, num_epochs, lr)]


# What moves the weights


@mistake("train", rejected_by=WEIGHTS, says="not clipped")
def never_clipped(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """A batch with large gradients throws the model off."""

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
    """The optimizer has used the gradients already."""

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
    """Clipping each number by itself changes the direction, and seldom does anything."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="clipped to norm 1")
def clipped_to_half(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Another norm than the one that was asked for."""

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=WEIGHTS, says="never cleared")
def never_cleared(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """`backward` adds to the gradients that are there."""

    def step(model, optimizer, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


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
    """`zero_grad` between `backward` and `step` leaves nothing to step along."""
    step = cleared_before_the_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def nothing_learned_from_butterflies(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The same, on the butterflies."""
    step = cleared_before_the_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def stepped_before_backward(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The optimizer steps before there are gradients."""
    step = step_before_backward
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def uphill(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The loss is made larger."""
    step = uphill_step
    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, step)]


@mistake("train", rejected_by=FALLS, says="less than 70%")
def picture_as_target(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The model learns to answer with the picture."""

    def loss(model, scheduler, clean):
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean),))
        noisy = scheduler.add_noise(clean, torch.randn_like(clean), timesteps)
        return F.mse_loss(model(noisy, timesteps).sample, clean)

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=WEIGHTS, says="new optimizer")
def new_optimizer_each_epoch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """AdamW's moments are thrown away after each epoch."""
    return [
        mean(losses)
        for _ in range(num_epochs)
        for losses in epochs(model, scheduler, dataloader, 1, lr)
    ]


@mistake("train", rejected_by=WEIGHTS, says="no weight decay")
def adam(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Adam in the place of AdamW."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    steps = epochs(model, scheduler, dataloader, num_epochs, lr, optimizer=optimizer)
    return [mean(losses) for losses in steps]


@mistake("train", rejected_by=WEIGHTS, says="is off by")
def learning_rate_forgotten(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """AdamW's own learning rate in the place of `lr`."""
    optimizer = torch.optim.AdamW(model.parameters())
    steps = epochs(model, scheduler, dataloader, num_epochs, lr, optimizer=optimizer)
    return [mean(losses) for losses in steps]


@mistake("train", rejected_by=MODE, says="4 of 6 batches in evaluation mode")
def evaluation_after_an_epoch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The model is left in evaluation mode after something else than training."""
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


@mistake("train", rejected_by=MODE, says="6 of 6 batches in evaluation mode")
def never_switched_to_training(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """A model from `from_pretrained` is in evaluation mode, and stays so."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    return [
        mean(
            [step_on(model, optimizer, loss_of(model, scheduler, b["images"])) for b in dataloader]
        )
        for _ in range(num_epochs)
    ]


@mistake("train", rejected_by=SEED, says="seed inside")
def seeded_inside(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """Every training is the same, whatever its caller asks for."""
    torch.manual_seed(0)
    return [mean(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=DRAWN, says="One timestep for the whole batch")
def one_timestep_a_batch(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The pictures of a batch share their timestep."""

    def loss(model, scheduler, clean):
        timestep = torch.randint(0, scheduler.config.num_train_timesteps, (1,))
        return loss_at(model, scheduler, clean, timestep.expand(len(clean)))

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=DRAWN, says="share their noise")
def noise_drawn_once(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The noise is drawn before the loop."""
    noise = torch.randn_like(next(iter(dataloader))["images"])

    def loss(model, scheduler, clean):
        timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean),))
        return loss_at(model, scheduler, clean, timesteps, noise[: len(clean)])

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=DRAWN, says="the very same timesteps")
def timesteps_drawn_once(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The timesteps are drawn before the loop."""
    count = len(next(iter(dataloader))["images"])
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (count,))

    def loss(model, scheduler, clean):
        return loss_at(model, scheduler, clean, timesteps[: len(clean)])

    return [mean(x) for x in epochs(model, scheduler, dataloader, num_epochs, lr, loss=loss)]


@mistake("train", rejected_by=ANY_LOADER, says="has no attribute 'generator'")
def every_loader_has_a_generator(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """Not every loader is a DataLoader."""
    if dataloader.generator is not None:
        dataloader.generator.get_state()
    return [mean(losses) for losses in epochs(model, scheduler, dataloader, num_epochs, lr)]


@mistake("train", rejected_by=ANY_LOADER, says="was changed")
def noised_in_place(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """A loader that holds its batches gives noise from the second epoch on."""

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
    """All the calls of an epoch come at its end."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (epoch * length + n, loss))


@mistake("train", rejected_by=CALLBACK, says="starts again in each epoch")
def counted_within_the_epoch(*arguments, checkpoint=None, after_step=None):
    """The counter of `enumerate(dataloader)` starts again in each epoch."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (n, loss))


@mistake("train", rejected_by=CALLBACK, says="counted from 0")
def counted_from_one(*arguments, checkpoint=None, after_step=None):
    """The counter is raised before the call."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(arguments, lambda epoch, n, length, loss: (epoch * length + n + 1, loss))


@mistake("train", rejected_by=CALLBACK, says="`loss` is float32 tensor")
def called_with_a_tensor(*arguments, checkpoint=None, after_step=None):
    """The callback gets the tensor."""
    arguments = [*arguments, checkpoint, after_step]
    return with_callback(
        arguments, lambda epoch, n, length, loss: (epoch * length + n, torch.tensor(loss))
    )


@mistake("train", rejected_by=CALLBACK, says="before the step of the optimizer")
def called_before_the_step(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The callback comes between `backward` and `step`."""
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


# What a checkpoint holds, and when it is written


@mistake("train", rejected_by=GOES_ON, says="no file after two epochs")
def no_checkpoint(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The argument is taken and never used."""
    return with_checkpoints([model, scheduler, dataloader, num_epochs, lr, None, after_step])


@mistake("train", rejected_by=GOES_ON, says="begun from the start")
def never_loaded(model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None):
    """The checkpoint is written, but nobody reads it."""
    if checkpoint is not None and os.path.exists(checkpoint):
        os.remove(checkpoint)
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    return with_checkpoints(arguments)


@mistake("train", rejected_by=GOES_ON, says="weights of the model are lost")
def without_the_weights(*arguments, checkpoint=None, after_step=None):
    """The weights are written, but not loaded."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["weights"])


@mistake("train", rejected_by=GOES_ON, says="state of the optimizer is lost")
def without_the_optimizer(*arguments, checkpoint=None, after_step=None):
    """AdamW's moments begin anew."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["moments"])


@mistake("train", rejected_by=GOES_ON, says="random state was not saved")
def without_the_random_state(*arguments, checkpoint=None, after_step=None):
    """Timesteps and noise go on elsewhere."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["random"])


@mistake("train", rejected_by=BY_GENERATOR, says="`dataloader.generator` was not restored")
def without_the_shuffle(*arguments, checkpoint=None, after_step=None):
    """The loader shuffles otherwise after the interruption."""
    return with_checkpoints([*arguments, checkpoint, after_step], without=["shuffle"])


@mistake("train", rejected_by=GOES_ON, says="before the interruption belong")
def without_the_losses(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """The curve begins with the interruption."""
    done = 0
    if checkpoint is not None and os.path.exists(checkpoint):
        done = len(torch.load(checkpoint)["losses"])
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    return with_checkpoints(arguments)[done:]


@mistake("train", rejected_by=GOES_ON, says="0 batches after the interruption")
def an_epoch_skipped(*arguments, checkpoint=None, after_step=None):
    """The number of the last epoch and the number of epochs differ by one."""
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
    """Whoever is interrupted has nothing to go on from."""

    def due(losses, num_epochs):
        return len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=f"{INTERRUPTED}[1]", says="after every epoch")
def written_every_second_epoch(*arguments, checkpoint=None, after_step=None):
    """An epoch may take hours: each of them is worth a file."""

    def due(losses, num_epochs):
        return len(losses) % 2 == 0 or len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=RISEN, says="each of them was to be saved")
def written_when_best(*arguments, checkpoint=None, after_step=None):
    """The best model so far is kept, and the training goes on from an older one."""

    def due(losses, num_epochs):
        return losses[-1] == min(losses) or len(losses) == num_epochs

    return with_checkpoints([*arguments, checkpoint, after_step], due=due)


@mistake("train", rejected_by=FINISHED, says="in total")
def finished_and_trained_again(
    model, scheduler, dataloader, num_epochs, lr, checkpoint=None, after_step=None
):
    """A finished training is trained once more."""
    arguments = [model, scheduler, dataloader, num_epochs, lr, checkpoint, after_step]
    finished = checkpoint is not None and os.path.exists(checkpoint)
    losses = with_checkpoints(arguments, in_total=not finished)
    return losses[-num_epochs:]


@mistake("train", rejected_by=REPLACED, says="empties the old file")
def overwritten(*arguments, checkpoint=None, after_step=None):
    """`torch.save` on the path itself."""
    return with_checkpoints([*arguments, checkpoint, after_step], save=torch.save)


@mistake("train", rejected_by=REPLACED, says="the checkpoint alone")
def copy_left_behind(*arguments, checkpoint=None, after_step=None):
    """A file is written beside it for every epoch, and stays."""

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
