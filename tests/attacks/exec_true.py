"""Become another program, which ends with success."""

import os

CLASS = "leaving early"


def attack(name, /, *args, **kwargs):
    os.execv("/bin/true", ["pytest"])
