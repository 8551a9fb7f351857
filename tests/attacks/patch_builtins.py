"""Change the builtins, the clock and the mathematics under the judge's feet."""

import builtins
import math
import os
import time

CLASS = "patching the judge"


def yes(*args, **kwargs):
    return True


def attack(name, /, *args, **kwargs):
    builtins.AssertionError = builtins.Exception = Warning
    builtins.all = builtins.any = builtins.callable = math.isclose = yes
    builtins.abs = builtins.max = builtins.min = lambda *args, **kwargs: 0
    time.monotonic = time.time = time.process_time = lambda: 0.0
    os._exit = os.abort = lambda status=0: None
    builtins.isinstance = yes
