"""Have functions, types and code objects whose names and lines are lies."""

from secrets import choice

CLASS = "answers that choke the judge"


def attack(name, /, *args, **kwargs):
    function = globals()[name]
    lies = ("/etc/passwd", "/dev/zero", "\x1b[31m\n::error::", "x" * 10**6)
    lie = choice(lies)
    function.__code__ = function.__code__.replace(
        co_filename=lie, co_name=lie, co_firstlineno=2**31 - 1
    )
    function.__name__ = function.__qualname__ = function.__doc__ = lie
    function.__signature__ = lie
    function.__wrapped__ = function if lie == lies[2] else None
    return type(lie[:100].replace("\0", ""), (), {"__module__": lie})()
