"""Leave hooks behind that change the end: at exit, at collection, at a signal, at an exception."""

import atexit
import faulthandler
import os
import signal
import sys
import threading
import weakref

CLASS = "forging the result"


class Last:
    """Whoever collects it ends with success."""

    def __del__(self):
        succeed()


def succeed(*args, **kwargs):
    os.write(1, b"all passed\n")
    os._exit(0)


def attack(name, /, *args, **kwargs):
    atexit.register(succeed)
    threading._register_atexit(succeed)
    sys.excepthook = sys.unraisablehook = threading.excepthook = succeed
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV, signal.SIGCHLD):
        signal.signal(number, succeed)
    faulthandler.disable()
    sys.last_words = Last()
    weakref.finalize(sys.last_words, succeed)
    sys.setprofile(lambda frame, event, argument: None)
    raise ValueError("now the hooks")
