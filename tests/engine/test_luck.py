"""Luck by name: the same numbers as NumPy's Philox, whatever the order or the company they are drawn in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.engine.compiled import rule
from sim.engine.luck import draws, fill, four, stream_key, uniform

ROOT = Path(__file__).parents[2]
KNOWN = [
    [0.9276295186080594, 0.16493099642396114, 0.6004287634974091],
    [0.1497772490657383, 0.12660445476647664, 0.7965210124382166],
]
words = st.integers(0, 2**64 - 1)
months = st.integers(0, 30_000)


def numpys(key: NDArray[np.uint64], month: int, first: int, n: int) -> NDArray[np.float64]:
    """Identities first to first + n - 1 of NumPy's stream."""
    block, skip = divmod(first, 4)
    bits = np.random.Philox(key=key, counter=np.array([block, 0, month, 0], np.uint64))
    return np.random.Generator(bits).random(skip + n)[skip:]


@rule
def uniforms(out, key0, key1, month, first):  # type: ignore[no-untyped-def]
    for i in range(len(out)):
        out[i] = uniform(key0, key1, month, first + i)


def test_known_answer() -> None:
    keys = draws(20110101, [0, 17], ["recruit.contact"])
    assert [[uniform(*key[0], 5, i) for i in range(3)] for key in keys] == KNOWN


@pytest.mark.parametrize("month", [0, 1, 83, 30_000])
def test_bits_of_numpy_over_many_streams(month: int) -> None:
    lone, block = np.empty(41), np.empty(41)
    for key in draws(month, range(60), ["a", "b", "1/a"]).reshape(-1, 2):
        for first in (0, 3, 999_970):
            want = numpys(key, month, first, 41)
            uniforms(lone, *key, month, first)
            fill(block, *key, month, first, 41)
            assert np.array_equal(lone, want)
            assert np.array_equal(block, want)


def test_bits_of_numpy_over_a_million_identities() -> None:
    key, out = stream_key(5, 3, "long"), np.empty(1_000_001)
    fill(out, *key, 17, 0, len(out))
    assert np.array_equal(out, numpys(key, 17, 0, len(out)))


@given(words, words, months, st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_any_key_month_and_identity(key0: int, key1: int, month: int, i: int) -> None:
    key = np.array([key0, key1], np.uint64)
    want = numpys(key, month, i, 1)[0]
    assert uniform(*key, month, i) == want == four(*key, month, i // 4)[i % 4]
    assert 0.0 <= want < 1.0


@given(months, st.integers(0, 1_000_000), st.integers(0, 30), st.integers(0, 3))
@settings(deadline=None)
def test_fill_writes_what_it_is_asked_for_and_no_more(month: int, first: int, n: int, more: int) -> None:
    key, out = stream_key(1, 2, "p"), np.full(n + more, -1.0)
    fill(out, *key, month, first, n)
    assert np.array_equal(out[:n], numpys(key, month, first, n))
    assert (out[n:] == -1.0).all()


def test_keys_of_worlds_and_names() -> None:
    worlds, names = np.array([7, 0, 7]), ["x", "y"]
    keys = draws(-3, worlds, names)
    assert keys.dtype == np.uint64
    assert keys.shape == (3, 2, 2)
    for world, row in zip(worlds, keys, strict=True):
        assert np.array_equal(row, [stream_key(-3, world, name) for name in names])
    assert np.array_equal(draws(-3, worlds[1:], names), keys[1:])
    assert len({key.tobytes() for key in draws(0, range(100), names).reshape(-1, 2)}) == 200
    assert draws(0, [], names).shape == (0, 2, 2)


@pytest.mark.parametrize("world", [-1, 0.5])
def test_bad_worlds(world: float) -> None:
    with pytest.raises(ValueError, match="worlds"):
        draws(1, np.array([world]), ["p"])


def test_plain_python_gives_the_same_bits() -> None:
    key = stream_key(9, 4, "plain")
    code = (
        "import json, numpy as np\n"
        "from sim.engine.luck import fill, four, stream_key, uniform\n"
        "key, out = stream_key(9, 4, 'plain'), np.empty(22)\n"
        "fill(out, *key, 83, 2, 22)\n"
        "print(json.dumps([out.tolist(), [float(x) for x in four(*key, 83, 1)], float(uniform(*key, 83, 9))]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    want = numpys(key, 83, 0, 24)
    assert json.loads(done.stdout) == [want[2:].tolist(), want[4:8].tolist(), want[9]]
