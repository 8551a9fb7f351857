"""Spend no CPU time at all: sleep, wait for oneself, wait for nobody."""

import os
import select
import threading
import time
from secrets import choice

CLASS = "swallowing the timeout"


def attack(name, /, *args, **kwargs):
    lock = threading.Lock()
    lock.acquire()
    ways = (
        lambda: time.sleep(10**6),
        lambda: select.select([], [], []),
        lambda: lock.acquire(),
        lambda: os.read(os.pipe()[0], 1),
    )
    while True:
        choice(ways)()
