"""Wrong and right answers to train_step."""

import torch
import torch.nn.functional as F

from kata.zoo import mistake, variant

NUMBER = "test_the_loss_before_the_step_comes_back"
STEP = "test_the_optimizer_takes_one_step_along_the_gradients"
UNIFORM = "test_timesteps_are_uniform_over_the_whole_schedule"
LARGE = "test_large_gradients_are_used_as_they_are"
LEAK = "test_earlier_gradients_do_not_leak_into_the_step"
FALLS = "test_the_loss_falls_on_a_fixed_batch"


def loss_of(model, scheduler, clean_images, generator=None):
    """The loss, as it should be computed."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(0, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


def step_between(first, beyond, model, optimizer, scheduler, clean_images, generator=None):
    """The step, with timesteps from `first` to `beyond`, the latter left out."""
    timesteps = torch.randint(first, beyond, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    loss = F.mse_loss(model(noisy_images, timesteps).sample, noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=UNIFORM, says="left out already")
def last_timestep_never_drawn(model, optimizer, scheduler, clean_images, generator=None):
    """`randint` excludes its end, so `- 1` loses the last timestep."""
    end = scheduler.config.num_train_timesteps
    return step_between(0, end - 1, model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=UNIFORM, says="start at 0")
def counted_from_one(model, optimizer, scheduler, clean_images, generator=None):
    """The paper counts timesteps from 1 to T, the library from 0 to T - 1."""
    end = scheduler.config.num_train_timesteps
    return step_between(1, end, model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="have not moved at all")
def step_forgotten(model, optimizer, scheduler, clean_images, generator=None):
    """Gradients are computed, and nobody uses them."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    return loss.item()


@mistake("train_step", rejected_by=FALLS, says="less than")
def step_forgotten_and_nothing_learned(model, optimizer, scheduler, clean_images, generator=None):
    """Gradients are computed, and nobody uses them: the loss stays where it is."""
    return step_forgotten(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=LEAK, says="have leaked in")
def never_zeroed(model, optimizer, scheduler, clean_images, generator=None):
    """`backward` adds to the gradients that are there."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LEAK, says="have leaked in")
def zeroed_only_afterwards(model, optimizer, scheduler, clean_images, generator=None):
    """Gradients that were there on arrival leak into the first step."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="zero_grad` stands between `backward` and `step`")
def zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are thrown away before the optimizer has seen them."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=FALLS, says="less than")
def zeroed_and_nothing_learned(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are thrown away before the optimizer has seen them."""
    return zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="zero_grad` stands between `backward` and `step`")
def zeroed_in_place(model, optimizer, scheduler, clean_images, generator=None):
    """As above, with zeros instead of nothing: momentum and decay still move the weights."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="or `step` before `backward`")
def step_before_backward(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer steps before there are gradients."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    optimizer.step()
    loss.backward()
    return loss.item()


@mistake("train_step", rejected_by=LEAK, says="`step` stands before `backward`")
def one_step_late(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer steps along the gradients of the batch before."""
    optimizer.step()
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="scaled by the loss")
def backward_of_the_loss(model, optimizer, scheduler, clean_images, generator=None):
    """`loss.backward(loss)` multiplies every gradient by the loss."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward(loss)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="uphill")
def uphill(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is made larger instead of smaller."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    (-loss).backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=FALLS, says="less than")
def uphill_for_long(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is made larger instead of smaller, step after step."""
    return uphill(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="were clipped")
def clipped(model, optimizer, scheduler, clean_images, generator=None):
    """Clipping is for the training loop."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="neither scaled nor clipped")
def clipped_to_five(model, optimizer, scheduler, clean_images, generator=None):
    """Clipping to a larger norm shows in large gradients only."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="neither scaled nor clipped")
def clipped_by_value(model, optimizer, scheduler, clean_images, generator=None):
    """Each number of the gradients is cut off at 1."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="have not moved at all")
def large_losses_skipped(model, optimizer, scheduler, clean_images, generator=None):
    """A batch that looks too bad is left out."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    if loss.item() < 50:
        optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="as they were")
def learning_rate_decayed(model, optimizer, scheduler, clean_images, generator=None):
    """A schedule of the learning rate belongs to the training as a whole."""
    loss = zeroed_first(model, optimizer, scheduler, clean_images, generator)
    for group in optimizer.param_groups:
        group["lr"] *= 0.999
    return loss


@mistake("train_step", rejected_by=STEP, says="stepped twice")
def two_steps(model, optimizer, scheduler, clean_images, generator=None):
    """One step too many along the same gradients."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="gradients of the loss")
def optimizer_of_its_own(model, optimizer, scheduler, clean_images, generator=None):
    """A new optimizer has none of the old one's moments and options."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=NUMBER, says="the loss is float32 tensor")
def tensor_returned(model, optimizer, scheduler, clean_images, generator=None):
    """A tensor keeps the whole graph alive."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss


@mistake("train_step", rejected_by=NUMBER, says="without `return`")
def nothing_returned(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is needed for the curve."""
    zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="does not require grad")
def item_before_backward(model, optimizer, scheduler, clean_images, generator=None):
    """A loss that was cut off the graph has no way back to the weights."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator).detach()
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=NUMBER, says="after the step")
def loss_after_the_step(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is computed anew by the model that has already learned from the batch."""
    state = torch.get_rng_state()
    zeroed_first(model, optimizer, scheduler, clean_images, generator)
    torch.set_rng_state(state)
    with torch.no_grad():
        loss = loss_of(model, scheduler, clean_images, generator).item()
    if hasattr(model, "calls"):
        del model.calls[-1]
    return loss


@mistake("train_step", rejected_by=NUMBER, says="(prediction - noise)^2")
def picture_as_target(model, optimizer, scheduler, clean_images, generator=None):
    """The model learns to answer with the picture."""
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean_images),))
    noisy_images = scheduler.add_noise(clean_images, torch.randn_like(clean_images), timesteps)
    optimizer.zero_grad()
    loss = F.mse_loss(model(noisy_images, timesteps).sample, clean_images)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by="test_the_generator_feeds_both_draws", says="hand `generator`")
def generator_ignored(model, optimizer, scheduler, clean_images, generator=None):
    """The generator is taken and never used."""
    return zeroed_first(model, optimizer, scheduler, clean_images)


@mistake("train_step", rejected_by="test_each_step_draws_anew", says="seed inside")
def seeded_inside(model, optimizer, scheduler, clean_images, generator=None):
    """Every step sees the same noise at the same timesteps."""
    torch.manual_seed(0)
    return zeroed_first(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by="test_the_clean_pictures_stay_as_they_were", says="was changed")
def noised_in_place(model, optimizer, scheduler, clean_images, generator=None):
    """The next epoch starts from noise."""
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(clean_images),))
    noise = torch.randn_like(clean_images)
    clean_images[:] = scheduler.add_noise(clean_images, noise, timesteps)
    optimizer.zero_grad()
    loss = F.mse_loss(model(clean_images, timesteps).sample, noise)
    loss.backward()
    optimizer.step()
    return loss.item()


@variant("train_step")
def zeroed_first(model, optimizer, scheduler, clean_images, generator=None):
    """As it stands in most books, the gradients cleared on the model."""
    model.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return float(loss)


@variant("train_step")
def zeroed_late_and_twice(model, optimizer, scheduler, clean_images, generator=None):
    """Cleared right before `backward`, with zeros, and again at the end."""
    loss = loss_of(model, scheduler, clean_images, generator)
    value = loss.detach().numpy()[()]
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return value


@variant("train_step")
def gradients_by_hand(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are asked for and handed to the parameters, in training mode."""
    model.train()
    loss = loss_of(model, scheduler, clean_images, generator)
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.tolist()


@variant("train_step")
def closure(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer calls for the loss itself."""

    def loss_and_gradients():
        optimizer.zero_grad()
        loss = loss_of(model, scheduler, clean_images, generator)
        loss.backward()
        return loss

    return optimizer.step(loss_and_gradients).item()
