"""Import libraries one after the other and say how it went: the part of `kata doctor` that may die.

    python -m kata.checkup.imports torch diffusers

Writes a line of JSON for each, and one for the devices that torch sees.
"""

import importlib
import json
import os
import sys
import time


def main(names: list[str]) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print belongs to the errors
    for name in names:
        _say(out, {"name": name, **_import(name)})
    if "torch" in sys.modules:
        _say(out, {"devices": devices()})


def devices() -> dict:
    """What torch sees: its build, its threads, and each device by name."""
    import torch

    found = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            found.append(f"cuda:{number} {properties.name}, {properties.total_memory / 1e9:.0f} GB")
    if torch.backends.mps.is_available():
        found.append("mps")
    return {
        "found": found,
        "threads": torch.get_num_threads(),
        "built_for_cuda": torch.version.cuda,
    }


def _import(name: str) -> dict:
    start = time.perf_counter()
    try:
        importlib.import_module(name)
    except BaseException as error:  # a library that exits is one that does not import
        first = (str(error).strip().splitlines() or [""])[0]
        return {"error": f"{type(error).__name__}: {first}"}
    return {"seconds": time.perf_counter() - start}


def _say(out, line: dict) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
