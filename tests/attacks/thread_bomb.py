"""Start threads without an end."""

import threading
import time

CLASS = "bombs"
MOST = 5000


def attack(name, /, *args, **kwargs):
    threading.stack_size(2**16)
    for _ in range(MOST):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    raise RuntimeError(f"BOAST: {MOST} threads were started")
