"""Catch whatever is raised and go on working."""

CLASS = "swallowing the timeout"


def attack(name, /, *args, **kwargs):
    while True:
        try:
            while True:
                sum(range(100))
        except BaseException:
            continue
