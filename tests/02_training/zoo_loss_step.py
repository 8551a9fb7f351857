"""Wrong and right answers to loss_step."""

import torch
import torch.nn.functional as F

from kata.zoo import mistake, variant

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
    return timesteps, torch.randn(clean_images.shape, generator=generator)


def forward(model, scheduler, clean_images, generator=None):
    """The noise and its prediction, as they should be made."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return model(noisy_images, timesteps).sample, noise


@mistake("training_loss", rejected_by=LOSS, says="the target is the clean pictures")
def clean_pictures_as_target(model, scheduler, clean_images, generator=None):
    """The model is asked for the picture, not for the noise."""
    predicted, _ = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted, clean_images)


@mistake("training_loss", rejected_by=LOSS, says="the target is the noisy pictures")
def noisy_pictures_as_target(model, scheduler, clean_images, generator=None):
    """The model is asked for what it was shown."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noisy_images)


@mistake("training_loss", rejected_by=LOSS, says="second draw")
def fresh_noise_as_target(model, scheduler, clean_images, generator=None):
    """The target is another draw than the noise in the pictures: nothing can be learned."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted, torch.randn_like(noise))


@mistake("training_loss", rejected_by=SHOWN, says="One timestep for the whole batch")
def one_timestep(model, scheduler, clean_images, generator=None):
    """One timestep is drawn and broadcast over the batch."""
    timestep = torch.randint(0, scheduler.config.num_train_timesteps, (1,), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timestep)
    return F.mse_loss(model(noisy_images, timestep).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="One timestep for the whole batch")
def one_timestep_repeated(model, scheduler, clean_images, generator=None):
    """The shape is right, but all pictures of the batch share one timestep."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    timesteps = timesteps[:1].repeat(len(clean_images))
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="left out already")
def last_timestep_never_drawn(model, scheduler, clean_images, generator=None):
    """`randint` excludes its end, so `- 1` loses the last timestep."""
    end = scheduler.config.num_train_timesteps - 1
    timesteps = torch.randint(0, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="start at 0")
def counted_from_one(model, scheduler, clean_images, generator=None):
    """The paper counts timesteps from 1 to T, the library from 0 to T - 1."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(1, end, (len(clean_images),), generator=generator)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="uniform over 0 ... 5")
def rounded_timesteps(model, scheduler, clean_images, generator=None):
    """Rounding gives the first and the last timestep half of their share."""
    last = scheduler.config.num_train_timesteps - 1
    timesteps = (torch.rand(len(clean_images), generator=generator) * last).round().long()
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="out of bounds")
def a_thousand_timesteps(model, scheduler, clean_images, generator=None):
    """The length of the schedule is in its configuration: it is not always 1,000."""
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
    """`rand` in the place of `randn`."""
    timesteps, _ = drawn(scheduler, clean_images, generator)
    noise = torch.rand(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="another scale")
def faint_noise(model, scheduler, clean_images, generator=None):
    """Noise that was made smaller before it was mixed in."""
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
    """The noisy pictures are made and then forgotten."""
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
    """The arguments of `add_noise` in the wrong order."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(noise, clean_images, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="must fade")
def noise_on_top(model, scheduler, clean_images, generator=None):
    """The noise is added to the whole picture."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    return F.mse_loss(model(clean_images + noise, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="missing square root")
def no_square_root(model, scheduler, clean_images, generator=None):
    """The rates of the mixture without their square roots."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    noisy_images = alpha_bar * clean_images + (1 - alpha_bar) * noise
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=SHOWN, says="called 2 times")
def two_forward_passes(model, scheduler, clean_images, generator=None):
    """The model is called once more than needed."""
    first, noise = forward(model, scheduler, clean_images, generator)
    second, other = forward(model, scheduler, clean_images, generator)
    return (F.mse_loss(first, noise) + F.mse_loss(second, other)) / 2


@mistake("training_loss", rejected_by=LOSS, says="UNet2DOutput")
def sample_forgotten(model, scheduler, clean_images, generator=None):
    """The model's answer is wrapped: the tensor is in its field `sample`."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps), noise)


@mistake("training_loss", rejected_by=LOSS, says="sum over everything")
def sum_of_squares(model, scheduler, clean_images, generator=None):
    """A sum grows with the batch and with the pictures, and the step with it."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator), reduction="sum")


@mistake("training_loss", rejected_by=LOSS, says="sum over each picture")
def mean_over_the_batch_only(model, scheduler, clean_images, generator=None):
    """Summed over each picture, as in the paper's norm, and averaged over the batch."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return (predicted - noise).square().sum(dim=(1, 2, 3)).mean()


@mistake("training_loss", rejected_by=LOSS, says="L1")
def absolute_error(model, scheduler, clean_images, generator=None):
    """The absolute error instead of the squared one."""
    return F.l1_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=LOSS, says="smooth_l1_loss")
def smooth_absolute_error(model, scheduler, clean_images, generator=None):
    """Squares for small errors only."""
    return F.smooth_l1_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=LOSS, says="square root of the mean")
def root_mean_square(model, scheduler, clean_images, generator=None):
    """The square root changes every gradient."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator)).sqrt()


@mistake("training_loss", rejected_by=LOSS, says="mean of (prediction - noise)^2")
def weighted_by_timestep(model, scheduler, clean_images, generator=None):
    """Pictures with little noise count more than others."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    error = (model(noisy_images, timesteps).sample - noise).square().mean(dim=(1, 2, 3))
    return (error * scheduler.alphas_cumprod[timesteps]).mean()


@mistake("training_loss", rejected_by=LOSS, says="leave the graph")
def number_returned(model, scheduler, clean_images, generator=None):
    """A Python number has no gradients."""
    return F.mse_loss(*forward(model, scheduler, clean_images, generator)).item()


@mistake("training_loss", rejected_by=GRAPH, says="on the graph")
def no_gradients(model, scheduler, clean_images, generator=None):
    """`no_grad` belongs to sampling, not to training."""
    with torch.no_grad():
        return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=GRAPH, says="no gradient reached")
def detached_prediction(model, scheduler, clean_images, generator=None):
    """The prediction is cut off and made to require gradients again."""
    predicted, noise = forward(model, scheduler, clean_images, generator)
    return F.mse_loss(predicted.detach().requires_grad_(), noise)


@mistake("training_loss", rejected_by=GRAPH, says="nobody has called `backward`")
def backward_inside(model, scheduler, clean_images, generator=None):
    """The gradients are the caller's business."""
    loss = F.mse_loss(*forward(model, scheduler, clean_images, generator))
    loss.backward()
    return loss


@mistake("training_loss", rejected_by=f"{GENERATOR}[noise]", says="hand `generator` on")
def noise_without_generator(model, scheduler, clean_images, generator=None):
    """`randn_like` takes no generator."""
    timesteps, _ = drawn(scheduler, clean_images, generator)
    noise = torch.randn_like(clean_images)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=f"{GENERATOR}[timesteps]", says="hand `generator` on")
def timesteps_without_generator(model, scheduler, clean_images, generator=None):
    """The generator is handed on to the noise alone."""
    timesteps, _ = drawn(scheduler, clean_images)
    noise = torch.randn(clean_images.shape, generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=ANEW, says="seed inside")
def seeded_inside(model, scheduler, clean_images, generator=None):
    """A seed inside the function makes every batch equal."""
    generator = generator or torch.Generator().manual_seed(0)
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="was changed")
def noised_in_place(model, scheduler, clean_images, generator=None):
    """The clean batch is gone afterwards."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    clean_images.copy_(scheduler.add_noise(clean_images, noise, timesteps))
    return F.mse_loss(model(clean_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNTOUCHED, says="whoever called has chosen it")
def switched_to_training(model, scheduler, clean_images, generator=None):
    """The mode is set once, by the training loop."""
    model.train()
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="belongs to the step")
def gradients_cleared(model, scheduler, clean_images, generator=None):
    """Whoever adds up the gradients of several batches loses them."""
    model.zero_grad()
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNTOUCHED, says="the scheduler as it was")
def timesteps_set(model, scheduler, clean_images, generator=None):
    """`set_timesteps` is for sampling; a preview that goes on afterwards gets lost."""
    scheduler.set_timesteps(scheduler.config.num_train_timesteps)
    return F.mse_loss(*forward(model, scheduler, clean_images, generator))


@mistake("training_loss", rejected_by=UNIFORM, says="out of bounds")
def timesteps_of_sampling(model, scheduler, clean_images, generator=None):
    """`scheduler.timesteps` shrinks with `set_timesteps`."""
    places, noise = drawn(scheduler, clean_images, generator)
    timesteps = scheduler.timesteps[places]
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@mistake("training_loss", rejected_by=UNIFORM, says="as if they were paired")
def antithetic_timesteps(model, scheduler, clean_images, generator=None):
    """Every timestep comes with its mirror image: less jumping, but not independent."""
    timesteps, noise = drawn(scheduler, clean_images, generator)
    half = timesteps[: len(timesteps) // 2]
    timesteps = torch.cat([half, scheduler.config.num_train_timesteps - 1 - half])
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return F.mse_loss(model(noisy_images, timesteps).sample, noise)


@variant("training_loss")
def by_hand(model, scheduler, clean_images, generator=None):
    """Mixture and error written out, the noise drawn first, the model called by keywords."""
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    timesteps = torch.empty(len(clean_images), dtype=torch.int64)
    timesteps.random_(0, scheduler.config.num_train_timesteps, generator=generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps][:, None, None, None]
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
    timesteps, noise = torch.stack(timesteps), torch.stack(noise)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    predicted = model(noisy_images, timesteps)["sample"]
    return torch.nn.MSELoss(reduction="none")(noise, predicted).flatten(1).mean(dim=1).mean()


@variant("training_loss")
def small_integers(model, scheduler, clean_images, generator=None):
    """The same draws as 32-bit integers, the error as a norm."""
    end = scheduler.config.num_train_timesteps
    timesteps = torch.randint(end, (len(clean_images),), generator=generator, dtype=torch.int32)
    noise = torch.randn(clean_images.size(), generator=generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps.long())
    error = model(noisy_images, timesteps).sample - noise
    return torch.linalg.vector_norm(error) ** 2 / error.numel()
