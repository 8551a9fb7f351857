"""Hand in bytecode under the name of a source."""

import importlib.util
import marshal

CLASS = "files that choke the reader"


def source(kata):
    code = compile("import os; os._exit(0)", f"{kata.name}.py", "exec")
    return importlib.util.MAGIC_NUMBER + b"\0" * 12 + marshal.dumps(code)
