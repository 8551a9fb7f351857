"""Messages over a socket whose other end may be hostile: framed, limited, and never waited for
without a look at the clock.
"""

import socket
import struct
import time
from collections.abc import Callable

LENGTH = struct.Struct("<Q")
TICK = 0.05  # seconds between two looks at who is waited for
CHUNK = 2**20


class WireError(Exception):
    """The other end is gone, or sends what is no message."""


class Channel:
    """Sends and receives whole messages of bytes.

    watch  called about every TICK seconds while the other end is waited for; may raise
    """

    def __init__(self, end: socket.socket, watch: Callable[[], object] = lambda: None):
        self.end = end
        self.end.settimeout(TICK)
        self.watch = watch
        self._looked = time.monotonic()

    def send(self, message: bytes) -> None:
        """Raises WireError when nobody is there to read it."""
        rest = memoryview(LENGTH.pack(len(message)) + message)
        while rest:
            rest = rest[self._try(lambda rest=rest: self.end.send(rest[:CHUNK])) or 0 :]

    def receive(self, most: int) -> bytes:
        """The next message. Raises WireError at the end, and for one of more than `most` bytes."""
        (length,) = LENGTH.unpack(self._read(LENGTH.size))
        if length > most:
            raise WireError(f"a message of {length} bytes, {most} at most")
        return self._read(length)

    def close(self) -> None:
        self.end.close()

    def _read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            wanted = min(length - len(data), CHUNK)
            part = self._try(lambda wanted=wanted: self.end.recv(wanted))
            if part == b"":
                raise WireError("the other end is closed")
            data += part or b""
        return bytes(data)

    def _try(self, step: Callable[[], object]) -> object:
        """Do what may take long; None where it has not come to anything within a TICK."""
        if time.monotonic() - self._looked >= TICK:
            self._looked = time.monotonic()
            self.watch()
        try:
            return step()
        except TimeoutError:
            return None
        except OSError as error:
            raise WireError(f"the other end is gone: {error.strerror or error}") from error
