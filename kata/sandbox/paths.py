"""What a learner's code may read: the Python installation, a little of the system, the data.

Nothing else of the repository, also where the virtual environment lies inside of it.
"""

import os
import site
import sys
import sysconfig

from kata.manifest import ROOT

DATA = ROOT / "data"
NOWHERE = "/dev/null"  # the one device that may be written to
SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/fonts",
    "/usr/share/mime",
    "/usr/share/zoneinfo",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    NOWHERE,
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)


def readable() -> list[str]:
    """Paths that exist, the outermost alone; beside a symbolic link also what it leads to."""
    wanted = [*SYSTEM, *_python(), str(DATA)]
    names = {name for path in wanted for name in (os.path.abspath(path), os.path.realpath(path))}
    outermost = []
    for name in sorted(filter(os.path.exists, names)):
        if not any(name.startswith(f"{outer}/") for outer in outermost):
            outermost.append(name)
    return outermost


def _python() -> set[str]:
    """Libraries alone, and never a prefix: that can be `/usr`, a home or the repository."""
    prefixes = {sys.prefix, sys.base_prefix}
    below = {os.path.join(prefix, name) for prefix in prefixes for name in ("lib", "lib64")}
    parts = ("stdlib", "platstdlib", "purelib", "platlib")
    installed = {sysconfig.get_path(part) for part in parts}
    own = site.getusersitepackages()
    return below | installed | ({own} if own in sys.path else set())
