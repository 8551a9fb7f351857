"""What the epochs of a loader deal out, batch by batch."""

import torch

from kata import panels

PICTURES, BATCH_SIZE, SIZE = 10, 4, 32


def show(kata):
    figure, axes = panels.figure(8, 2.7, "first second again")
    dataset = [{"images": image} for image in panels.butterflies(PICTURES, SIZE)]
    loader = kata.make_dataloader(dataset, BATCH_SIZE, seed=1)
    with panels.panel(kata, axes["first"], "first epoch"):
        _draw(axes["first"], loader)
    with panels.panel(kata, axes["second"], "second epoch"):
        _draw(axes["second"], loader)
    with panels.panel(kata, axes["again"], "a second loader, same seed"):
        _draw(axes["again"], kata.make_dataloader(dataset, BATCH_SIZE, seed=1))
    return figure


def _draw(axis, loader):
    """A row for each batch, blank where it has fewer pictures."""
    batches = [panels.as_batch(batch["images"]) for batch in loader]
    sizes = [len(batch) for batch in batches]
    rows = torch.ones(len(batches), max(sizes), *batches[0].shape[1:])
    for row, batch in zip(rows, batches, strict=True):
        row[: len(batch)] = batch
    panels.pictures(axis, rows.flatten(0, 1), max(sizes), rows=range(1, len(sizes) + 1))
    axis.set_ylabel("batch", fontsize=8)
    panels.say(axis, f"batches of {', '.join(map(str, sizes))}")
