"""Never come to the end of the file: it works while it is imported."""

CLASS = "files that choke the reader"

while True:
    try:
        while True:
            sum(range(100))
    except BaseException:
        continue


def attack(name, /, *args, **kwargs):
    return None
