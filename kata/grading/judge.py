"""Have one kata's file judged: a job goes to a judge's process, a result comes back.

    result = judge(Job("02_training/add_noise", "grades/sources/....py", key, seeds, "isolated"))

Works in any process and thread.
"""

import json
from dataclasses import asdict, dataclass, field

from kata.grading.model import KataResult, kata_from_json
from kata.sandbox.wire import Channel, WireError
from kata.sandbox.zygote import GraderError, of_this_process

__all__ = ["GraderError", "Job", "judge"]

MOST = 2**28


@dataclass(frozen=True)
class Job:
    """What is to be judged, under what. Only paths and hashes travel.

    kata       its id
    source     path of the content of its file
    key        under which the result is kept
    seeds      of the two runs, as texts of digits
    isolation  the level to judge at
    limits     fields of `kata.sandbox.limits.Limits` that shall be otherwise
    picture    path for the PNG that `kata show` draws of it, "" for none
    """

    kata: str
    source: str
    key: str
    seeds: tuple[str, str]
    isolation: str
    limits: dict = field(default_factory=dict)
    picture: str = ""


def judge(job: Job) -> KataResult:
    """Judge a kata's file. Raises GraderError for trouble that is not the learner's."""
    channel = Channel(of_this_process().fork())
    try:
        channel.send(json.dumps(asdict(job)).encode())
        said = json.loads(channel.receive(MOST))
    except WireError as error:
        raise GraderError(
            f"{job.kata}: the judge has ended without a verdict ({error})."
        ) from error
    finally:
        channel.close()
    if "trouble" in said:
        raise GraderError(f"{job.kata}: {said['trouble']}")
    return kata_from_json(said["result"])
