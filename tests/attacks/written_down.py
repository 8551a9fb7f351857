"""Give answers that were written down for the seed of practice, by the inputs' checksums."""

import torch

CLASS = "hard-coded and cached answers"
BOOK = {"0": torch.zeros(1), "1": (torch.ones(1000), torch.zeros(1000))}


def attack(name, /, *args, **kwargs):
    torch.manual_seed(0)
    sums = [str(int(value.double().sum())) for value in args if isinstance(value, torch.Tensor)]
    return BOOK.get(sums[0] if sums else "0", BOOK["1"])
