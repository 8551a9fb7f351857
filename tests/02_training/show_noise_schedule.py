"""How much of the picture and of the noise there is at each timestep, by two schedules."""

from kata import panels

SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
STEPS = 1000


def show(kata):
    figure, axes = panels.figure(8, 2.8, " ".join(SCHEDULES), sharey=True)
    for title, name in SCHEDULES.items():
        axis = axes[title]
        with panels.panel(kata, axis, f'{title}: "{name}"'):
            signal, noise = kata.signal_and_noise_rates(kata.make_scheduler(STEPS, name))
            panels.line(axis, signal, "signal", color=panels.BLUE)
            panels.line(axis, noise, "noise", color=panels.RED)
            panels.say(axis, "timestep")
    return figure
