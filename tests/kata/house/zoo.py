"""A small zoo for the tests of the tooling; the real one is tests/02_training."""

import torch

from kata.zoo import mistake, variant

NORMAL = "test_the_noise_is_standard_normal"
OWN_TIMESTEP = "test_every_picture_gets_the_noise_of_its_own_timestep"


@mistake("corrupt", rejected_by=NORMAL, says="uniform")
def uniform_noise(scheduler, clean_images, timesteps, generator=None):
    """Uniform noise."""
    noise = torch.rand(clean_images.shape)
    return scheduler.add_noise(clean_images, noise, timesteps), noise


@mistake("corrupt", rejected_by=NORMAL, says="no noise at all")
def no_noise(scheduler, clean_images, timesteps, generator=None):
    """No noise."""
    return clean_images.clone(), torch.zeros_like(clean_images)


@mistake("corrupt", rejected_by=NORMAL, says="return noisy_images, noise")
def only_the_noisy_pictures(scheduler, clean_images, timesteps, generator=None):
    """The noise is not returned."""
    return scheduler.add_noise(clean_images, torch.randn(clean_images.shape), timesteps)


@mistake("corrupt", rejected_by=OWN_TIMESTEP, says="One timestep")
def one_timestep_for_the_batch(scheduler, clean_images, timesteps, generator=None):
    """One timestep is used for the whole batch."""
    noise = torch.randn(clean_images.shape)
    return scheduler.add_noise(clean_images, noise, timesteps[:1]), noise


@mistake("corrupt", rejected_by="test_the_clean_pictures_stay_as_they_were", says="was changed")
def changed_in_place(scheduler, clean_images, timesteps, generator=None):
    """The clean batch is changed in place."""
    noise = torch.randn(clean_images.shape)
    return clean_images.add_(noise), noise


@mistake(
    "noise_ladder",
    rejected_by="test_the_ladder_starts_with_the_clean_pictures[8]",
    says="begins with noise",
)
def ladder_downwards(scheduler, images, count, generator=None):
    """The ladder runs from noise to clean."""
    noise, steps = torch.randn(images.shape), torch.linspace(999, 0, count).long()
    return torch.stack([scheduler.add_noise(images, noise, t.repeat(len(images))) for t in steps])


@variant("corrupt")
def mixed_by_hand(scheduler, clean_images, timesteps, generator=None):
    """The formula written out."""
    noise = torch.randn(clean_images.shape, generator=generator)
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha_bar**0.5 * clean_images + (1 - alpha_bar) ** 0.5 * noise, noise


@variant("corrupt")
def as_a_list(scheduler, clean_images, timesteps, generator=None):
    """A list in the place of a tuple."""
    noise = torch.empty_like(clean_images).normal_(generator=generator)
    return [scheduler.add_noise(clean_images, noise, timesteps), noise]


@variant("noise_ladder")
def rung_by_rung(scheduler, images, count, generator=None):
    """Every rung written into a tensor that was made before."""
    ladder, noise = torch.empty(count, *images.shape), torch.randn(images.shape)
    for rung, t in enumerate(torch.linspace(0, 999, count).long()):
        ladder[rung] = scheduler.add_noise(images, noise, t.repeat(len(images)))
    return ladder
