"""`kata stubs`: write `exercises/` from `solutions/`, and never over somebody's work."""

import ast

from rich.console import Console

from kata.files import keep_aside, write_whole
from kata.manifest import EXERCISES, SOLUTIONS, Kata, Manifest
from kata.stub import StubError, make_stub, unwritten


def stub_of(kata: Kata) -> str:
    """The source of the kata's stub. Raises StubError, and OSError when there is no solution."""
    return make_stub(kata.file(SOLUTIONS).read_text(encoding="utf-8"), kata.functions)


def write_stubs(manifest: Manifest, force: bool = False) -> int:
    """Write every stub that is missing or out of date; return 1 when one could not be, else 0.

    A file in which a learner has written is left alone; with `force` it is kept aside first.
    """
    console = Console()
    failed = False
    for kata in manifest.katas:
        path = kata.file(EXERCISES)
        try:
            stub = stub_of(kata)
        except (StubError, OSError, SyntaxError) as error:
            console.print(f"[red]{kata.id}[/]: {error}")
            failed = True
            continue
        if path.is_file() and path.read_text(encoding="utf-8") == stub:
            continue
        has_work = path.is_file() and not _is_untouched(kata)
        if has_work and not force:
            console.print(f"[yellow]{path}[/] has work in it: left alone (`--force` replaces it).")
            failed = True
            continue
        if has_work:
            console.print(f"Your file is kept: {keep_aside(path, kata.root)}")
        write_whole(path, stub)
        console.print(f"[green]{path}[/] written")
    return int(failed)


def _is_untouched(kata: Kata) -> bool:
    """Whether every function of the exercise is still a stub, of this or an earlier solution."""
    try:
        tree = ast.parse(kata.file(EXERCISES).read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return False
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return bool(functions) and functions <= unwritten(tree)
