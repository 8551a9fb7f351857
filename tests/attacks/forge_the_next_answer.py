"""Send an answer before it was asked for, so that the next question gets a forged one."""

import sys

from kata.crossing import message_of, pack

CLASS = "forging the result"
FACTS = {"names": [], "line": None, "on_graph": True, "drew": True, "grad_off": False}


def channel():
    """The worker's own end of the line, as it lies in a frame below this one."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def attack(name, /, *args, **kwargs):
    answer = pack({"after": [*args, *kwargs.values()], "result": True, **FACTS})
    for _ in range(3):
        channel().send(message_of({"files": {}}, [answer]))
    return None
