"""Names of luck: the key of a stream of uniforms is a hash of seed, world and process, the same on every machine."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def stream_key(seed: int, world: int, process: str) -> NDArray[np.uint64]:
    """128-bit Philox key of one (seed, world, process): shape (2,)."""
    name = f"{int(seed)}/{int(world)}/{process}".encode()
    return np.frombuffer(hashlib.blake2b(name, digest_size=16).digest(), dtype="<u8").astype(np.uint64)


def uniforms(seed: int, world: int, process: str, month: int, n: int) -> NDArray[np.float64]:
    """Uniforms in [0, 1) of the identities 0 to n - 1 of a stream in a month: what the engine draws by itself."""
    bits = np.random.Philox(key=stream_key(seed, world, process), counter=np.array([0, 0, month, 0], dtype=np.uint64))
    return np.random.Generator(bits).random(n)
