"""Send frames that are too long, too short, without an end, or no frames at all."""

import os
import struct
import sys
from secrets import choice

CLASS = "answers that choke the judge"


def channel():
    """The worker's own end of the line, as it lies in a frame below this one."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def framed(content):
    return struct.pack("<Q", len(content)) + content


def attack(name, /, *args, **kwargs):
    end = channel().end
    end.settimeout(None)
    counts = struct.pack("<QQ", 2, 2**63) + b"{}"
    frames = (
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 2**27) + b"KATA",
        framed(b""),
        framed(b"\x80\x04." * 100),
        framed(b"KATA" + struct.pack("<QQ", 2**60, 0)),
        framed(b"KATA" + counts),
        framed(b"KATA" + struct.pack("<QQ", 4, 0) + b"null" + b"more"),
        framed(b"KATA" + struct.pack("<QQ", 10**7, 0) + b"[" * 10**7),
    )
    end.sendall(choice(frames))
    if choice((True, False)):
        end.close()
        os._exit(0)
    while True:
        end.sendall(b"\0" * 2**20)
