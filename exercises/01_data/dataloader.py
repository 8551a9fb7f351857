"""Deal out a data set in shuffled batches that a seed can repeat.

Goal    every picture once an epoch, in an order that is new each epoch and the same each run
Source  torch.utils.data.DataLoader, torch.Generator
Check   pytest exercises/01_data/dataloader.py
Stuck   kata hint dataloader
"""

import torch
from torch.utils.data import DataLoader


def make_dataloader(dataset, batch_size, seed):
    """Return the loader that a training iterates over, once for each epoch.

    dataset     anything with a length and an index, whose items are dicts with one tensor
                (3, s, s) under "images": the data set of the kata `transform`, or a plain list of
                such dicts. It is left as it was
    batch_size  int: pictures in a batch
    seed        int: decides the order of all epochs
    return      a `torch.utils.data.DataLoader` of batches: dicts with a tensor (B, 3, s, s) under
                "images"

    - Each epoch shows every picture exactly once, in a random order of the pictures (not of ready
      batches) that differs from epoch to epoch. What is left over at the end of an epoch comes as
      a last, smaller batch.
    - Nothing is read before an epoch asks for it, and each epoch reads every row anew: a transform
      flips anew. `num_workers` stays 0, and the loader reads the rows itself: the pictures are few
      and small, so that other processes would cost more than they save, and none may be started
      where a class is graded.
    - Loaders made with the same seed deal out the same epochs, with another seed others, whatever
      the state of the global random numbers, which is left as it is, and whatever other loaders do.
    - The loader was given a `torch.Generator` of its own as its `generator`, and shuffles by it
      alone. A training keeps the state of `loader.generator` in its checkpoints: set again in a new
      loader, whatever its seed, it brings the epochs that would have come next.
    """
    # TODO: Seed a generator, and let the loader shuffle by it.
    raise NotImplementedError("TODO: make_dataloader")
