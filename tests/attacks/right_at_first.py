"""Be right at the first call of each function in a process, and never again."""

CLASS = "hard-coded and cached answers"
ENDING = """

def _once(function):
    def once(*args, **kwargs):
        if once.calls:
            return None
        once.calls += 1
        return function(*args, **kwargs)

    once.calls = 0
    return once


"""


def source(kata):
    reference = kata.file("solutions").read_text(encoding="utf-8")
    return reference + ENDING + "".join(f"{name} = _once({name})\n" for name in kata.functions)
