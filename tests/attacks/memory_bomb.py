"""Take memory and touch every page of it."""

CLASS = "bombs"
MOST = 12 * 2**30
STEP = 2**27


def attack(name, /, *args, **kwargs):
    kept = []
    while sum(map(len, kept)) < MOST:
        kept.append(bytearray(b"x") * STEP)
    raise RuntimeError(f"BOAST: {MOST >> 30} GiB of memory were taken")
