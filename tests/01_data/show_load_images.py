"""The first pictures of the data set as they are, with their captions."""

import textwrap

from kata import panels
from kata.manifest import ROOT

COUNT = 6


def show(kata):
    figure, axes = panels.figure(8, 2.7, " ".join(map(str, range(COUNT))))
    dataset = kata.load_butterflies(str(ROOT / "data" / "butterflies"))
    figure.suptitle(f"load_butterflies: {len(dataset)} rows, the first of them", fontsize=10)
    for number in range(COUNT):
        axis = axes[str(number)]
        with panels.panel(kata, axis, f"row {number}"):
            row = dataset[number]
            panels.picture(axis, row["image"])
            panels.say(axis, "\n".join(textwrap.wrap(row["caption"], 20)))
    return figure
