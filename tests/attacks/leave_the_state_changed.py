"""Leave autograd off, another default dtype, fixed seeds and one thread behind for the judge."""

import gc
import os
import random
import sys

import numpy
import torch

CLASS = "patching the judge"


def attack(name, /, *args, **kwargs):
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed = random.seed = numpy.random.seed = lambda seed=0: None
    torch.randn = torch.rand = lambda *shape, **options: torch.zeros(*shape)
    torch.get_rng_state = lambda: torch.zeros(1)
    sys.setrecursionlimit(10**9)
    sys.setswitchinterval(1000)
    gc.disable()
    os.environ.clear()
    os.umask(0o777)
    return 0
