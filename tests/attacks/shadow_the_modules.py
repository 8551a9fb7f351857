"""Put modules of one's own before the real ones, for whoever imports next."""

import importlib.abc
import importlib.machinery
import sys
import types

CLASS = "smuggling configuration"


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds an empty module, whatever is asked for."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        return types.SimpleNamespace(__name__=spec.name, __spec__=spec)

    def exec_module(self, module):
        module.assert_close = module.allclose = lambda *args, **kwargs: True


sys.meta_path.insert(0, Finder())
sys.path[:] = [""]
sys.path_hooks.clear()
for name in [name for name in sys.modules if name.startswith(("kata", "torch.testing", "_pytest"))]:
    sys.modules[name] = types.ModuleType(name)


def attack(name, /, *args, **kwargs):
    return None
