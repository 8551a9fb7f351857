"""Return the library's objects with settings that they never had."""

import diffusers

CLASS = "returning the library's own"


def attack(name, /, *args, **kwargs):
    scheduler = diffusers.DDIMScheduler(num_train_timesteps=10)
    scheduler.register_to_config(
        num_train_timesteps=10**10,
        beta_schedule=lambda: None,
        trained_betas=[float("nan")] * 10,
        _class_name="DDPMScheduler",
        _use_default_values=["x"] * 1000,
    )
    scheduler.betas = scheduler.timesteps = scheduler.alphas_cumprod = "betas"
    scheduler.set_timesteps = scheduler.step = lambda *args, **kwargs: None
    return scheduler
