"""Wrong and right answers to add_noise."""

import torch

from kata.zoo import mistake, rewrite, variant

MIXTURE = "test_noisy_pictures_are_the_mixture_of_the_returned_noise"
OWN_TIME = "test_every_picture_gets_the_noise_of_its_own_timestep"
NORMAL = "test_the_noise_is_standard_normal"
OWN_NOISE = "test_every_picture_and_channel_has_noise_of_its_own"
ANEW = "test_each_call_draws_new_noise"
GENERATOR = "test_the_noise_comes_from_the_generator"
UNCHANGED = "test_the_clean_pictures_stay_as_they_were"
LADDER = "test_the_ladder_runs_from_clean_to_noise"
LADDER_NOISE = "test_the_ladders_noise_is_standard_normal"


def like(images, generator=None):
    """Standard normal noise as the kata asks for it."""
    options = {"device": images.device, "dtype": images.dtype}
    return torch.randn(images.shape, generator=generator, **options)


def rungs(scheduler, images, timesteps, generator=None):
    """The ladder that the kata asks for, at timesteps of a mistake's choice."""
    noise = like(images, generator)
    return torch.stack(
        [scheduler.add_noise(images, noise, t.repeat(len(images))) for t in timesteps]
    )


def spread(scheduler, count):
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count).long()


@mistake("corrupt", rejected_by=NORMAL, says="uniform")
def uniform_noise(scheduler, clean_images, timesteps, generator=None):
    """The noise is uniform in [0, 1); diffusion adds standard normal noise."""
    noise = torch.rand(clean_images.shape, generator=generator, dtype=clean_images.dtype)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@rewrite(uniform_noise)
def uniform_noise_in_place(scheduler, clean_images, timesteps, generator=None):
    """An empty tensor is filled with uniform numbers, and the formula written out."""
    eps = torch.empty_like(clean_images)
    eps.uniform_(generator=generator)
    a = scheduler.alphas_cumprod.to(clean_images)[timesteps]
    a = a[:, None, None, None]
    x_t = torch.sqrt(a) * clean_images + torch.sqrt(1.0 - a) * eps
    return x_t, eps


@mistake("corrupt", rejected_by=NORMAL, says="uniform")
def centred_uniform_noise(scheduler, clean_images, timesteps, generator=None):
    """The noise is uniform in [-1, 1]; diffusion adds standard normal noise."""
    noise = 2 * torch.rand(clean_images.shape, generator=generator).to(clean_images) - 1
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=NORMAL, says="another scale")
def faint_noise(scheduler, clean_images, timesteps, generator=None):
    """The noise is scaled: its standard deviation is not 1."""
    noise = 0.1 * like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=NORMAL, says="tails")
def noise_within_three(scheduler, clean_images, timesteps, generator=None):
    """The noise is clipped, so that rare large values are missing."""
    noise = like(clean_images, generator).clamp(-3, 3)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=NORMAL, says="normalised after it was drawn")
def noise_normalised(scheduler, clean_images, timesteps, generator=None):
    """The noise is normalised to mean 0 and variance 1 after it was drawn, so that its numbers
    are not independent.
    """
    noise = like(clean_images, generator)
    noise = (noise - noise.mean()) / noise.std()
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=NORMAL, says="no noise at all")
def no_noise(scheduler, clean_images, timesteps, generator=None):
    """Zeros stand in the place of noise."""
    noise = torch.zeros_like(clean_images)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


def twice(images, generator):
    noise = like(images, generator)
    return noise, noise


@mistake("corrupt", rejected_by=NORMAL, says="returned in both places")
def noise_twice(scheduler, clean_images, timesteps, generator=None):
    """The noise is returned in both places: there is nothing of the pictures in it."""
    return twice(clean_images, generator)


@mistake("corrupt", rejected_by=GENERATOR, says="returned in both places")
def noise_twice_by_its_generator(scheduler, clean_images, timesteps, generator=None):
    """The noise is returned in both places: there is nothing of the pictures in it."""
    return twice(clean_images, generator)


@mistake("corrupt", rejected_by=MIXTURE, says="no noise at all")
def faded_pictures_and_zeros(scheduler, clean_images, timesteps, generator=None):
    """Zeros stand in the place of noise."""
    noise = torch.zeros_like(clean_images)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=MIXTURE, says="Another noise was mixed in")
def second_draw_returned(scheduler, clean_images, timesteps, generator=None):
    """The noise that is returned is another draw than the one that was mixed in."""
    noisy_images = scheduler.add_noise(clean_images, like(clean_images, generator), timesteps)
    return noisy_images, like(clean_images, generator)


@mistake("corrupt", rejected_by=MIXTURE, says="missing square root")
def no_square_root(scheduler, clean_images, timesteps, generator=None):
    """The rates are alpha_bar and 1 - alpha_bar without their square roots."""
    noise = like(clean_images, generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha_bar * clean_images + (1 - alpha_bar) * noise, noise


@rewrite(no_square_root)
def no_square_root_picture_by_picture(scheduler, clean_images, timesteps, generator=None):
    """A loop over the pictures, each with the number of its timestep."""
    noise = torch.normal(0.0, 1.0, size=clean_images.shape, generator=generator)
    noisy_images = torch.empty_like(clean_images)
    for i, t in enumerate(timesteps):
        rate = scheduler.alphas_cumprod[t].item()
        noisy_images[i] = rate * clean_images[i] + (1 - rate) * noise[i]
    return noisy_images, noise


@mistake("corrupt", rejected_by=MIXTURE, says="alpha_t stands for alpha_bar_t")
def no_cumulative_product(scheduler, clean_images, timesteps, generator=None):
    """The alphas of single steps stand for alpha_bar, without the product over all steps up to
    t.
    """
    noise = like(clean_images, generator)
    alpha = scheduler.alphas[timesteps].view(-1, 1, 1, 1)
    return alpha.sqrt() * clean_images + (1 - alpha).sqrt() * noise, noise


@rewrite(no_cumulative_product)
def no_cumulative_product_from_the_betas(scheduler, clean_images, timesteps, generator=None):
    """From the betas instead of the alphas, by another call for the noise."""
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    beta = scheduler.betas.gather(0, timesteps).reshape(len(timesteps), 1, 1, 1)
    noisy = (1 - beta) ** 0.5 * clean_images + beta**0.5 * noise
    return noisy, noise


@mistake("corrupt", rejected_by=MIXTURE, says="it must fade")
def added_on_top(scheduler, clean_images, timesteps, generator=None):
    """Noise is added on top of the whole picture, which does not fade."""
    noise = like(clean_images, generator)
    return clean_images + noise, noise


@mistake("corrupt", rejected_by=MIXTURE, says="keeps its strength")
def picture_does_not_fade(scheduler, clean_images, timesteps, generator=None):
    """Noise grows with the timestep, but the picture keeps its strength."""
    noise = like(clean_images, generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return clean_images + (1 - alpha_bar).sqrt() * noise, noise


@mistake("corrupt", rejected_by=MIXTURE, says="changed places")
def arguments_swapped(scheduler, clean_images, timesteps, generator=None):
    """Pictures and noise change places in the call of `add_noise`."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(noise, clean_images, timesteps), noise


@mistake("corrupt", rejected_by=MIXTURE, says="`return noisy_images, noise`")
def order_swapped(scheduler, clean_images, timesteps, generator=None):
    """The noise is returned first, and the noisy pictures second."""
    noise = like(clean_images, generator)
    return noise, scheduler.add_noise(clean_images, noise, timesteps)


@mistake("corrupt", rejected_by=MIXTURE, says="return noisy_images, noise")
def only_the_noisy_pictures(scheduler, clean_images, timesteps, generator=None):
    """Only the noisy pictures are returned, without the noise that was mixed in."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps)


@mistake("corrupt", rejected_by=MIXTURE, says="must not be clamped")
def clamped(scheduler, clean_images, timesteps, generator=None):
    """The noisy pictures are clamped to [-1, 1], where they do not belong any more."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps).clamp(-1, 1), noise


@mistake("corrupt", rejected_by=MIXTURE, says="the difference of the pictures")
def difference_returned(scheduler, clean_images, timesteps, generator=None):
    """The difference of noisy and clean pictures is returned as the noise; but the pictures
    faded, too.
    """
    noise = like(clean_images, generator)
    noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
    return noisy_images, noisy_images - clean_images


@mistake("corrupt", rejected_by=MIXTURE, says="as in `torch.lerp`")
def straight_from_picture_to_noise(scheduler, clean_images, timesteps, generator=None):
    """Picture and noise are mixed along a straight line, as in flow matching."""
    noise = like(clean_images, generator)
    share = timesteps / (scheduler.config.num_train_timesteps - 1)
    return torch.lerp(clean_images, noise, share.view(-1, 1, 1, 1)), noise


@mistake("corrupt", rejected_by=MIXTURE, says="`torch.full((B,), t)`")
def number_for_timesteps(scheduler, clean_images, timesteps, generator=None):
    """`add_noise` gets a number, where it wants a tensor of timesteps."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, int(timesteps[0])), noise


@mistake("corrupt", rejected_by=OWN_TIME, says="for the first timestep")
def one_timestep_for_the_batch(scheduler, clean_images, timesteps, generator=None):
    """One timestep is used for the whole batch."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps[:1]), noise


@rewrite(one_timestep_for_the_batch)
def one_timestep_for_the_batch_as_a_number(scheduler, clean_images, timesteps, generator=None):
    """The timestep is a number, and its two rates are numbers too."""
    t = int(timesteps[0])
    alpha_bar = float(scheduler.alphas_cumprod[t])
    noise = torch.randn(*clean_images.shape, generator=generator)
    noise = noise.to(clean_images.dtype)
    return alpha_bar**0.5 * clean_images + (1 - alpha_bar) ** 0.5 * noise, noise


@mistake("corrupt", rejected_by=OWN_TIME, says="at t = timesteps[i]")
def timesteps_in_order(scheduler, clean_images, timesteps, generator=None):
    """The timesteps are sorted, the pictures are not."""
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps.sort().values), noise


@mistake("corrupt", rejected_by=UNCHANGED, says="was changed")
def changed_in_place(scheduler, clean_images, timesteps, generator=None):
    """The caller's clean batch is noised in place."""
    noise = like(clean_images, generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    clean_images.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)
    return clean_images, noise


@rewrite(changed_in_place)
def changed_by_copying(scheduler, clean_images, timesteps, generator=None):
    """The scheduler mixes, and the result is written into the pictures one by one."""
    noise = like(clean_images, generator)
    mixed = scheduler.add_noise(clean_images, noise, timesteps)
    for picture, new in zip(clean_images, mixed, strict=True):
        picture[:] = new
    return clean_images, noise


@mistake("corrupt", rejected_by=OWN_NOISE, says="some pictures share it")
def noise_shared_by_the_batch(scheduler, clean_images, timesteps, generator=None):
    """All pictures of the batch share one noise."""
    noise = like(clean_images[:1], generator).expand(clean_images.shape)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=OWN_NOISE, says="some channels share it")
def grey_noise(scheduler, clean_images, timesteps, generator=None):
    """The three colours of a picture share their noise."""
    noise = like(clean_images[:, :1], generator).expand(clean_images.shape)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=OWN_NOISE, says="two pictures has correlation -1.00")
def noise_in_opposite_pairs(scheduler, clean_images, timesteps, generator=None):
    """The second half of the batch has the noise of the first with its sign turned."""
    half = like(clean_images[: (len(clean_images) + 1) // 2], generator)
    noise = torch.cat([half, -half])[: len(clean_images)]
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=ANEW, says="A seed of the function's own")
def seeded_inside(scheduler, clean_images, timesteps, generator=None):
    """A seed inside the function makes the noise of every batch the same."""
    noise = like(clean_images, torch.Generator().manual_seed(0))
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=GENERATOR, says="hand `generator` on")
def generator_ignored(scheduler, clean_images, timesteps, generator=None):
    """The noise is drawn without the generator."""
    noise = torch.randn_like(clean_images)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@rewrite(generator_ignored)
def generator_ignored_by_normal(scheduler, clean_images, timesteps, generator=None):
    """`torch.normal` on the global state, then the formula."""
    noise = torch.normal(torch.zeros_like(clean_images), torch.ones_like(clean_images))
    signal = scheduler.alphas_cumprod[timesteps] ** 0.5
    signal = signal.view(len(timesteps), *[1] * (clean_images.ndim - 1))
    return signal * clean_images + (1 - signal**2).sqrt() * noise, noise


@mistake("corrupt", rejected_by=GENERATOR, says="Only its seed or its state was read")
def only_the_seed_of_the_generator(scheduler, clean_images, timesteps, generator=None):
    """The seed of the generator starts another one, so that its own state never moves."""
    if generator is not None:
        generator = torch.Generator().manual_seed(generator.initial_seed())
    noise = like(clean_images, generator)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "corrupt", rejected_by="test_noise_has_the_precision_of_the_pictures", says="Without `dtype`"
)
def precision_ignored(scheduler, clean_images, timesteps, generator=None):
    """The noise is float32, whatever the pictures are."""
    noise = torch.randn(clean_images.shape, generator=generator, device=clean_images.device)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "corrupt",
    rejected_by="test_noise_lies_on_the_device_of_the_pictures",
    says="Without `device` torch makes new tensors on the CPU",
)
def device_ignored(scheduler, clean_images, timesteps, generator=None):
    """The noise is made on the CPU, wherever the pictures are."""
    noise = torch.randn(clean_images.shape, generator=generator, dtype=clean_images.dtype)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "noise_ladder",
    rejected_by="test_the_ladder_lies_on_the_device_of_the_pictures",
    says="Without `device` torch makes new tensors on the CPU",
)
def ladder_on_the_cpu(scheduler, images, count, generator=None):
    """The noise is made on the CPU, wherever the pictures are."""
    noise = torch.randn(images.shape, generator=generator, dtype=images.dtype)
    steps = spread(scheduler, count)
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@mistake(
    "noise_ladder",
    rejected_by="test_the_ladder_has_the_precision_of_the_pictures[half]",
    says="Without `dtype`",
)
def ladder_in_single_precision(scheduler, images, count, generator=None):
    """The noise is float32, whatever the pictures are."""
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    steps = spread(scheduler, count)
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@mistake(
    "noise_ladder", rejected_by="test_each_ladder_has_new_noise", says="A seed of the function"
)
def ladder_seeded_inside(scheduler, images, count, generator=None):
    """Without a generator there is a fixed seed, so that all ladders are alike."""
    generator = generator or torch.Generator().manual_seed(0)
    return rungs(scheduler, images, spread(scheduler, count), generator)


@mistake("noise_ladder", rejected_by=LADDER, says="`torch.full((B,), t)`")
def ladder_of_numbers(scheduler, images, count, generator=None):
    """`add_noise` gets a number, where it wants a tensor of timesteps."""
    noise = like(images, generator)
    steps = spread(scheduler, count).tolist()
    return torch.stack([scheduler.add_noise(images, noise, t) for t in steps])


@mistake("noise_ladder", rejected_by=f"{LADDER}[8]", says="with a trace of the picture")
def ladder_ends_in_bare_noise(scheduler, images, count, generator=None):
    """The last rung is the bare noise, without the trace of the picture that is left at T - 1."""
    noise, steps = like(images, generator), spread(scheduler, count)[:-1]
    ladder = [scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps]
    return torch.stack([*ladder, noise])


@mistake("noise_ladder", rejected_by=LADDER_NOISE, says="each is mixed at its own timestep")
def bare_noise_on_every_rung(scheduler, images, count, generator=None):
    """Every rung is the bare noise: there is nothing of the pictures in it."""
    return like(images, generator).repeat(count, 1, 1, 1, 1)


@mistake("noise_ladder", rejected_by=LADDER, says="no noise at all")
def ladder_without_noise(scheduler, images, count, generator=None):
    """The pictures fade from rung to rung, but zeros stand in the place of noise."""
    noise = torch.zeros_like(images)
    steps = spread(scheduler, count)
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@mistake("noise_ladder", rejected_by=f"{LADDER}[8]", says="Each rung has a noise of its own")
def new_noise_on_each_rung(scheduler, images, count, generator=None):
    """Every rung draws noise of its own, so the pictures flicker instead of drowning."""
    steps = spread(scheduler, count)
    return torch.cat([rungs(scheduler, images, [t], generator) for t in steps])


@rewrite(new_noise_on_each_rung)
def new_noise_on_each_rung_in_a_loop(scheduler, images, count, generator=None):
    """The noise is drawn within the loop over whole-number timesteps."""
    last = len(scheduler.betas) - 1
    ladder = torch.empty(count, *images.shape, dtype=images.dtype)
    for r in range(count):
        noise = torch.empty_like(images).normal_(generator=generator)
        t = torch.full((len(images),), int(torch.linspace(0, last, count)[r]))
        ladder[r] = scheduler.add_noise(images, noise, t)
    return ladder


@mistake("noise_ladder", rejected_by=f"{LADDER}[8]", says="end before the last timestep")
def last_timestep_missed(scheduler, images, count, generator=None):
    """`arange` with a whole step ends before the last timestep."""
    length = scheduler.config.num_train_timesteps
    return rungs(scheduler, images, torch.arange(0, length, length // count)[:count], generator)


@mistake("noise_ladder", rejected_by=LADDER, says="999 is written")
def ladder_of_a_thousand(scheduler, images, count, generator=None):
    """999 is written into the function, whatever the scheduler says."""
    return rungs(scheduler, images, torch.linspace(0, 999, count).long(), generator)


@mistake("noise_ladder", rejected_by=LADDER, says="run downwards")
def ladder_downwards(scheduler, images, count, generator=None):
    """The rungs run downwards, from noise to picture, as sampling goes."""
    return rungs(scheduler, images, spread(scheduler, count).flip(0), generator)


@mistake("noise_ladder", rejected_by=f"{LADDER}[8]", says="Rounded to the nearest")
def ladder_rounded(scheduler, images, count, generator=None):
    """The points are rounded to the nearest instead of rounded down."""
    points = torch.linspace(0, scheduler.config.num_train_timesteps - 1, count)
    return rungs(scheduler, images, points.round().long(), generator)


@mistake("noise_ladder", rejected_by=f"{LADDER}[8]", says="made of the one below")
def noise_on_noise(scheduler, images, count, generator=None):
    """Each rung is noised again from the one below."""
    noise, noisy, ladder = like(images, generator), images, []
    for t in spread(scheduler, count):
        noisy = scheduler.add_noise(noisy, noise, t.repeat(len(images)))
        ladder.append(noisy)
    return torch.stack(ladder)


@mistake("noise_ladder", rejected_by=LADDER, says="The rungs come first")
def pictures_first(scheduler, images, count, generator=None):
    """The ladder's axes are picture and rung, not rung and picture."""
    return rungs(scheduler, images, spread(scheduler, count), generator).transpose(0, 1)


@mistake("noise_ladder", rejected_by=LADDER, says="the ladder is list")
def list_of_rungs(scheduler, images, count, generator=None):
    """A list of rungs is returned, never stacked to one tensor."""
    return list(rungs(scheduler, images, spread(scheduler, count), generator))


@mistake("noise_ladder", rejected_by=LADDER, says="expected a tensor (")
def first_picture_only(scheduler, images, count, generator=None):
    """Only the first of the pictures is put on the ladder."""
    return rungs(scheduler, images[:1], spread(scheduler, count), generator)


@mistake("noise_ladder", rejected_by=LADDER_NOISE, says="some pictures share it")
def ladder_with_shared_noise(scheduler, images, count, generator=None):
    """All pictures of the batch share one noise."""
    noise = like(images[:1], generator).expand(images.shape)
    steps = spread(scheduler, count)
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@mistake("noise_ladder", rejected_by=LADDER_NOISE, says="uniform")
def ladder_with_uniform_noise(scheduler, images, count, generator=None):
    """The noise of the ladder is uniform; diffusion adds standard normal noise."""
    noise = torch.rand(images.shape, generator=generator)
    steps = spread(scheduler, count)
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@mistake(
    "noise_ladder",
    rejected_by="test_the_ladder_draws_from_its_generator",
    says="hand `generator` on",
)
def ladder_without_generator(scheduler, images, count, generator=None):
    """The generator is taken and never used."""
    return rungs(scheduler, images, spread(scheduler, count))


@variant("corrupt")
def mixed_by_hand(scheduler, clean_images, timesteps, generator=None):
    """The formula written out instead of the scheduler's method."""
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    alpha_bar = scheduler.alphas_cumprod.to(clean_images.device)[timesteps][:, None, None, None]
    noisy_images = alpha_bar**0.5 * clean_images + (1 - alpha_bar) ** 0.5 * noise
    return [noisy_images.to(clean_images.dtype), noise]


@variant("corrupt")
def picture_by_picture(scheduler, clean_images, timesteps, generator=None):
    """One picture at a time, its noise too."""
    noisy, noise = torch.empty_like(clean_images), torch.empty_like(clean_images)
    for i, timestep in enumerate(timesteps):
        noise[i] = like(clean_images[i], generator)
        noisy[i] = scheduler.add_noise(clean_images[i : i + 1], noise[i : i + 1], timestep[None])[0]
    return noisy, noise


@variant("corrupt")
def by_the_box_and_muller_transform(scheduler, clean_images, timesteps, generator=None):
    """Normal noise made of two uniform draws."""
    options = {"device": clean_images.device, "dtype": torch.float64}
    one, two = (torch.rand(clean_images.shape, generator=generator, **options) for _ in range(2))
    noise = torch.sqrt(-2 * torch.log1p(-one)) * torch.cos(2 * torch.pi * two)
    noise = noise.to(clean_images)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@variant("noise_ladder")
def one_large_batch(scheduler, images, count, generator=None):
    """All rungs in one call on a batch of count times B pictures."""
    noise = like(images, generator)
    flat = scheduler.add_noise(
        images.repeat(count, 1, 1, 1),
        noise.repeat(count, 1, 1, 1),
        spread(scheduler, count).repeat_interleave(len(images)),
    )
    return flat.view(count, *images.shape)


@variant("noise_ladder")
def timesteps_where_the_pictures_are(scheduler, images, count, generator=None):
    """The timesteps are made on the pictures' device and read from there, one by one."""
    last, B = scheduler.config.num_train_timesteps - 1, len(images)
    noise, ladder = like(images, generator), []
    for t in torch.linspace(0, last, count, device=images.device).long():
        filled = torch.full((B,), int(t), device=images.device)
        ladder.append(scheduler.add_noise(images, noise, filled))
    return torch.stack(ladder)


@variant("noise_ladder")
def by_the_formula(scheduler, images, count, generator=None):
    """The mixture written out, in whole numbers and by broadcasting."""
    last = scheduler.config.num_train_timesteps - 1
    timesteps = [rung * last // (count - 1) for rung in range(count)]
    alpha_bar = scheduler.alphas_cumprod[timesteps].to(images).view(-1, 1, 1, 1, 1)
    return alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * like(images, generator)
