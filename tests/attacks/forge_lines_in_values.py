"""Return texts, keys and type names that are markup and commands, which messages then quote."""

from secrets import choice

CLASS = "forging the result"
TEXT = "\n::error::\x1b[31m</script><script>alert(1)</script>\u202e\x00[red]=1+1"


def attack(name, /, *args, **kwargs):
    values = (TEXT, {TEXT: TEXT}, [TEXT] * 3, type(TEXT.replace("\0", ""), (), {})())
    return choice(values)
