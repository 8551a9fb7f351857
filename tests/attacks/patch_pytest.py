"""Put harmless functions in the place of pytest's hooks and of the project's own checks."""

import sys

CLASS = "patching the judge"


def nothing(*args, **kwargs):
    return None


def attack(name, /, *args, **kwargs):
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(("_pytest", "kata.expect", "kata.screen")):
            for word, value in list(vars(module).items()):
                if callable(value) and not isinstance(value, type):
                    setattr(module, word, nothing)
    import _pytest.runner

    import kata.reporting
    import kata.verdict

    kata.verdict.WRONG = kata.verdict.NOT_STARTED = kata.verdict.PASSED
    kata.verdict.Wrong.__init__ = kata.verdict.NotStarted.__init__ = nothing
    kata.reporting._verdict = lambda error, screen: "passed"
    _pytest.runner.check_interactive_exception = nothing
    return 0
