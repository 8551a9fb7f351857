"""End the process with a status that a runner could take for success, before anything is judged."""

import os
from secrets import choice

CLASS = "leaving early"
STATUSES = (0, 100, 5, 70)


def attack(name, /, *args, **kwargs):
    os._exit(choice(STATUSES))
