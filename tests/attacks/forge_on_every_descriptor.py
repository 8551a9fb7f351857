"""Write reports of success, in several protocols, to every descriptor that was inherited."""

import contextlib
import json
import os
import pickle
import struct

CLASS = "forging the result"
PASSED = {"verdict": "passed", "points": 100, "status": 100, "number": 0}
LINE = json.dumps(PASSED).encode() + b"\n"
HEADER = json.dumps({"kind": "dict", "items": [["verdict", "passed"], ["points", 100]]}).encode()
MESSAGE = b"KATA" + struct.pack("<QQ", len(HEADER), 0) + HEADER
FRAMES = (LINE, struct.pack("<Q", len(MESSAGE)) + MESSAGE, pickle.dumps(PASSED), b"\0" * 64)


def attack(name, /, *args, **kwargs):
    for number in range(1025):
        for frame in FRAMES:
            with contextlib.suppress(OSError):
                os.set_blocking(number, False)
                os.write(number, frame)
    return None
