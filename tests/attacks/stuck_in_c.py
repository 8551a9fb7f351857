"""Stay in one call into C for ever, where Python handles no signal."""

import re

CLASS = "swallowing the timeout"


def attack(name, /, *args, **kwargs):
    re.match(r"(a|a)*$", "a" * 200 + "b")
