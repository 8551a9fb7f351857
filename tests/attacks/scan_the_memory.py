"""Scan the memory of this process for the text of suites and solutions, and for the secret."""

import re

CLASS = "reading the answer"
WORDS = [b"rejected" + b"_by=SUM", b"kata-secret" + b"-", b"def test_the_noise" + b"_is_standard"]
MOST = 2**28


def attack(name, /, *args, **kwargs):
    seen = 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in re.split("[- ]", line)[:2])
            if " rw" not in line or seen + end - start > MOST:
                continue
            seen += end - start
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except OSError:
                continue
            for word in WORDS:
                place = content.find(word)
                if place >= 0 and b"rejected" + b'" + b"' not in content[place - 20 : place + 40]:
                    told = content[place : place + 40]
                    raise RuntimeError(f"BOAST: found in memory: {told!r}")
    raise LookupError("nothing was found")
