"""A stub keeps what a learner needs and nothing of the answer; unwritten is what nobody touched."""

import ast

import pytest

from kata.manifest import SOLUTIONS, load_manifest
from kata.stub import StubError, make_stub, unwritten

SOLUTION = '''"""Double a number.

Goal  twice as much
"""

import torch

FACTOR = 2


def double(x):
    """Return twice x."""
    # Multiply.
    #
    # The factor stands above.
    # torch.mul does it, too.
    factor = FACTOR  # the answer
    return _times(x, factor)
    # It is as simple as that.


# The answer, in a helper.
# It multiplies.
@torch.no_grad()
def _times(x, factor):
    return x * factor
    # That was all.


class _Answer:
    """Two."""

    value = 2


async def _later(x): return x


def shown(x):
    """Everything here is for the learner to read."""
    return x + 1
'''

STUB = '''"""Double a number.

Goal  twice as much
"""

import torch

FACTOR = 2


def double(x):
    """Return twice x."""
    # TODO: Multiply.
    #
    # The factor stands above.
    # torch.mul does it, too.
    raise NotImplementedError("TODO: double")


def shown(x):
    """Everything here is for the learner to read."""
    return x + 1
'''


def stub_of(body, start="def f(x):"):
    return make_stub(f"{start}\n{body}\n", ("f",))


def test_a_stub_is_its_solution_without_bodies_and_helpers():
    assert make_stub(SOLUTION, ("double",)) == STUB


def test_a_stub_of_a_stub_is_the_same_but_for_its_mark():
    assert make_stub(STUB, ("double",)) == STUB.replace("# TODO:", "# TODO: TODO:")


@pytest.mark.parametrize("kata", load_manifest().katas, ids=lambda kata: kata.name)
def test_every_solution_gives_a_stub_that_is_unwritten(kata):
    source = make_stub(kata.file(SOLUTIONS).read_text(encoding="utf-8"), kata.functions)
    assert unwritten(ast.parse(source)) == set(kata.functions)


@pytest.mark.parametrize(
    "start",
    [
        "@torch.no_grad()\n@cached\ndef f(x):",
        "async def f(x):",
        "def f(\n    x,\n    *,\n    y=(\n        1\n    ),\n):",
    ],
    ids=["decorators", "async", "many lines"],
)
def test_everything_above_a_body_stays(start):
    stub = stub_of('    """Doc."""\n    # Task.\n    return x', start)
    rest = '    """Doc."""\n    # TODO: Task.\n    raise NotImplementedError("TODO: f")\n'
    assert stub == f"{start}\n{rest}"


def test_a_docstring_of_many_lines_stays():
    doc = '    """Doc.\n\n    x  # a number\n    """\n'
    assert stub_of(f"{doc}    # Task.\n    return x").startswith(
        f"def f(x):\n{doc}    # TODO: Task."
    )


def test_a_comment_between_functions_stays():
    source = (
        'def f(x):\n    """Doc."""\n    # Task.\n    return x\n\n\n# Part two\n\n\ndef g(): pass\n'
    )
    assert make_stub(source, ("f",)).endswith("\n\n\n# Part two\n\n\ndef g(): pass\n")


def test_a_comment_without_a_space_is_the_task_too():
    assert "    # TODO: Task.\n" in stub_of('    """Doc."""\n    #Task.\n    return x')


def test_inner_functions_go_with_the_body():
    body = '    """Doc."""\n    # Task.\n    def g():\n        return x\n\n    return g()'
    assert "def g" not in stub_of(body)


def test_a_docstring_with_a_page_break_shifts_no_line():
    assert "return" not in stub_of('    """Doc.\x0c\u2028 More."""\n    # Task.\n    return x')


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def g(x): pass", "no function `f`"),
        ("class f:\n    '''Doc.'''\n    # Task.\n    x = 1", "no function `f`"),
        (
            "if True:\n    def f(x):\n        '''Doc.'''\n        # Task.\n        pass",
            "no function",
        ),
        ("def f(x):\n    # Task.\n    return x", "`f` has no docstring"),
        ("def f(x): return x", "`f` has no docstring"),
        ("def f(x):\n    '''Doc.'''\n    return x", "`f` has no comment"),
        ("def f(x):\n    '''Doc.'''\n    return x  # Task.", "`f` has no comment"),
        ("def f(x): '''Doc.'''", "`f` has no comment"),
        ("def f(x): '''Doc.'''; return x", "`f` has no comment"),
    ],
)
def test_a_solution_that_gives_no_stub_is_told_what_it_lacks(source, words):
    with pytest.raises(StubError, match=words):
        make_stub(source, ("f",))


# Unwritten

TODO = 'raise NotImplementedError("TODO: f")'


@pytest.mark.parametrize(
    "source",
    [
        f"def f(x): {TODO}",
        f"def f(x):\n    '''Doc.'''\n    # TODO: Task.\n    {TODO}",
        f"async def f(x):\n    {TODO}",
        f"@cached\ndef f(x):\n    {TODO} from None",
        f"def f(x):\n    return x\n\ndef f(x):\n    {TODO}",
    ],
    ids=["bare", "stub", "async", "decorated", "defined anew"],
)
def test_a_function_that_only_raises_its_todo_is_unwritten(source):
    assert unwritten(ast.parse(source)) == {"f"}


@pytest.mark.parametrize(
    "source",
    [
        f"def f(x):\n    return x\n    {TODO}",
        f"def f(x):\n    y = x\n    {TODO}",
        f"def f(x):\n    if x:\n        {TODO}",
        f"def f(x):\n    for x in x:\n        {TODO}",
        f"def f(x):\n    {TODO}\n    return x",
        f"def f(x):\n    {TODO}\n\ndef f(x):\n    return x",
        "def f(x):\n    raise ValueError('TODO: f')",
        "def f(x):\n    raise NotImplementedError",
        "def f(x):\n    pass",
        "def f(x):\n    ...",
        "def f(x):\n    '''Doc.'''",
        f"class f:\n    {TODO}",
    ],
)
def test_a_function_in_which_somebody_worked_is_not_unwritten(source):
    assert unwritten(ast.parse(source)) == set()
