"""Chunks on a Dask cluster (the optional extra ``cluster``): the same numbers, computed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from sim.errors import UserError
from sim.sweeps.local import Lost

TIMEOUT = 20  # seconds until a scheduler must have answered


def remote(tasks: Sequence[int], make: Callable[[int], tuple[Any, ...]], work: Callable[..., Any], address: str,
           fingerprint: Callable[[], str]) -> Generator[tuple[int, Any], None, None]:
    """Do ``work(*make(task))`` on the workers of a scheduler; yield (task, result or Lost) as they come.

    Raises
    ------
    UserError
        where Dask is not installed, the scheduler does not answer, or a worker has another version of the model.
    """
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError:
        raise UserError("--scheduler: Dask is not installed. Install the extra 'cluster': "
                        "pip install -c constraints.txt -e '.[cluster]'") from None
    client = _connected(Client, address)
    try:
        _same_model(client, address, fingerprint())
        threads = sum(client.nthreads().values())
        waiting, flying = iter(tasks), {}
        finished = as_completed(loop=client.loop)
        for _, task in zip(range(2 * threads), waiting, strict=False):
            flying[future := client.submit(work, *make(task), pure=False)] = task
            finished.add(future)
        for future in finished:
            task = flying.pop(future)
            error = future.exception()
            yield task, future.result() if error is None else Lost(f"{type(error).__name__}: {error}")
            future.release()
            for task in waiting:
                flying[future := client.submit(work, *make(task), pure=False)] = task
                finished.add(future)
                break
    finally:
        client.close()


def _connected(client: Any, address: str) -> Any:
    try:
        connected = client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"--scheduler {address}: no Dask scheduler answers there ({error}).", 1) from None
    if not connected.nthreads():
        connected.close()
        raise UserError(f"--scheduler {address}: the scheduler has no workers.", 1)
    return connected


def _same_model(client: Any, address: str, own: str) -> None:
    from sim.sweeps.fingerprint import fingerprint

    for worker, other in client.run(fingerprint, on_error="return").items():
        if other != own:
            problem = f"it cannot load the model ({other})" if isinstance(other, BaseException) else (
                "its version of the model is another one")
            client.close()
            raise UserError(f"--scheduler {address}: the worker {worker} is of no use: {problem}. Install this "
                            "version of the project there, with the same packages.", 1)
