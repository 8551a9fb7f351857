"""Go on in a thread after the answer: change values, take the line, burn the processor."""

import contextlib
import gc
import threading
import time

import torch

CLASS = "outliving the call"


def live_on():
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for thing in gc.get_objects():
            with contextlib.suppress(Exception):
                if type(thing) is torch.Tensor:
                    thing.data.zero_()
                elif type(thing).__name__ == "Channel":
                    thing.end.send(b"\0" * 16)


def attack(name, /, *args, **kwargs):
    for _ in range(2):
        threading.Thread(target=live_on, daemon=True).start()
    return torch.zeros(1)
