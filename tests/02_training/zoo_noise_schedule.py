"""Wrong and right answers to noise_schedule."""

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from kata.zoo import mistake, rewrite, variant

FADES = "test_the_picture_fades_and_the_noise_grows"
SUM = "test_the_variances_add_up_to_one"
RATES = "test_the_rates_are_those_of_the_scheduler"


@mistake(
    "make_scheduler",
    rejected_by="test_the_scheduler_is_made_for_training_by_default",
    says="was the setting passed on",
)
def linear_by_default(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """The schedule is never passed on, and the library's own default is linear."""
    return DDPMScheduler(num_train_timesteps=num_train_timesteps)


@rewrite(linear_by_default)
def linear_by_default_from_a_configuration(
    num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"
):
    """A dictionary of settings, in which the schedule is missing."""
    config = {}
    config["num_train_timesteps"] = num_train_timesteps
    return DDPMScheduler.from_config(config)


@mistake(
    "make_scheduler",
    rejected_by="test_both_arguments_reach_the_scheduler",
    says="was the setting passed on",
)
def thousand_timesteps_always(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """The number of timesteps stays at 1000 whatever was asked for."""
    return DDPMScheduler(num_train_timesteps=1000, beta_schedule=beta_schedule)


@mistake(
    "make_scheduler",
    rejected_by="test_both_arguments_reach_the_scheduler",
    says="beta_schedule='linear'",
)
def cosine_always(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """The schedule is written into the function, and its argument has no effect."""
    return DDPMScheduler(num_train_timesteps, beta_schedule="squaredcos_cap_v2")


@mistake(
    "make_scheduler",
    rejected_by="test_the_scheduler_is_made_for_training_by_default",
    says="a `DDPMScheduler` of Diffusers",
)
def scheduler_of_another_class(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """The scheduler is one for sampling, not the DDPMScheduler that trains."""
    return DDIMScheduler(num_train_timesteps=num_train_timesteps, beta_schedule=beta_schedule)


@mistake(
    "make_scheduler",
    rejected_by="test_both_arguments_reach_the_scheduler",
    says="`scheduler.betas` is a float32 tensor (1000,)",
)
def only_the_configuration(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """The configuration is rewritten after the betas were computed from another one."""
    scheduler = DDPMScheduler()
    scheduler.register_to_config(
        num_train_timesteps=num_train_timesteps, beta_schedule=beta_schedule
    )
    return scheduler


@mistake(
    "make_scheduler",
    rejected_by="test_the_scheduler_is_made_for_training_by_default",
    says="beta_end=0.02",
)
def betas_of_its_own(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """Other settings than those that were asked for are changed as well."""
    return DDPMScheduler(num_train_timesteps, beta_end=0.012, beta_schedule=beta_schedule)


@mistake(
    "make_scheduler",
    rejected_by="test_the_scheduler_is_made_for_training_by_default",
    says="`set_timesteps` is for sampling",
)
def set_up_for_sampling(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """`set_timesteps` is called, which is for sampling, where a training begins."""
    scheduler = DDPMScheduler(num_train_timesteps, beta_schedule=beta_schedule)
    scheduler.set_timesteps(50)
    return scheduler


@mistake("signal_and_noise_rates", rejected_by=SUM, says="A square root is missing")
def no_square_roots(scheduler):
    """The square roots are missing: alpha_bar and 1 - alpha_bar are variances, not rates."""
    return scheduler.alphas_cumprod, 1 - scheduler.alphas_cumprod


@rewrite(no_square_roots)
def no_square_roots_in_a_loop(scheduler):
    """The product is taken by hand, one beta after the other."""
    product, signal, noise = 1.0, [], []
    for beta in scheduler.betas.tolist():
        product = product * (1 - beta)
        signal.append(product)
        noise.append(1 - product)
    return torch.tensor(signal), torch.tensor(noise)


@mistake(
    "signal_and_noise_rates",
    rejected_by=SUM,
    says="The rates themselves add up to one",
)
def rates_that_sum_to_one(scheduler):
    """The picture fades in equal steps while the noise grows by as much, so that the rates sum
    to one.
    """
    noise = torch.linspace(0, 1, scheduler.config.num_train_timesteps)
    return 1 - noise, noise


def quarter_circle(scheduler):
    angle = torch.linspace(0, torch.pi / 2, scheduler.config.num_train_timesteps)
    return angle.cos(), angle.sin()


@mistake("signal_and_noise_rates", rejected_by=FADES, says="signal is off by up to")
def cosine_and_sine(scheduler):
    """The rates are cosine and sine of equal steps, and nothing of the scheduler is in them."""
    return quarter_circle(scheduler)


@mistake("signal_and_noise_rates", rejected_by=SUM, says="signal is off by up to")
def cosine_and_sine_whose_squares_add_up(scheduler):
    """The rates are cosine and sine of equal steps, and nothing of the scheduler is in them."""
    return quarter_circle(scheduler)


@rewrite(cosine_and_sine)
def root_of_what_the_cosine_leaves(scheduler):
    """The cosine by NumPy, and the noise from the signal."""
    steps = np.linspace(0, np.pi / 2, len(scheduler.betas), dtype=np.float32)
    signal = torch.from_numpy(np.cos(steps))
    return signal, (1 - signal**2).clamp(min=0).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by=RATES,
    says="1 - sqrt(alpha_bar) stands for",
)
def subtraction_after_the_root(scheduler):
    """The noise rate is 1 - sqrt(alpha_bar) instead of sqrt(1 - alpha_bar)."""
    return scheduler.alphas_cumprod**0.5, 1 - scheduler.alphas_cumprod**0.5


@rewrite(subtraction_after_the_root)
def subtraction_after_the_root_by_name(scheduler):
    """The product is taken of the betas here, and the second rate follows from the first."""
    alphas = 1.0 - scheduler.betas
    alpha_bar = torch.cumprod(alphas, 0)
    rate = torch.sqrt(alpha_bar)
    return rate, torch.ones_like(rate) - rate


@mistake("signal_and_noise_rates", rejected_by=SUM, says="A square root is missing")
def no_root_of_the_noise(scheduler):
    """Only the signal got its square root; the noise rate is 1 - alpha_bar."""
    return scheduler.alphas_cumprod.sqrt(), 1 - scheduler.alphas_cumprod


@mistake(
    "signal_and_noise_rates",
    rejected_by=RATES,
    says="alpha_t stands for alpha_bar_t",
)
def no_cumulative_product(scheduler):
    """The alphas of single steps stand for alpha_bar, without the product over all steps up to
    t.
    """
    return scheduler.alphas.sqrt(), scheduler.betas.sqrt()


@rewrite(no_cumulative_product)
def no_cumulative_product_by_numpy(scheduler):
    """From the betas, by NumPy."""
    betas = scheduler.betas.numpy()
    signal = np.sqrt(1.0 - betas)
    noise = np.sqrt(betas)
    return torch.from_numpy(signal), torch.from_numpy(noise)


@mistake("signal_and_noise_rates", rejected_by=RATES, says="product was taken of the betas")
def product_of_betas(scheduler):
    """The running product is taken of beta instead of 1 - beta."""
    product = torch.cumprod(scheduler.betas, dim=0)
    return product.sqrt(), (1 - product).sqrt()


@mistake("signal_and_noise_rates", rejected_by=RATES, says="`return signal, noise`")
def order_swapped(scheduler):
    """The noise rates come first, the signal rates second."""
    return (1 - scheduler.alphas_cumprod).sqrt(), scheduler.alphas_cumprod.sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by=FADES,
    says="run backwards",
)
def backwards(scheduler):
    """The rates run backwards, from noise to picture, as sampling goes."""
    alphas_cumprod = scheduler.alphas_cumprod.flip(0)
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by="test_there_is_a_rate_for_each_timestep",
    says="`scheduler.timesteps`, which is for sampling",
)
def in_the_order_of_sampling_turned_round(scheduler):
    """`scheduler.timesteps` is indexed, which has all T only until somebody samples."""
    alphas_cumprod = scheduler.alphas_cumprod[scheduler.timesteps].flip(0)
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by="test_there_is_a_rate_for_each_timestep",
    says="`scheduler.timesteps`, which is for sampling",
)
def in_the_order_of_sampling(scheduler):
    """The rates are picked by `scheduler.timesteps`, which count down and are for sampling."""
    alphas_cumprod = scheduler.alphas_cumprod[scheduler.timesteps]
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake("signal_and_noise_rates", rejected_by=RATES, says="product of it once more")
def product_of_the_product(scheduler):
    """`alphas_cumprod` is multiplied up a second time."""
    alphas_cumprod = torch.cumprod(scheduler.alphas_cumprod, dim=0)
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake("signal_and_noise_rates", rejected_by=RATES, says="rates of a linear")
def linear_formula(scheduler):
    """The betas are computed by a linear formula instead of read from the scheduler."""
    betas = torch.linspace(1e-4, 0.02, scheduler.config.num_train_timesteps)
    alphas_cumprod = torch.cumprod(1 - betas, dim=0)
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by=RATES,
    says="by the name of the schedule",
)
def range_of_betas_ignored(scheduler):
    """A new scheduler of the same schedule name is asked, whose betas are not the given one's."""
    new = DDPMScheduler(
        scheduler.config.num_train_timesteps, beta_schedule=scheduler.config.beta_schedule
    )
    return new.alphas_cumprod.sqrt(), (1 - new.alphas_cumprod).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by="test_there_is_a_rate_for_each_timestep",
    says="float32 tensor",
)
def double_precision(scheduler):
    """The rates are float64, as NumPy computes."""
    alphas = 1 - scheduler.betas.numpy().astype(np.float64)
    alphas_cumprod = torch.from_numpy(np.cumprod(alphas))
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


@mistake(
    "signal_and_noise_rates",
    rejected_by="test_the_scheduler_stays_as_it_was",
    says="alphas_cumprod` was changed",
)
def root_in_place(scheduler):
    """The scheduler's own `alphas_cumprod` is overwritten by its square root."""
    noise = (1 - scheduler.alphas_cumprod).sqrt()
    return scheduler.alphas_cumprod.sqrt_(), noise


@rewrite(root_in_place)
def root_written_over_the_product(scheduler):
    """The scheduler's numbers are assigned anew, not changed by a method."""
    alphas_cumprod = scheduler.alphas_cumprod
    noise = torch.sqrt(1 - alphas_cumprod)
    alphas_cumprod[:] = torch.sqrt(alphas_cumprod)
    return alphas_cumprod, noise


@variant("make_scheduler")
def from_a_configuration(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """Made from a dictionary of settings."""
    return DDPMScheduler.from_config(
        {"num_train_timesteps": num_train_timesteps, "beta_schedule": beta_schedule}
    )


@variant("signal_and_noise_rates")
def from_the_betas(scheduler):
    """Step by step from the betas, in double precision on the way."""
    alphas_cumprod = torch.cumprod(1 - scheduler.betas.double(), dim=0)
    return [(alphas_cumprod**0.5).float(), ((1 - alphas_cumprod) ** 0.5).float()]


@variant("signal_and_noise_rates")
def asked_of_add_noise(scheduler):
    """What `add_noise` makes of a picture of ones without noise, and of noise without a picture."""
    timesteps = torch.arange(scheduler.config.num_train_timesteps)
    ones, zeros = torch.ones(len(timesteps), 1), torch.zeros(len(timesteps), 1)
    signal = scheduler.add_noise(ones, zeros, timesteps).flatten()
    return signal, scheduler.add_noise(zeros, ones, timesteps)[:, 0]


@variant("signal_and_noise_rates")
def noise_from_the_signal(scheduler):
    """The product of the roots is the root of the product; the noise follows from the signal."""
    signal = torch.cumprod(scheduler.alphas.sqrt(), dim=0)
    return signal, torch.sqrt((1 - signal.square()).clamp(min=0))


@variant("signal_and_noise_rates")
def in_a_loop(scheduler):
    """One timestep after the other."""
    signal, noise, product = [], [], 1.0
    for beta in scheduler.betas.tolist():
        product *= 1 - beta
        signal.append(product**0.5)
        noise.append((1 - product) ** 0.5)
    return torch.tensor(signal), torch.tensor(noise)


@variant("signal_and_noise_rates")
def in_logarithms(scheduler):
    """The product as the exponential of a sum."""
    half = torch.log(scheduler.alphas).cumsum(0) / 2
    return half.exp(), torch.sqrt(-torch.expm1(2 * half))
