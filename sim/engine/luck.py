"""Luck by name: uniforms that are a pure function of (seed, world, process, month, identity).

A uniform depends on its name and on nothing else: not on call order, nor on what else is drawn.  Seed, world and
process are hashed into the 128-bit key of a stream; month and identity are the counter of Philox4x64-10 (Salmon,
Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC11), a cipher that makes any block of
numbers by its counter alone.  Identities 4 b to 4 b + 3 of a month are the four lanes of block b, bit for bit as
NumPy's `Philox` gives them; two months of a stream are 2**128 blocks apart.

Callers hold the keys of one world as an array of uint64: ``keys[stream]`` is the two words of a stream (see `draws`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from sim.engine.compiled import COMPILED, rule
from sim.streams import stream_key

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Word = Any
"""uint64; where nothing is compiled also a plain integer below 2**64."""

# The constants of Philox4x64 in Salmon et al. 2011: two multipliers; and what is added to the key between rounds, the
# golden ratio and the square root of three less one, times 2**64.
_MULTIPLY_0 = np.uint64(0xD2E7470EE14C6C93)
_MULTIPLY_1 = np.uint64(0xCA5A826395121157)
_WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
_WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_LANES = np.uint64(4)
"""Numbers a block holds."""
_SPARE_BITS = np.uint64(64 - 53)
"""A word's low bits that a double in [0, 1) has no room for."""
_ULP = 2.0**-53
_WORD = 2**64 - 1


def draws(seed: int, worlds: Sequence[int] | NDArray[np.integer[Any]], names: Sequence[str]) -> Keys:
    """Keys of every stream of every world.

    Parameters
    ----------
    seed : int
        Master seed; any integer.
    worlds : integers >= 0
        Indices of the worlds; one that stands here twice has one luck.
    names : strings
        Process names: one for each independent draw.

    Returns
    -------
    ndarray of uint64, shape (worlds, names, 2).
    """
    keys = np.empty((len(worlds), len(names), 2), np.uint64)
    for row, world in zip(keys, worlds, strict=True):
        if world < 0 or int(world) != world:
            raise ValueError(f"worlds must be integers >= 0, got {world}")
        row[:] = [stream_key(seed, int(world), name) for name in names]
    return keys


if not COMPILED:

    def _product(a: Word, b: Word) -> tuple[Word, Word]:
        wide = int(a) * int(b)
        return wide >> 64, wide & _WORD

    def _sum(a: Word, b: Word) -> Word:
        return (int(a) + int(b)) & _WORD

else:

    @intrinsic  # type: ignore[misc, unused-ignore]
    def _product(typing_context: Any, a: Any, b: Any) -> Any:
        """High and low word of the 128-bit product of two words."""

        def build(context: Any, builder: Any, signature: Any, words: Any) -> Any:
            double = ir.IntType(128)
            wide = builder.mul(*[builder.zext(word, double) for word in words])
            halves = [wide, builder.lshr(wide, ir.Constant(double, 64))]
            low, high = (builder.trunc(half, ir.IntType(64)) for half in halves)
            return context.make_tuple(builder, signature.return_type, (high, low))

        return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), build

    @rule
    def _sum(a: Word, b: Word) -> Word:
        """Sum of two words, modulo 2**64."""
        return a + b


@rule
def _block(key0: Word, key1: Word, month: int, block: Word) -> tuple[Word, Word, Word, Word]:
    """The four words of a block; NumPy steps its counter before it makes a block, so its first has number one."""
    a, b, c, d = block + np.uint64(1), np.uint64(0), np.uint64(month), np.uint64(0)
    key0, key1 = np.uint64(key0), np.uint64(key1)
    for _ in range(_ROUNDS):
        high0, low0 = _product(_MULTIPLY_0, a)
        high1, low1 = _product(_MULTIPLY_1, c)
        a, b, c, d = high1 ^ b ^ key0, low1, high0 ^ d ^ key1, low0
        key0, key1 = _sum(key0, _WEYL_0), _sum(key1, _WEYL_1)
    return a, b, c, d


@rule
def _unit(word: Word) -> float:
    """The top 53 bits of a word as a number in [0, 1)."""
    return float(word >> _SPARE_BITS) * _ULP


@rule
def uniform(key0: Word, key1: Word, month: int, i: int) -> float:
    """Uniform in [0, 1), a multiple of 2**-53, of one identity of a stream in one month.

    Parameters
    ----------
    key0, key1 : uint64
        The stream's key.
    month : int >= 0
    i : int >= 0
        Identity.  Identities beside each other share a block: `four` and `fill` make it once.
    """
    identity = np.uint64(i)
    a, b, c, d = _block(key0, key1, month, identity // _LANES)
    lane = identity % _LANES
    if lane < 2:
        return _unit(a) if lane == 0 else _unit(b)
    return _unit(c) if lane == 2 else _unit(d)


@rule
def four(key0: Word, key1: Word, month: int, block: int) -> tuple[float, float, float, float]:
    """Uniforms of the identities 4 block to 4 block + 3; see `uniform`."""
    a, b, c, d = _block(key0, key1, month, np.uint64(block))
    return _unit(a), _unit(b), _unit(c), _unit(d)


@rule
def fill(out: Floats, key0: Word, key1: Word, month: int, first: int, n: int) -> None:
    """Write the uniforms of the identities first to first + n - 1 to out[:n]; see `uniform`."""
    for block in range(first // 4, (first + n + 3) // 4):
        lanes = four(key0, key1, month, block)
        at = 4 * block - first
        if at >= 0 and at + 4 <= n:
            out[at], out[at + 1], out[at + 2], out[at + 3] = lanes
        else:
            for lane in range(max(0, -at), min(4, n - at)):
                out[at + lane] = lanes[lane]
