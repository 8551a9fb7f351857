"""Send errors that nobody raised: of any class, without a line, with a text of megabytes."""

import sys
from secrets import choice

from kata.crossing import message_of

CLASS = "forging the result"
FORGED = (
    {"kinds": ["Passed", "Exception"], "text": "passed"},
    {"kinds": ["Interruption"], "text": "the probe said so"},
    {"kinds": ["NotImplementedError", "RuntimeError", "Exception"], "text": "TODO: nothing"},
    {"kinds": ["KeyboardInterrupt", "BaseException"], "text": "", "is_left": False},
    {"kinds": ["Failed", "BaseException"], "text": "Timeout >60.0s", "is_left": True},
    {"kinds": ["AssertionError", "Exception"], "text": "\x1b[31m</script>\ud800" * 1000},
    {"kinds": ["ValueError", "Exception"], "text": "x" * 10**8},
    {"kinds": ["OSError", "Exception"], "text": "", "arguments": [28, "", "/etc/shadow"] * 1000},
    {"kinds": ["x" * 10**6] * 50, "text": "", "line": 10**18},
    {"kinds": ["Exception"], "text": "", "line": -1, "is_loading": "yes"},
    {"kinds": [], "text": None, "arguments": {}, "line": "1"},
)
BASIS = {"files": {}, "is_left": False, "arguments": None, "line": None, "is_loading": False}


def channel():
    """The worker's own end of the line, as it lies in a frame below this one."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def attack(name, /, *args, **kwargs):
    channel().send(message_of({**BASIS, **choice(FORGED)}, []))
    return None
