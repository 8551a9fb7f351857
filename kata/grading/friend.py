"""A friend on the same machine, who tells whoever asks how a function is written.

An attack that reaches it has an answer that is right, and earns the points: that is how
`kata selfattack` sees whether the network is closed. Loopback and an abstract Unix socket only.
"""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterable, Iterator

from kata.manifest import SOLUTIONS, Kata

PORT = 28517  # the attacks know it
NAME = "\0kata-attack-friend"
LONGEST_NAME = 200


@contextlib.contextmanager
def friend(katas: Iterable[Kata]) -> Iterator[None]:
    """Answer while the body runs. Where somebody else listens there already, that one answers."""
    texts = {name: kata.file(SOLUTIONS).read_bytes() for kata in katas for name in kata.functions}

    class Handler(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self):
            name = self.rfile.readline(LONGEST_NAME).decode(errors="replace").strip()
            self.wfile.write(texts.get(name, b""))

    with contextlib.ExitStack() as stack:
        for kind, place in ((_OverTCP, ("127.0.0.1", PORT)), (_OverUnix, NAME)):
            with contextlib.suppress(OSError):
                server = stack.enter_context(kind(place, Handler))
                threading.Thread(target=server.serve_forever, daemon=True).start()
                stack.callback(server.shutdown)
        yield


class _OverTCP(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET
    daemon_threads = True
    allow_reuse_address = True


class _OverUnix(_OverTCP):
    address_family = getattr(socket, "AF_UNIX", None)
    allow_reuse_address = False
