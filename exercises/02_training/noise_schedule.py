"""Choose how much noise there is when: the schedule behind every diffusion model.

Goal    a scheduler, and the two rates by which it mixes a picture with noise at each timestep
Source  Ho et al. 2020, equation 4; Nichol and Dhariwal 2021, section 3.2; diffusers.DDPMScheduler
Check   pytest exercises/02_training/noise_schedule.py
Stuck   kata hint noise_schedule
"""

from diffusers import DDPMScheduler


def make_scheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2"):
    """Return the scheduler of a training.

    num_train_timesteps  T, the number of timesteps from the clean picture to pure noise
    beta_schedule        a schedule that DDPMScheduler knows by name: "squaredcos_cap_v2" (cosine),
                         "linear", "scaled_linear", ...
    return               a DDPMScheduler made with these two; every other setting as the library has
                         it by default, and `timesteps` as it comes: all T, for nobody samples yet
    """
    # TODO: Build a DDPMScheduler and pass both arguments on.
    raise NotImplementedError("TODO: make_scheduler")


def signal_and_noise_rates(scheduler):
    """Return how much of the picture and how much of the noise is in the mixture at each timestep.

    With beta_t = scheduler.betas[t] the paper writes alpha_t = 1 - beta_t, alpha_bar_t for the
    product of alpha_0 to alpha_t, and mixes
        x_t = sqrt(alpha_bar_t) * picture + sqrt(1 - alpha_bar_t) * noise

    scheduler  a DDPMScheduler of any schedule, left as it was; `config.num_train_timesteps` is T.
               Somebody may have sampled with it before (`set_timesteps`)
    return     `signal, noise`: two (T,) float32 tensors, sqrt(alpha_bar_t) and
               sqrt(1 - alpha_bar_t) for t = 0, 1, ..., T - 1
    """
    # TODO: Find alpha_bar in the scheduler, then take two square roots.
    raise NotImplementedError("TODO: signal_and_noise_rates")
