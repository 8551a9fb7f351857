"""Wrong and right answers to add_noise."""

import torch

from kata.zoo import mistake, variant


@mistake("corrupt", rejected_by="test_the_noise_is_standard_normal", says="uniform")
def uniform_noise(scheduler, clean_images, timesteps, generator=None):
    """`rand` draws uniformly from [0, 1); diffusion adds standard normal noise."""
    noise = torch.rand(clean_images.shape, generator=generator)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "corrupt",
    rejected_by="test_noisy_pictures_are_the_mixture_of_the_returned_noise",
    says="not a second draw",
)
def second_draw_returned(scheduler, clean_images, timesteps, generator=None):
    """The noise that is returned is another draw than the one that was mixed in."""
    noise = torch.randn(clean_images.shape, generator=generator)
    return scheduler.add_noise(clean_images, noise, timesteps), torch.randn_like(clean_images)


@mistake(
    "corrupt",
    rejected_by="test_every_picture_gets_the_noise_of_its_own_timestep",
    says="given one timestep",
)
def one_timestep_for_the_batch(scheduler, clean_images, timesteps, generator=None):
    """One timestep is used for the whole batch."""
    noise = torch.randn(clean_images.shape, generator=generator)
    return scheduler.add_noise(clean_images, noise, timesteps[:1]), noise


@mistake("corrupt", rejected_by="test_the_clean_pictures_stay_as_they_were", says="was changed")
def changed_in_place(scheduler, clean_images, timesteps, generator=None):
    """The clean batch is noised in place, so that a second preview starts from noise."""
    noise = torch.randn(clean_images.shape, generator=generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    clean_images.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)
    return clean_images, noise


@mistake(
    "corrupt",
    rejected_by="test_noisy_pictures_are_the_mixture_of_the_returned_noise",
    says="missing square root",
)
def no_square_root(scheduler, clean_images, timesteps, generator=None):
    """The rates are alpha_bar and 1 - alpha_bar without their square roots."""
    noise = torch.randn(clean_images.shape, generator=generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha_bar * clean_images + (1 - alpha_bar) * noise, noise


@mistake(
    "corrupt",
    rejected_by="test_noisy_pictures_are_the_mixture_of_the_returned_noise",
    says="must fade",
)
def added_on_top(scheduler, clean_images, timesteps, generator=None):
    """Noise is added on top of the whole picture."""
    noise = torch.randn(clean_images.shape, generator=generator)
    return clean_images + noise, noise


@mistake(
    "corrupt",
    rejected_by="test_noisy_pictures_are_the_mixture_of_the_returned_noise",
    says="changed places",
)
def arguments_swapped(scheduler, clean_images, timesteps, generator=None):
    """Pictures and noise change places in the call of `add_noise`."""
    noise = torch.randn(clean_images.shape, generator=generator)
    return scheduler.add_noise(noise, clean_images, timesteps), noise


@mistake("corrupt", rejected_by="test_each_call_draws_new_noise", says="drawn from `generator`")
def generator_ignored(scheduler, clean_images, timesteps, generator=None):
    """`randn_like` cannot take a generator, so the one that was given is never used."""
    noise = torch.randn_like(clean_images)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by="test_each_call_draws_new_noise", says="seed set inside")
def seeded_inside(scheduler, clean_images, timesteps, generator=None):
    """A seed inside the function makes the noise of every batch the same."""
    noise = torch.randn(clean_images.shape, generator=torch.Generator().manual_seed(0))
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "corrupt",
    rejected_by="test_every_picture_and_channel_has_noise_of_its_own",
    says="broadcast",
)
def noise_shared_by_the_batch(scheduler, clean_images, timesteps, generator=None):
    """One picture's noise is expanded over the batch."""
    noise = torch.randn(clean_images.shape[1:], generator=generator).expand(clean_images.shape)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake(
    "corrupt",
    rejected_by="test_noisy_pictures_are_the_mixture_of_the_returned_noise",
    says="return noisy_images, noise",
)
def only_the_noisy_pictures(scheduler, clean_images, timesteps, generator=None):
    """The noise, which is the target of the training, is not returned."""
    return scheduler.add_noise(clean_images, torch.randn(clean_images.shape), timesteps)


@mistake("noise_ladder", rejected_by="test_the_ladder_runs_from_clean_to_noise", says="One noise")
def new_noise_on_each_rung(scheduler, images, count, generator=None):
    """Every rung draws noise of its own, so the pictures flicker instead of drowning."""
    rungs = []
    for t in torch.linspace(0, 999, count).long():
        noise = torch.randn(images.shape, generator=generator)
        rungs.append(scheduler.add_noise(images, noise, t.repeat(len(images))))
    return torch.stack(rungs)


@mistake(
    "noise_ladder",
    rejected_by="test_the_ladder_runs_from_clean_to_noise[8]",
    says="reach from 0 to num_train_timesteps - 1",
)
def last_timestep_missed(scheduler, images, count, generator=None):
    """`arange` with a step ends before the last timestep."""
    noise = torch.randn(images.shape, generator=generator)
    steps = torch.arange(0, 1000, 1000 // count)[:count]
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@variant("corrupt")
def mixed_by_hand(scheduler, clean_images, timesteps, generator=None):
    """The formula written out instead of the scheduler's method."""
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    alpha_bar = scheduler.alphas_cumprod.to(clean_images.device)[timesteps][:, None, None, None]
    return [alpha_bar**0.5 * clean_images + (1 - alpha_bar) ** 0.5 * noise, noise]


@variant("corrupt")
def picture_by_picture(scheduler, clean_images, timesteps, generator=None):
    """One picture at a time, stacked at the end."""
    noise = torch.randn(*clean_images.shape, generator=generator, device=clean_images.device).to(
        clean_images.dtype
    )
    noisy = torch.empty_like(clean_images)
    for i, timestep in enumerate(timesteps):
        noisy[i] = scheduler.add_noise(clean_images[i : i + 1], noise[i : i + 1], timestep[None])[0]
    return noisy, noise


@variant("noise_ladder")
def one_large_batch(scheduler, images, count, generator=None):
    """All rungs in one call on a batch of count times B pictures."""
    noise = torch.randn(images.shape, generator=generator).to(images.device)
    timesteps = torch.linspace(0, scheduler.config.num_train_timesteps - 1, count).long()
    flat = scheduler.add_noise(
        images.repeat(count, 1, 1, 1),
        noise.repeat(count, 1, 1, 1),
        timesteps.repeat_interleave(len(images)),
    )
    return flat.view(count, *images.shape)
