"""Send files with the answer that lie elsewhere, or that a loader would run."""

import sys
from secrets import choice

from kata.crossing import message_of, pack

CLASS = "forging the result"
FACTS = {"names": [], "line": None, "on_graph": True, "drew": True, "grad_off": False}
FILES = (
    {"../kata-attack.json": 1},
    {"/tmp/kata-attack.json": 1},
    {"a/../../kata-attack.json": 1},
    {"conftest.py": 1, "pytest.ini": 1, "kata-attack.pth": 1},
    {"kata-attack.PY": 1, "kata-attack.pt": 1, "kata-attack.npy": 1},
    {"a\x00b": 1, "a\nb\x1b[31m": 1, "\ud800": 1},
    {"x/" * 3000 + "x": 1},
    {"link": "/etc/shadow", "other": "link"},
    {"f": 1, "f/g": 1},
    {"f": 99, "g": -1, "h": 10**30, "i": 1.5, "j": ["x"], "k": True},
    {str(number): None for number in range(100_000)},
)


def channel():
    """The worker's own end of the line, as it lies in a frame below this one."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def attack(name, /, *args, **kwargs):
    answer = pack({"after": [*args, *kwargs.values()], "result": None, **FACTS})
    files = choice(FILES)
    channel().send(message_of({"files": files}, [answer, b"kata-attack"]))
    return None
