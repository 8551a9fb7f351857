"""Put other bytecode where Python looks for that of the project and of its suites."""

import contextlib
import importlib.util
import marshal
import sys
from pathlib import Path

CLASS = "smuggling configuration"
POISON = compile('raise SystemExit("kata-attack")', "kata-attack", "exec")
CONTENT = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + b"\0" * 8 + marshal.dumps(POISON)


def attack(name, /, *args, **kwargs):
    places = {
        Path(module.__file__).parent
        for module in list(sys.modules.values())
        if getattr(module, "__file__", None)
    }
    places |= {place / "__pycache__" for place in places}
    for place in places:
        with contextlib.suppress(OSError):
            (place / "kata-attack.pyc").write_bytes(CONTENT)
    return None
