"""Search frames, modules and the garbage collector for the reference, the suite and the seeds."""

import gc
import sys
import types

CLASS = "reading the answer"
TELLING = ("solutions/", "test_", "zoo_")


def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def attack(name, /, *args, **kwargs):
    own = globals()
    for thing in gc.get_objects():
        is_function = isinstance(thing, types.FunctionType) and thing.__name__ == name
        if is_function and thing.__globals__ is not own:
            return thing(*args, **kwargs)
        if type(thing).__name__ in ("Manifest", "Kata", "Session", "Config", "Job", "Exercise"):
            raise RuntimeError(f"BOAST: a {type(thing).__name__} was found in memory")
    for module in list(sys.modules.values()):
        place = str(getattr(module, "__file__", "") or "")
        if "/solutions/" in place or "/zoo_" in place or "/tests/0" in place:
            raise RuntimeError(f"BOAST: {place} is loaded here")
    for frame in frames():
        for key in ("seed", "seeds", "job", "suite", "kata"):
            value = frame.f_locals.get(key)
            if isinstance(value, (str, tuple)) and len(str(value)) > 14:
                raise RuntimeError(f"BOAST: {key} = {str(value)[:60]} in {frame.f_code.co_name}")
    raise LookupError("nothing was found")
