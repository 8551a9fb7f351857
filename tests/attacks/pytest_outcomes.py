"""Skip, expect a failure or end the run, with pytest's own exceptions."""

from secrets import choice

import pytest

CLASS = "leaving early"


def attack(name, /, *args, **kwargs):
    ways = (
        lambda: pytest.skip("nothing to see", allow_module_level=True),
        lambda: pytest.xfail("as expected"),
        lambda: pytest.exit("all is well", returncode=0),
        lambda: pytest.importorskip("no_such_library"),
        lambda: pytest.fail("Timeout >0.0s", pytrace=False),
    )
    choice(ways)()
