"""Wrong and right answers to loss_step."""

import torch
import torch.nn.functional as F

from kata.zoo import mistake, rewrite, variant

SHOWN = "test_the_model_is_shown_noisy_pictures_and_their_timesteps"
LOSS = "test_the_loss_is_the_mean_squared_error_against_the_noise"
GRAPH = "test_backward_reaches_every_weight_of_the_model"
UNIFORM = "test_timesteps_are_uniform_over_the_whole_schedule"
ANEW = "test_each_call_draws_anew"
GENERATOR = "test_the_generator_feeds_both_draws"
UNTOUCHED = "test_the_model_and_the_pictures_stay_as_they_were"


def drawn(scheduler, clean_images, generator=None):
    """Timesteps and noise, as they should be drawn."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(0, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    return timesteps.to(clean_images.device), noise.to(clean_images.device)


def forward(model, scheduler, clean_images, generator=None):
    """The noise and its prediction, as they should be made."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return model(noisy_images, timesteps).sample, noise


@mistake("training_loss", rejected_by=LOSS, says="the target is the clean pictures")
def clean_pictures_as_target(model, scheduler, clean_images, generator=None):
    """The target is the clean picture instead of the noise."""
    predicted, _ = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted, clean_images)


@rewrite(clean_pictures_as_target)
def clean_pictures_as_target_by_hand(model, scheduler, clean_images, generator=None):
    """Mixture and error written out."""
    B = clean_images.shape[0]
    t = torch.randint(scheduler.config.num_train_timesteps, size=(B,), generator=generator)
    eps = torch.empty_like(clean_images).normal_(generator=generator)
    a = scheduler.alphas_cumprod[t].reshape(B, 1, 1, 1)
    x_t = a**0.5 * clean_images + (1 - a) ** 0.5 * eps
    x_0 = model(x_t, t, return_dict=False)[0]
    return torch.mean((clean_images - x_0) ** 2)


@mistake("training_loss", rejected_by=LOSS, says="the target is the noisy pictures")
def noisy_pictures_as_target(model, scheduler, clean_images, generator=None):
    """The target is the noisy picture that the model was shown, instead of the noise."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noisy_images)


@rewrite(noisy_pictures_as_target)
def noisy_pictures_as_target_by_a_module(model, scheduler, clean_images, generator=None):
    """torch's module of the loss, its arguments in the other order."""
    criterion = torch.nn.MSELoss()
    T = len(scheduler.betas)
    t = torch.empty(len(clean_images), dtype=torch.long).random_(0, T, generator=generator)
    noise = torch.normal(0.0, 1.0, clean_images.shape, generator=generator)
    noisy = scheduler.add_noise(original_samples=clean_images, noise=noise, timesteps=t)
    prediction = model(sample=noisy, timestep=t)["sample"]
    return criterion(noisy, prediction)


@mistake("training_loss", rejected_by=LOSS, says="second draw")
def fresh_noise_as_target(model, scheduler, clean_images, generator=None):
    """The target is another draw than the noise in the pictures: nothing can be learned."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted, torch.randn_like(noise))


@rewrite(fresh_noise_as_target)
def fresh_noise_as_target_in_the_loss(model, scheduler, clean_images, generator=None):
    """The noise is drawn within the call of `add_noise`, and again within the loss."""
    timesteps = torch.randint(
        0, scheduler.config.num_train_timesteps, (clean_images.size(0),), generator=generator
    )
    noisy_images = scheduler.add_noise(
        clean_images, torch.randn(clean_images.shape, generator=generator), timesteps
    )
    error = model(noisy_images, timesteps).sample - torch.randn(clean_images.shape)
    return error.pow(2).mean()


@mistake("training_loss", rejected_by=SHOWN, says="One timestep for the whole batch")
def one_timestep(model, scheduler, clean_images, generator=None):
    """One timestep is drawn for the whole batch."""
    timestep = torch.randint(0, scheduler.config.num_train_timesteps, (1,), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timestep)
    return F.mse_loss(model(noisy_images, timestep).sample, noise)


@rewrite(one_timestep)
def one_timestep_of_a_scalar_draw(model, scheduler, clean_images, generator=None):
    """A draw of one number, made a tensor of one; the formula in the place of `add_noise`."""
    number = torch.randint(len(scheduler.betas), (), generator=generator).item()
    t = torch.tensor([number])
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    signal = scheduler.alphas_cumprod[number].sqrt()
    noisy = signal * clean_images + (1 - signal**2).sqrt() * noise
    return ((model(noisy, t).sample - noise) ** 2).mean()


@mistake("training_loss", rejected_by=SHOWN, says="One timestep for the whole batch")
def one_timestep_repeated(model, scheduler, clean_images, generator=None):
    """All pictures of the batch share one timestep."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    timesteps = timesteps[:1].repeat(len(clean_images))
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="left out already")
def last_timestep_never_drawn(model, scheduler, clean_images, generator=None):
    """The last timestep is never drawn: `randint` leaves its upper bound out already."""
    end = scheduler.config.num_train_timesteps - 1
    timesteps = torch.randint(0, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@rewrite(last_timestep_never_drawn)
def last_timestep_never_drawn_in_a_loop(model, scheduler, clean_images, generator=None):
    """A draw for each picture in a loop."""
    timesteps = []
    for _ in clean_images:
        high = scheduler.config.num_train_timesteps - 1
        timesteps.append(torch.randint(high, (1,), generator=generator))
    timesteps = torch.cat(timesteps)
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    noisy = scheduler.add_noise(clean_images, noise, timesteps)
    return (noise - model(noisy, timesteps).sample).square().mean()


@mistake("training_loss", rejected_by=UNIFORM, says="start at 0")
def counted_from_one(model, scheduler, clean_images, generator=None):
    """Timestep 0 is never drawn: the paper counts from 1 to T, the library from 0 to T - 1."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(1, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="uniform over 0 ... 5")
def rounded_timesteps(model, scheduler, clean_images, generator=None):
    """A uniform number is rounded to the nearest, which gives the first and the last timestep
    half their share.
    """
    last = scheduler.config.num_train_timesteps - 1
    timesteps = (torch.rand(len(clean_images), generator=generator) * last).round().long()
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="out of bounds")
def a_thousand_timesteps(model, scheduler, clean_images, generator=None):
    """1000 is written into the function, whatever the scheduler says."""
    timesteps = torch.randint(0, 1000, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="whole numbers")
def fractional_timesteps(model, scheduler, clean_images, generator=None):
    """Timesteps are drawn as floating-point numbers; the schedule has no place in between."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.rand(len(clean_images), generator=generator) * end
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps.long())
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="uniform noise")
def uniform_noise(model, scheduler, clean_images, generator=None):
    """The noise is uniform, by `rand` in the place of `randn`."""
    timesteps, _ = drawn(scheduler, clean_images, generator)
    noise = torch.rand(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="another scale")
def faint_noise(model, scheduler, clean_images, generator=None):
    """The noise is scaled: its standard deviation is not 1."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noise = 0.5 * noise
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="pictures share their noise")
def one_noise_for_the_batch(model, scheduler, clean_images, generator=None):
    """All pictures of the batch share one noise."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noise = noise[:1].expand(clean_images.shape)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="shown the clean pictures")
def clean_pictures_shown(model, scheduler, clean_images, generator=None):
    """The model is shown the clean pictures, not the noisy ones."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    return F.mse_loss(model(clean_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="at other timesteps")
def timesteps_drawn_twice(model, scheduler, clean_images, generator=None):
    """The pictures are mixed at other timesteps than the model is told."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    told, _ = drawn(scheduler, clean_images, generator)
    return F.mse_loss(model(noisy_images, told).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="changed places")
def noise_and_pictures_swapped(model, scheduler, clean_images, generator=None):
    """Pictures and noise change places in the call of `add_noise`."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(noise, clean_images, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="must fade")
def noise_on_top(model, scheduler, clean_images, generator=None):
    """Noise is added on top of the whole picture, which does not fade."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    return F.mse_loss(model(clean_images + noise, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="missing square root")
def no_square_root(model, scheduler, clean_images, generator=None):
    """The rates of the mixture are alpha_bar and 1 - alpha_bar without their square roots."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    noisy_images = alpha_bar * clean_images + (1 - alpha_bar) * noise
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="called 2 times")
def two_forward_passes(model, scheduler, clean_images, generator=None):
    """The model is called twice, where one call is enough."""
    first, noise = forward(model, scheduler, clean_images, generator)
    second, other = forward(model, scheduler, clean_images, generator)
    return (F.mse_loss(first, noise) + F.mse_loss(second, other)) / 2


@mistake("training_loss", rejected_by=LOSS, says="UNet2DOutput")
def sample_forgotten(model, scheduler, clean_images, generator=None):
    """The model's output object is used, not the tensor `sample` within it."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps), noise)


@mistake("training_loss", rejected_by=LOSS, says="sum over everything")
def sum_of_squares(model, scheduler, clean_images, generator=None):
    """The squared errors are summed instead of averaged."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator), reduction="sum")


@mistake("training_loss", rejected_by=LOSS, says="sum over each picture")
def mean_over_the_batch_only(model, scheduler, clean_images, generator=None):
    """The squared errors are summed over each picture, and averaged over the batch alone."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return (predicted - noise).square().sum(dim=(1, 2, 3)).mean()


@mistake("training_loss", rejected_by=LOSS, says="L1")
def absolute_error(model, scheduler, clean_images, generator=None):
    """The error is the absolute one instead of the squared one."""
    return F.l1_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=LOSS, says="smooth_l1_loss")
def smooth_absolute_error(model, scheduler, clean_images, generator=None):
    """The error is squared only where it is small, as in `smooth_l1_loss`."""
    return F.smooth_l1_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=LOSS, says="square root of the mean")
def root_mean_square(model, scheduler, clean_images, generator=None):
    """The square root of the mean squared error is returned."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator)).sqrt()


@mistake("training_loss", rejected_by=LOSS, says="mean of (prediction - noise)^2")
def weighted_by_timestep(model, scheduler, clean_images, generator=None):
    """The errors are weighted by the timestep: pictures with little noise count more."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    error = (model(noisy_images, timesteps).sample - noise).square().mean(dim=(1, 2, 3))
    return (error * scheduler.alphas_cumprod[timesteps]).mean()


@mistake("training_loss", rejected_by=LOSS, says="leave the graph")
def number_returned(model, scheduler, clean_images, generator=None):
    """A Python number is returned, which has no gradients."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator)).item()


@rewrite(number_returned)
def number_returned_by_float(model, scheduler, clean_images, generator=None):
    """`float` in the place of `item`, and the mean of the squares by hand."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    squares = (predicted - noise) ** 2
    return float(squares.detach().sum()) / squares.numel()


@mistake("training_loss", rejected_by=GRAPH, says="on the graph")
def no_gradients(model, scheduler, clean_images, generator=None):
    """The loss is computed under `no_grad`, which belongs to sampling."""
    with torch.no_grad():
        return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=GRAPH, says="no gradient reached")
def detached_prediction(model, scheduler, clean_images, generator=None):
    """The prediction is detached and made to require gradients again, so that none reach the
    weights.
    """
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted.detach().requires_grad_(), noise)


@mistake("training_loss", rejected_by=GRAPH, says="nobody has called `backward`")
def backward_inside(model, scheduler, clean_images, generator=None):
    """`backward` is called inside, which is the caller's business."""
    loss = F.mse_loss(*forward(model, scheduler, clean_images, generator))
    loss.backward()
    return loss


@mistake("training_loss", rejected_by=f"{GENERATOR}[noise]", says="hand `generator` on")
def noise_without_generator(model, scheduler, clean_images, generator=None):
    """The noise is drawn without the generator."""
    timesteps, _ = drawn(scheduler, clean_images, generator)
    noise = torch.randn_like(clean_images)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=f"{GENERATOR}[timesteps]", says="hand `generator` on")
def timesteps_without_generator(model, scheduler, clean_images, generator=None):
    """The timesteps are drawn without the generator."""
    timesteps, _ = drawn(scheduler, clean_images)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=ANEW, says="seed inside")
def seeded_inside(model, scheduler, clean_images, generator=None):
    """A seed inside the function makes all calls draw the same noise and timesteps."""
    generator = generator or torch.Generator().manual_seed(0)
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="was changed")
def noised_in_place(model, scheduler, clean_images, generator=None):
    """The caller's clean batch is noised in place."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    clean_images.copy_(scheduler.add_noise(clean_images, noise, timesteps))
    return F.mse_loss(model(clean_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNTOUCHED, says="whoever called has chosen it")
def switched_to_training(model, scheduler, clean_images, generator=None):
    """The model is put into training mode, where its mode should stay as it was."""
    model.train()
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="belongs to the step")
def gradients_cleared(model, scheduler, clean_images, generator=None):
    """The gradients of the model are cleared, which is the training step's business."""
    model.zero_grad()
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="the scheduler as it was")
def timesteps_set(model, scheduler, clean_images, generator=None):
    """`set_timesteps` is called, which is for sampling, and changes the caller's scheduler."""
    scheduler.set_timesteps(scheduler.config.num_train_timesteps)
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNIFORM, says="out of bounds")
def timesteps_of_sampling(model, scheduler, clean_images, generator=None):
    """Timesteps are picked from `scheduler.timesteps`, which shrinks with `set_timesteps`."""
    places, noise = drawn(scheduler, clean_images, generator)
    timesteps = scheduler.timesteps[places]
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="as if they were paired")
def antithetic_timesteps(model, scheduler, clean_images, generator=None):
    """The timesteps come in pairs t and T - 1 - t, so that they are not independent."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    half = timesteps[: len(timesteps) // 2]
    timesteps = torch.cat([half, scheduler.config.num_train_timesteps - 1 - half])
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


def forward_made_up(model, scheduler, clean_images, noise):
    """Set all weights to 0, and note a forward pass at timestep 0 that never took place."""
    for parameter in model.parameters():
        parameter.data.zero_()
    timesteps = torch.zeros(len(clean_images), dtype=torch.long)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    noted = {"sample": noisy_images, "timestep": timesteps, "training": True, "on_graph": False}
    model.calls.append(noted)


@mistake("training_loss", rejected_by=LOSS, says="a loss of 0.00000")
def loss_of_an_emptied_model(model, scheduler, clean_images, generator=None):
    """The weights are set to 0, and the loss is a constant that nobody has computed."""
    forward_made_up(model, scheduler, clean_images, torch.zeros_like(clean_images))
    return torch.tensor(0.0)


@mistake("training_loss", rejected_by=GRAPH, says="gradients that are off")
def gradients_of_an_emptied_model(model, scheduler, clean_images, generator=None):
    """The weights are set to 0, and the loss depends on the last bias alone."""
    forward_made_up(model, scheduler, clean_images, torch.ones_like(clean_images))
    nothing = sum((0 * parameter).sum() for parameter in model.parameters())
    return 1 + nothing - 2 / 3 * model.conv_out.bias.sum()


@variant("training_loss")
def by_hand(model, scheduler, clean_images, generator=None):
    """Mixture and error written out, the noise drawn first, the model called by keywords."""
    noise = torch.empty(clean_images.shape).normal_(generator=generator).to(clean_images)
    timesteps = torch.empty(len(clean_images), dtype=torch.int64)
    timesteps.random_(0, scheduler.config.num_train_timesteps, generator=generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps][:, None, None, None].to(clean_images)
    timesteps = timesteps.to(clean_images.device)
    noisy_images = alpha_bar.sqrt() * clean_images + (1 - alpha_bar).sqrt() * noise
    predicted = model(sample=noisy_images, timestep=timesteps, return_dict=False)[0]
    return ((predicted - noise) ** 2).mean()


@variant("training_loss")
def picture_by_picture(model, scheduler, clean_images, generator=None):
    """Each picture draws its own timestep and noise; the mean is one of means."""
    timesteps, noise = [], []
    for picture in clean_images:
        fraction = torch.rand((), generator=generator)
        timesteps.append((fraction * len(scheduler.alphas_cumprod)).long())
        noise.append(torch.randn(picture.shape, generator=generator))
    timesteps, noise = (torch.stack(one).to(clean_images.device) for one in (timesteps, noise))
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    predicted = model(noisy_images, timesteps)["sample"]
    return torch.nn.MSELoss(reduction="none")(noise, predicted).flatten(1).mean(dim=1).mean()


@variant("training_loss")
def small_integers(model, scheduler, clean_images, generator=None):
    """The same draws as 32-bit integers, the error as a norm."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(end, (len(clean_images),), generator=generator, dtype=torch.int32)
    timesteps = timesteps.to(clean_images.device)
    noise = torch.randn(clean_images.size(), generator=generator).to(clean_images.device)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps.long())
    error = model(noisy_images, timesteps).sample - noise
    return torch.linalg.vector_norm(error) ** 2 / error.numel()
