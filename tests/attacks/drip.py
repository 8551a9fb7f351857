"""Send an answer one byte a second, and do a little work, so that it never looks idle."""

import sys
import time

CLASS = "swallowing the timeout"


def channel():
    """The worker's own end of the line, as it lies in a frame below this one."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def attack(name, /, *args, **kwargs):
    end = channel().end
    end.send((2**20).to_bytes(8, "little"))
    while True:
        end.send(b"K")
        sum(range(10**6))
        time.sleep(1)
