"""Chunks on a Dask cluster (the optional extra ``cluster``): the same numbers, computed elsewhere."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from sim.errors import UserError
from sim.studies.sweep.local import Lost

TIMEOUT = 20  # seconds until a scheduler must have answered
ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?[^/\s]+:[0-9]{1,5}")


def remote(tasks: Sequence[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any], address: str,
           fingerprint: Callable[[], str], at_once: int | None = None) -> Generator[tuple[int, Any], None, None]:
    """Do ``work(*make(task))`` on the workers of a scheduler; yield (task, result or Lost) as they come.

    Parameters
    ----------
    at_once : most tasks under way at a time. Default: two for each thread of the workers.

    Raises
    ------
    UserError
        where Dask is not installed, the scheduler does not answer or is lost, or a worker has another version of the
        model.
    """
    client = _connected(address)
    try:
        with _reached(address):
            _same_model(client, address, fingerprint())
            most = at_once or 2 * sum(client.nthreads().values())
        yield from _flown(client, tasks, make, work, address, most)
    finally:
        with contextlib.suppress(OSError):
            client.close()


def _flown(client: Any, tasks: Sequence[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any],
           address: str, most: int) -> Generator[tuple[int, Any], None, None]:
    from distributed import as_completed

    waiting, flying = iter(tasks), {}
    finished = as_completed(loop=client.loop)

    def start(count: int) -> None:
        for task in itertools.islice(waiting, count):
            flying[future := client.submit(work, *make(task), pure=False)] = task
            finished.add(future)

    with _reached(address):
        start(most)
    while flying:
        with _reached(address):
            future = next(finished)
            result = _result(future)
            future.release()
        yield flying.pop(future), result
        with _reached(address):
            start(1)


def _result(future: Any) -> Any:
    """What a finished future gives; where its task failed, Lost."""
    if future.cancelled():
        raise ConnectionError("its tasks were called off")
    error = future.exception()
    return future.result() if error is None else Lost(f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def _reached(address: str) -> Iterator[None]:
    """One message where the connection breaks."""
    from distributed.client import CancelledError, ClosedClientError

    try:
        yield
    except (OSError, CancelledError, ClosedClientError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"--scheduler {address}: the scheduler was lost ({said}). Chunks that are finished are kept; "
                        "the same command with --resume and --out goes on with the others.", 1) from None


def reach(address: str, fingerprint: Callable[[], str]) -> None:
    """Connect once and leave; raises as `remote` does where the scheduler or its workers are of no use."""
    client = _connected(address)
    try:
        with _reached(address):
            _same_model(client, address, fingerprint())
    finally:
        with contextlib.suppress(OSError):
            client.close()


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UserError("--scheduler: Dask is not installed. Install the extra 'cluster': "
                        "pip install -c constraints.txt -e '.[cluster]'") from None
    if not ADDRESS.fullmatch(address):
        raise UserError(f"--scheduler {address}: this is no address. Allowed: one such as tcp://10.0.0.5:8786.")
    try:
        connected = Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"--scheduler {address}: no Dask scheduler answers there ({error}).", 1) from None
    with _reached(address):
        workers = connected.nthreads()
    if not workers:
        connected.close()
        raise UserError(f"--scheduler {address}: the scheduler has no workers.", 1)
    return connected


def _same_model(client: Any, address: str, own: str) -> None:
    from sim.studies.sweep.fingerprint import fingerprint

    for worker, other in client.run(fingerprint, on_error="return").items():
        if other != own:
            problem = f"it cannot load the model ({other})" if isinstance(other, BaseException) else (
                "its version of the model is another one")
            client.close()
            raise UserError(f"--scheduler {address}: the worker {worker} is of no use: {problem}. Install this "
                            "version of the project there, with the same packages.", 1)
