"""`kata selfattack`: what attacks earn, harm and leave is seen."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kata.grading.aftermath import Aftermath
from kata.grading.arena import Arena, SelfAttackError
from kata.grading.corpus import CODE, Attack, read_attack
from kata.grading.friend import NAME, PORT, friend
from kata.grading.judge import GraderError
from kata.grading.model import KataResult, TestResult
from kata.manifest import ROOT, SOLUTIONS, load_manifest
from kata.sandbox.levels import reached
from kata.selfattack import chosen_attacks, self_attack, small_katas
from kata.verdict import INFRASTRUCTURE, PASSED, WRONG

HARMLESS = '"""Try nothing."""\n\nCLASS = "bombs"\n\n\ndef attack(name, /, *args, **kwargs): ...\n'


class Judge:
    """Gives the points to whoever adds one; `twist` turns the results of attacks into others."""

    def __init__(self):
        self.twist = lambda result: result
        self.twist_all = lambda result: result

    def __call__(self, job):
        with open(job.source) as file:
            content = file.read()
        is_right = "x + 1" in content
        verdict = PASSED if is_right else WRONG
        test = TestResult("test_f", "It adds one", 3 * is_right, 3, verdict, "seen: nothing")
        result = KataResult(job.kata, job.kata, verdict, 3 * is_right, 3, (test,), key=job.key)
        return self.twist_all(self.twist(result) if "def attack(" in content else result)


@pytest.fixture
def judge():
    return Judge()


@pytest.fixture
def arena(small, tmp_path_factory, judge):
    folder = tmp_path_factory.mktemp("run")
    (folder / "tmp").mkdir()
    with ThreadPoolExecutor(2) as executor:
        katas = small.katas[:1]
        arena = Arena(small, katas, "confined", folder, executor, judge)
        arena.aftermath.patience = 0
        arena.begin()
        yield arena


@pytest.fixture
def attack(tmp_path_factory) -> Attack:
    path = tmp_path_factory.mktemp("attacks") / "try_nothing.py"
    path.write_text(HARMLESS)
    return read_attack(path)


def test_an_attack_that_does_nothing_is_held_off(arena, attack):
    finding = arena.withstand(attack)
    assert finding.is_held_off
    assert [(one.what, one.verdict) for one in finding.judged] == [("whole", WRONG)]


def test_points_that_the_honest_part_does_not_earn_are_a_gain(arena, judge, attack):
    judge.twist = lambda result: replace(result, points=2)
    assert arena.withstand(attack).gain == 2


def test_a_boast_in_the_feedback_is_harm(arena, judge, attack):
    judge.twist = lambda result: replace(result, note="RuntimeError: BOAST: it was read\nmore")
    assert arena.withstand(attack).harm == ["first, whole: it was read"]


def test_a_judge_that_fails_is_harm(arena, judge, attack):
    def fail(result):
        raise GraderError("the judge has ended")

    judge.twist = fail
    finding = arena.withstand(attack)
    assert finding.judged[0].verdict == INFRASTRUCTURE
    assert "the judge has ended" in finding.harm[0]


@pytest.mark.parametrize("character", ["\x1b", "\u202e", "\x9b", "\r"])
def test_control_characters_in_the_feedback_are_harm(arena, judge, attack, character):
    judge.twist = lambda result: replace(result, note=f"a{character}[31m")
    assert "the feedback holds the character" in arena.withstand(attack).harm[0]


def test_another_verdict_on_an_honest_file_is_harm(arena, judge, attack):
    judge.twist_all = lambda result: replace(result, verdict=PASSED)
    assert "an honest file beside it got 0 points (passed)" in arena.withstand(attack).harm[0]


def test_files_that_are_left_in_the_project_or_the_results_are_told(arena, judge, attack):
    stray, forged = arena.manifest.root / "stray.pth", arena.store.out / "forged.json"

    def leave(result):
        stray.touch()
        forged.touch()
        return result

    judge.twist = leave
    assert set(arena.withstand(attack).left) == {
        f"{stray} is new",
        f"{forged} is new or was changed",
    }


def test_an_attack_is_not_tried_below_its_level(arena, attack):
    finding = arena.withstand(replace(attack, level="isolated"))
    assert not finding.tried and finding.is_held_off and not finding.judged


def test_an_attack_is_tried_on_the_kata_that_it_aims_at_too(arena, attack):
    finding = arena.withstand(replace(attack, aim="third"))
    assert [one.kata for one in finding.judged] == ["first", "third"]


def test_a_reference_that_does_not_pass_stops_the_run(small, tmp_path, judge):
    small.katas[0].file(SOLUTIONS).write_text("def f(x): ...\n")
    with ThreadPoolExecutor(1) as executor:
        arena = Arena(small, small.katas, "confined", tmp_path, executor, judge)
        with pytest.raises(SelfAttackError, match="kata check first"):
            arena.begin()


def test_a_process_that_was_left_is_told_and_ended(tmp_path):
    aftermath = Aftermath((tmp_path,), patience=0)
    aftermath.begin()
    with subprocess.Popen(["sleep", "1000"]) as process:
        assert aftermath.look() == [f"process {process.pid} (sleep 1000)"]
    assert process.returncode


def test_marked_files_in_shared_folders_are_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr("kata.grading.aftermath.SHARED", (str(tmp_path),))
    aftermath = Aftermath(())
    aftermath.begin()
    (tmp_path / "kata-attack-x").touch()
    (tmp_path / "somebody-elses").touch()
    assert aftermath.look() == [f"{tmp_path}/kata-attack-x is new"]
    assert aftermath.look() == []


def test_a_friend_tells_how_a_function_is_written():
    with friend(load_manifest().katas):
        for family, place in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_UNIX, NAME)):
            with socket.socket(family, socket.SOCK_STREAM) as line:
                line.connect(place)
                line.sendall(b"corrupt\n")
                with line.makefile("rb") as answer:
                    assert b"def corrupt(" in answer.read()


def test_what_was_found_is_written_after_each_attack_and_is_no_trace_of_one(
    small, judge, attack, monkeypatch
):
    found = small.root / "found.json"
    written = []

    def count(result):
        written.append(len(json.loads(found.read_text())["findings"]))
        if len(written) == 3:
            raise KeyboardInterrupt
        return result

    judge.twist = count
    monkeypatch.setattr("kata.selfattack.Arena", partial(Arena, judge=judge))
    monkeypatch.setattr("kata.selfattack.chosen_attacks", lambda only: [attack] * 3)
    with pytest.raises(KeyboardInterrupt):
        self_attack(small, small.katas[:1], "confined", 1, json_file=found)
    assert written == [0, 1, 2]
    told = json.loads(found.read_text())
    assert (told["attacks"], [one["left"] for one in told["findings"]]) == (3, [[], []])


def test_findings_that_cannot_be_written_are_told_before_anything_is_tried(small, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SelfAttackError, match="Cannot write"):
        self_attack(small, small.katas[:1], "confined", 1, json_file=tmp_path / "file/found.json")


def test_small_katas_are_one_with_several_functions_and_one_with_a_single():
    several, single = small_katas(load_manifest())
    assert len(several.functions) > 1 == len(single.functions)


def test_an_unknown_attack_is_an_error():
    with pytest.raises(SelfAttackError, match="no attack `nothing`"):
        chosen_attacks(["nothing"])
    assert all(attack.form == CODE for attack in chosen_attacks(["exec_true"]))


@pytest.mark.timeout(600)
def test_real_attacks_are_held_off():
    """The whole of it, by whoever is not root: a zygote, judges, workers without rights."""
    ordinary = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    if reached() == "none" or not works([sys.executable, "-c", "import torch"], **ordinary):
        pytest.skip("no sandbox on this machine, or no Python for this user")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        command = [sys.executable, "-m", "kata", "selfattack", "preprocess"]
        command += ["--attack", "read_the_solution"]
        done = subprocess.run(
            [*command, "--json", f"{folder}/found.json"],
            env={**os.environ, "HOME": folder, "TMPDIR": folder},
            cwd=ROOT,
            capture_output=True,
            text=True,
            **ordinary,
        )
        assert done.returncode in (0, 1), done.stderr  # somebody may be at work in the project
        findings = json.loads(Path(folder, "found.json").read_text())["findings"]
    assert [(found["judged"][0]["earned"], found["harm"]) for found in findings] == [(0, [])]


def works(command, **options):
    try:
        return subprocess.run(command, capture_output=True, cwd="/", **options).returncode == 0
    except OSError:
        return False
