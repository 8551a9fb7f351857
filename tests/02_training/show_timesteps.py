"""How often each timestep is drawn, and which ones a preview shows."""

from diffusers import DDPMScheduler

from kata import panels

DRAWN, COUNT = 20_000, 8


def show(kata):
    figure, axes = panels.figure(8, 3, "drawn", "preview", height_ratios=(4, 1))
    scheduler = DDPMScheduler()
    last = scheduler.config.num_train_timesteps - 1
    limits = (-20, last + 20)
    with panels.panel(kata, axes["drawn"], f"sample_timesteps, {DRAWN} of them"):
        drawn = kata.sample_timesteps(DRAWN, scheduler, generator=panels.generator())
        panels.histogram(axes["drawn"], panels.numbers(drawn), 52, limits)
        panels.say(axes["drawn"], panels.describe(drawn))
    with panels.panel(kata, axes["preview"], f"preview_timesteps, {COUNT} of them"):
        preview = panels.numbers(kata.preview_timesteps(COUNT, scheduler))
        axes["preview"].plot(preview, [0] * len(preview), "o", color=panels.RED)
        axes["preview"].set(yticks=[], xlim=limits)
        panels.say(axes["preview"], ", ".join(f"{t:g}" for t in preview))
    return figure
