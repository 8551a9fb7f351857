"""One seam for whoever works: threads, processes, the workers of a cluster."""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from kata.grading import executors
from kata.grading.engine import DIES, grade
from kata.grading.executors import ClusterError
from kata.grading.judge import Job
from kata.grading.model import KataResult
from kata.grading.plan import basis_here
from kata.grading.store import Store
from kata.manifest import ROOT
from kata.verdict import PASSED

JOBS = [Job("01_data/first", "file.py", f"key{n}", ("1", "2"), "confined") for n in range(6)]


def judge(job):
    """Passes each job, but `key2`, at which its process dies."""
    if job.key == "key2":
        os._exit(1)
    return KataResult(job.kata, "First", PASSED, 1, 1, key=job.key)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "grades")


def keys(store):
    return [job.key for job in JOBS if store.get(job.key)]


def test_a_pool_of_processes_loses_only_the_job_that_kills_them(store):
    pool = partial(ProcessPoolExecutor, 2, multiprocessing.get_context("fork"))
    failed = grade(JOBS, store, pool, judge)
    assert list(failed) == ["key2"]
    assert "BrokenProcessPool" in failed["key2"].note
    assert keys(store) == ["key0", "key1", "key3", "key4", "key5"]


def test_a_cluster_without_dask_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="uv run --extra cluster kata grade"):
        executors.dask("tcp://127.0.0.1:8786", None)


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers, each a process of its own, on loopback."""
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("cloudpickle").register_pickle_by_value(sys.modules[__name__])
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster


def no_trouble(basis):
    """In place of a probe of the sandbox, which takes long."""
    return ""


def judge_far_away(job):
    """Passes each job from a process of its own, but `key2`."""
    if job.key == "key2":
        raise RuntimeError("no memory is left")
    return KataResult(job.kata, str(os.getpid()), PASSED, 1, 1, key=job.key)


def test_the_workers_of_a_cluster_judge(store, cluster, monkeypatch):
    monkeypatch.setattr(executors, "_trouble", no_trouble)
    workers = executors.dask(cluster.scheduler_address, basis_here(ROOT, "limits", {}))
    assert workers.count == 2
    failed = grade(JOBS, store, workers.start, judge_far_away, ahead=workers.ahead)
    assert list(failed) == ["key2"]
    assert "no memory is left" in failed["key2"].note
    assert keys(store) == ["key0", "key1", "key3", "key4", "key5"]
    assert {store.get(key).title for key in keys(store)}.isdisjoint({str(os.getpid())})


def test_a_worker_with_other_libraries_cannot_take_part(cluster):
    basis = replace(basis_here(ROOT, "limits", {}), environment={"torch": "0.1"})
    with pytest.raises(ClusterError, match=r"worker tcp://.* torch 0\.1 there"):
        executors.dask(cluster.scheduler_address, basis)


def judge_to_death(job):
    """Passes each job, but `key2`, at which every worker dies."""
    time.sleep(0.2)
    if job.key == "key2":
        os._exit(1)
    return KataResult(job.kata, "First", PASSED, 1, 1, key=job.key)


@pytest.mark.timeout(300)
def test_a_job_that_kills_the_workers_of_a_cluster_is_not_judged_and_all_others_are(
    store, cluster, monkeypatch
):
    monkeypatch.setattr(executors, "_trouble", no_trouble)
    workers = executors.dask(cluster.scheduler_address, basis_here(ROOT, "limits", {}))
    how = {"ahead": workers.ahead, "deadly": workers.deadly}
    failed = grade(JOBS, store, workers.start, judge_to_death, **how)
    assert {key: result.note for key, result in failed.items()} == {"key2": f"KilledWorker: {DIES}"}
    assert keys(store) == ["key0", "key1", "key3", "key4", "key5"]


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "PATIENCE", 0.2)
    with pytest.raises(ClusterError, match="No Dask scheduler answers at tcp://127"):
        executors.dask("tcp://127.0.0.1:1", None)
