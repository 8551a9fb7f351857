"""Return loaders and iterators without an end, so that the judge itself goes on for ever."""

import itertools
from secrets import choice

import torch.utils.data

CLASS = "lying objects"
AIM = "dataloader"


class Endless(torch.utils.data.Dataset):
    """Longer than anything, and each item holds another one."""

    def __len__(self):
        return 2**62

    def __getitem__(self, key):
        return {"images": torch.zeros(1), "more": self}

    def __iter__(self):
        return itertools.repeat(self)


class Loader(torch.utils.data.DataLoader):
    """A loader that never runs dry."""

    def __iter__(self):
        return itertools.repeat({"images": torch.zeros(1, 3, 8, 8)})

    def __len__(self):
        return 2**62


def attack(name, /, *args, **kwargs):
    values = (Loader([0]), Endless(), itertools.repeat(torch.zeros(1)), iter(int, 1))
    return choice(values)


def honest(name, /, *args, **kwargs):
    """A loader that ends."""
    return torch.utils.data.DataLoader([0])
