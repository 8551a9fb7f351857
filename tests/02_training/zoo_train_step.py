"""Wrong and right answers to train_step."""

import torch
import torch.nn.functional as F

from kata.zoo import mistake, rewrite, variant

NUMBER = "test_the_loss_before_the_step_comes_back"
STEP = "test_the_optimizer_takes_one_step_along_the_gradients"
UNIFORM = "test_timesteps_are_uniform_over_the_whole_schedule"
LARGE = "test_large_gradients_are_used_as_they_are"
LEAK = "test_earlier_gradients_do_not_leak_into_the_step"
FALLS = "test_the_loss_falls_on_a_fixed_batch"


def loss_of(model, scheduler, clean_images, generator=None):
    """The loss, as it should be computed."""
    end, device = scheduler.config.num_train_timesteps, clean_images.device
    timesteps = torch.randint(0, end, (len(clean_images),), generator=generator).to(device)
    noise = torch.randn(clean_images.shape, generator=generator).to(device)
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
    """The last timestep is never drawn: `randint` leaves its upper bound out already."""
    end = scheduler.config.num_train_timesteps
    return step_between(0, end - 1, model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=UNIFORM, says="start at 0")
def counted_from_one(model, optimizer, scheduler, clean_images, generator=None):
    """Timestep 0 is never drawn: the paper counts from 1 to T, the library from 0 to T - 1."""
    end = scheduler.config.num_train_timesteps
    return step_between(1, end, model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="have not moved at all")
def step_forgotten(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    return loss.item()


@mistake("train_step", rejected_by=FALLS, says="less than")
def step_forgotten_and_nothing_learned(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    return step_forgotten(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=LEAK, says="have leaked in")
def never_zeroed(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are never cleared, so that `backward` adds to those that are there."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss.item()


@rewrite(never_zeroed)
def never_zeroed_by_autograd(model, optimizer, scheduler, clean_images, generator=None):
    """`torch.autograd.backward` adds to the gradients, too; the loss is written out."""
    T = scheduler.config.num_train_timesteps
    t = torch.randint(T, size=clean_images.shape[:1], generator=generator)
    eps = torch.empty_like(clean_images).normal_(generator=generator)
    x_t = scheduler.add_noise(clean_images, eps, t)
    loss = ((model(x_t, t, return_dict=False)[0] - eps) ** 2).mean()
    torch.autograd.backward(loss)
    optimizer.step()
    return float(loss.detach())


@mistake("train_step", rejected_by=LEAK, says="have leaked in")
def zeroed_only_afterwards(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are cleared only after the step, so that those from before leak into it."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="zero_grad` stands between `backward` and `step`")
def zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@rewrite(zeroed_before_the_step)
def zeroed_on_the_model_before_the_step(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are cleared on the model, and the optimizer finds none."""
    loss = loss_of(model, scheduler, clean_images, generator)
    value = loss.item()
    loss.backward()
    model.zero_grad()
    optimizer.step()
    return value


@mistake("train_step", rejected_by=FALLS, says="less than")
def zeroed_and_nothing_learned(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    return zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="zero_grad` stands between `backward` and `step`")
def zeroed_in_place(model, optimizer, scheduler, clean_images, generator=None):
    """`zero_grad` stands between `backward` and `step`, so that the optimizer finds zeros."""
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="or `step` before `backward`")
def step_before_backward(model, optimizer, scheduler, clean_images, generator=None):
    """The optimizer has no gradients to step along: `step` is missing, stands before `backward`,
    or behind `zero_grad`.
    """
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    optimizer.step()
    loss.backward()
    return loss.item()


@rewrite(step_before_backward)
def step_before_backward_with_gradients_by_hand(
    model, optimizer, scheduler, clean_images, generator=None
):
    """The gradients are asked for and handed out after the step."""
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_of(model, scheduler, clean_images, generator)
    optimizer.step()
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    return loss.item()


@mistake("train_step", rejected_by=LEAK, says="`step` stands before `backward`")
def one_step_late(model, optimizer, scheduler, clean_images, generator=None):
    """`step` stands before `zero_grad` and `backward`: the optimizer goes along the gradients of
    the batch before.
    """
    optimizer.step()
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="scaled by the loss")
def backward_of_the_loss(model, optimizer, scheduler, clean_images, generator=None):
    """Every gradient is multiplied by the loss, as by `loss.backward(loss)`."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward(loss)
    optimizer.step()
    return loss.item()


@rewrite(backward_of_the_loss)
def backward_of_half_a_square(model, optimizer, scheduler, clean_images, generator=None):
    """The gradient of half the square of the loss is that of the loss times the loss."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    (loss**2 / 2).backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="uphill")
def uphill(model, optimizer, scheduler, clean_images, generator=None):
    """The sign of the loss is turned, so that the step goes uphill."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    (-loss).backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=FALLS, says="less than")
def uphill_for_long(model, optimizer, scheduler, clean_images, generator=None):
    """The sign of the loss is turned, so that the step goes uphill."""
    return uphill(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="were clipped")
def clipped(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are clipped, where they are to be used as they are."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="neither scaled nor clipped")
def clipped_to_five(model, optimizer, scheduler, clean_images, generator=None):
    """The gradients are clipped, where they are to be used as they are."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="neither scaled nor clipped")
def clipped_by_value(model, optimizer, scheduler, clean_images, generator=None):
    """Each number of the gradients is clipped, where they are to be used as they are."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=LARGE, says="have not moved at all")
def large_losses_skipped(model, optimizer, scheduler, clean_images, generator=None):
    """No step is taken where the loss is large."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    if loss.item() < 50:
        optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="as they were")
def learning_rate_decayed(model, optimizer, scheduler, clean_images, generator=None):
    """The learning rate of the caller's optimizer is changed."""
    loss = zeroed_first(model, optimizer, scheduler, clean_images, generator)
    for group in optimizer.param_groups:
        group["lr"] *= 0.999
    return loss


@mistake("train_step", rejected_by=STEP, says="stepped twice")
def two_steps(model, optimizer, scheduler, clean_images, generator=None):
    """`step` is called twice along the same gradients."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=STEP, says="gradients of the loss")
def optimizer_of_its_own(model, optimizer, scheduler, clean_images, generator=None):
    """A new optimizer takes the step, without the moments and options of the one that was given."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", rejected_by=NUMBER, says="the loss is float32 tensor")
def tensor_returned(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is returned as a tensor, not as a Python number."""
    optimizer.zero_grad()
    loss = loss_of(model, scheduler, clean_images, generator)
    loss.backward()
    optimizer.step()
    return loss


@rewrite(tensor_returned)
def tensor_returned_after_a_step_by_hand(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is written out, and the tensor that `mean` gives is returned."""
    timesteps = torch.randint(
        0, len(scheduler.alphas_cumprod), (len(clean_images),), generator=generator
    )
    noise = torch.normal(0.0, 1.0, clean_images.shape, generator=generator)
    a = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    predicted = model(a.sqrt() * clean_images + (1 - a).sqrt() * noise, timesteps)["sample"]
    loss = (predicted - noise).square().mean()
    model.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@mistake("train_step", rejected_by=NUMBER, says="without `return`")
def nothing_returned(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is not returned."""
    zeroed_before_the_step(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by=STEP, says="does not require grad")
def item_before_backward(model, optimizer, scheduler, clean_images, generator=None):
    """The loss is cut off the graph before `backward`, so that nothing leads back to the
    weights.
    """
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
    """The target is the clean picture instead of the noise."""
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
    """A seed inside the function makes all steps draw the same noise and timesteps."""
    torch.manual_seed(0)
    return zeroed_first(model, optimizer, scheduler, clean_images, generator)


@mistake("train_step", rejected_by="test_the_clean_pictures_stay_as_they_were", says="was changed")
def noised_in_place(model, optimizer, scheduler, clean_images, generator=None):
    """The caller's clean batch is noised in place."""
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
    value = loss.detach().cpu().numpy()[()]
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
