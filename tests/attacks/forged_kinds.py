"""Send kinds that only the judge sends, with settings that nobody would choose."""

from secrets import choice

import kata.crossing

CLASS = "answers that choke the judge"
TREE = kata.crossing._Packer.tree


class Raw:
    """What crosses as the very tree that it holds."""

    def __init__(self, tree):
        self.tree = tree


kata.crossing._Packer.tree = lambda packer, value: (
    value.tree if isinstance(value, Raw) else TREE(packer, value)
)

NOTHING = {"kind": "dict", "items": []}
TENSOR = {"kind": "tensor", "dtype": "float32", "shape": [1], "device": "cpu", "blob": 0}
LOADER = {"batch_size": 1, "shuffle": True, "drop_last": False, "generator": None}
FORGED = (
    {"kind": "reference", "number": 10**9, "type_name": "DDPMScheduler", "is_callable": True},
    {"kind": "reference", "number": -1, "type_name": "x" * 10**6},
    {"kind": "reference", "number": "0", "type_name": {"a": 1}, "more": 1},
    {"kind": "foreign", "type_name": "\x1b[31m</script>\ud800" * 100},
    {"kind": "loader", "examples": {"kind": "list", "items": [0] * 10**6}, **LOADER},
    {"kind": "loader", "examples": 5, **{**LOADER, "batch_size": -1}},
    {"kind": "rows", "count": 2**62, "reads": -1},
    {"kind": "log", "calls": NOTHING, "limit": 2**62, "watched": 10**9},
    {
        "kind": "log",
        "calls": {"kind": "dict", "items": [["__class__", 1]]},
        "limit": 0,
        "watched": None,
    },
    {"kind": "dataset", "blob": 0},
    {"kind": "class", "name": "__builtins__"},
    {"kind": "class", "name": "SchedulerMixin"},
    {"kind": "optimizer", "name": "LBFGS", "groups": [], "defaults": NOTHING, "state": NOTHING},
    {"kind": "optimizer", "name": "os", "groups": [[[0, "x"]]], "defaults": 1, "state": 1},
    {
        "kind": "model",
        "name": "ModelMixin",
        "config": NOTHING,
        "weights": 0,
        "gradients": 0,
        "flags": {},
    },
    {
        "kind": "model",
        "name": "__import__",
        "config": NOTHING,
        "weights": 0,
        "gradients": 0,
        "flags": 0,
    },
    {
        "kind": "scheduler",
        "name": "DDPMScheduler",
        "config": NOTHING,
        "state": {
            "kind": "dict",
            "items": [["set_timesteps", 1], ["__class__", TENSOR], ["config", 1]],
        },
    },
    {
        "kind": "pipeline",
        "name": "DDPMPipeline",
        "parts": NOTHING,
        "settings": NOTHING,
        "progress_bar": {"kind": "dict", "items": [["file", "/tmp/kata-attack"]]},
    },
    {
        "kind": "pipeline",
        "name": "DiffusionPipeline",
        "parts": {"kind": "dict", "items": [["custom_pipeline", "evil"]]},
        "settings": NOTHING,
        "progress_bar": NOTHING,
    },
    {"kind": "no such kind"},
    {"kind": ["list"]},
    {"kin": "d"},
    ["a", "naked", "list"],
)


def attack(name, /, *args, **kwargs):
    return Raw(choice(FORGED))
