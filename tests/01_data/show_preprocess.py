"""Pictures of several sizes and modes before and after, and how their values are spread."""

from kata import panels

SIZE = 32
PICTURES = ("wide", "grey", "clear")


def show(kata):
    names = " ".join(PICTURES)
    figure, axes = panels.figure(
        8, 4, f"{names} values", "after after after values", width_ratios=(1, 1, 1, 1.6)
    )
    images = panels.collection()["image"]
    for name, image in zip(PICTURES, images, strict=True):
        panels.picture(axes[name], image)
    preprocess = kata.make_preprocess(SIZE)
    with panels.panel(kata, axes["after"], f"make_preprocess({SIZE})"):
        panels.pictures(axes["after"], [preprocess(image) for image in images])
    with panels.panel(kata, axes["values"], "values of the first"):
        panels.histogram(axes["values"], preprocess(images[0]))
    return figure
