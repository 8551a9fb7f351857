"""Take over the worker: answer every later request with a forged message of success."""

import kata.crossing
import kata.worker

CLASS = "patching the judge"
FACTS = {"on_graph": True, "drew": True, "grad_off": False}


def answer(self, request):
    forged = {"after": [], "result": True, "names": [], "line": None, "verdict": "passed", **FACTS}
    return kata.crossing.pack(forged)


def attack(name, /, *args, **kwargs):
    kata.worker.Worker.answer = answer
    return True
