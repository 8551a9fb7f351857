"""Rows as they are, transformed by hand, and read twice from a data set that transforms."""

from kata import panels

SIZE = 32
PICTURES = ("wide", "grey", "clear")


def show(kata):
    names = " ".join(PICTURES)
    figure, axes = panels.figure(8, 4, f"{names} once once once", "by by by again again again")
    rows = panels.collection()
    for name, image in zip(PICTURES, rows["image"], strict=True):
        panels.picture(axes[name], image)
    with panels.panel(kata, axes["by"], f"transform(examples, {SIZE})"):
        panels.pictures(axes["by"], _images(kata.transform(rows[:], SIZE)))
    with panels.panel(kata, axes["once"], f"attach(dataset, {SIZE}), then read"):
        panels.pictures(axes["once"], _images(kata.attach(rows, SIZE)[:]))
    with panels.panel(kata, axes["again"], "read once more: flips drawn anew"):
        panels.pictures(axes["again"], _images(kata.attach(rows, SIZE)[:]))
    return figure


def _images(examples):
    if not isinstance(examples, dict) or "images" not in examples:
        raise panels.CannotDraw('a dict with "images"', examples)
    return examples["images"]
