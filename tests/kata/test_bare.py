"""A bare `pytest` uses the cores, and only where nobody has said otherwise."""

from types import SimpleNamespace

import pytest

from kata.collecting import pytest_cmdline_main


def config(bare=True, numprocesses=None, usepdb=False, **more):
    source = pytest.Config.ArgsSource
    return SimpleNamespace(
        args_source=source.TESTPATHS if bare else source.ARGS,
        option=SimpleNamespace(numprocesses=numprocesses, usepdb=usepdb),
        **more,
    )


def test_a_bare_run_is_spread_over_processes():
    bare = config()
    pytest_cmdline_main(bare)
    assert bare.option.numprocesses >= 1


@pytest.mark.parametrize(
    "other",
    [config(bare=False), config(usepdb=True), config(workerinput={"workerid": "gw0"})],
    ids=["a path was given", "--pdb", "a worker"],
)
def test_any_other_run_stays_in_its_process(other):
    pytest_cmdline_main(other)
    assert other.option.numprocesses is None


def test_a_number_that_was_given_is_kept():
    chosen = config(numprocesses=0)
    pytest_cmdline_main(chosen)
    assert chosen.option.numprocesses == 0
