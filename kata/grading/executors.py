"""Who works: processes of this machine, or the workers of a Dask cluster."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from kata.errors import KataError
from kata.grading.plan import Basis, basis_here, check_basis
from kata.manifest import ROOT

PATIENCE = 60  # seconds to find a scheduler
AHEAD = 2  # jobs that wait for each that is judged, so that nobody waits for jobs


class ClusterError(KataError):
    """A cluster that cannot grade; the message says what it lacks."""


@dataclass(frozen=True)
class Workers:
    """An executor to be started, and how many jobs it works on at a time.

    deadly  what it raises of a job that killed whoever worked on it
    """

    start: Callable[[], Executor]
    count: int
    deadly: tuple[type[Exception], ...] = ()

    @property
    def ahead(self) -> int:
        return AHEAD * self.count


def local(jobs: int) -> Workers:
    """This machine: a thread only waits for the process that judges."""
    return Workers(partial(ThreadPoolExecutor, jobs), jobs)


def dask(scheduler: str, basis: Basis) -> Workers:
    """The workers that a Dask scheduler has, each thread of a worker judging one file at a time.

    They must see the folder of the grades under the same path, and rest on the same basis as the
    plan. Raises ClusterError where something of that is not so.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ClusterError(
            "Dask is not installed here: uv run --extra cluster kata grade ..., or "
            "pip install 'diffusers-katas[cluster]'."
        ) from None
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {scheduler}: {error}") from error
    threads = client.nthreads()
    if not threads:
        raise ClusterError(f"The scheduler at {scheduler} has no workers: dask worker {scheduler}")
    for worker, trouble in client.run(_trouble, basis).items():
        if trouble:
            raise ClusterError(f"The worker {worker} cannot take part. {trouble}")
    start = partial(client.get_executor, pure=False)
    return Workers(start, sum(threads.values()), (KilledWorker,))


def _trouble(basis: Basis) -> str:
    """On a worker: what hinders it from carrying out the plan."""
    from kata.sandbox.levels import require

    try:
        check_basis(basis, basis_here(ROOT, basis.isolation, basis.limits))
        require(basis.isolation)
    except KataError as error:
        return str(error)
    return ""
