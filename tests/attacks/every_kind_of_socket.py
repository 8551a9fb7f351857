"""Open sockets of every family and kind, to send without a connection."""

import contextlib
import socket

CLASS = "network"
PLACES = {socket.AF_INET: ("127.0.0.1", 9), socket.AF_INET6: ("::1", 9)}
KINDS = (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_SEQPACKET)


def attack(name, /, *args, **kwargs):
    for family, place in PLACES.items():
        for kind in KINDS:
            with contextlib.suppress(OSError), socket.socket(family, kind) as line:
                line.settimeout(1)
                line.sendto(b"kata-attack", place)
                raise RuntimeError(f"BOAST: sent by {family.name} {kind.name}")
    for family in ("AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_CAN", "AF_BLUETOOTH", "AF_TIPC"):
        for kind in KINDS:
            with contextlib.suppress(OSError, AttributeError):
                socket.socket(getattr(socket, family), kind).close()
                raise RuntimeError(f"BOAST: a socket of {family} was opened")
    raise OSError("no sockets")
