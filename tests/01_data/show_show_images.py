"""A grid of seven pictures in four columns, and a strip of three of them enlarged."""

from PIL import Image

from kata import panels

SIZE = 16


def show(kata):
    figure, axes = panels.figure(8, 4, "grid range", "strip strip")
    batch = panels.butterflies(7, SIZE)
    for name, values, title in (
        ("grid", batch, "to_grid, four columns"),
        ("range", 1.5 * batch, "1.5 times as large: clipped"),
    ):
        with panels.panel(kata, axes[name], title):
            panels.picture(axes[name], kata.to_grid(values, 4))
    with panels.panel(kata, axes["strip"], "make_strip, enlarged to 96"):
        strip = kata.make_strip(panels.images(4, SIZE), 6 * SIZE)
        panels.picture(axes["strip"], panels.expect(strip, Image.Image))
    return figure
