"""Compilation of rules: plain scalar Python that releases the GIL, without fast-math, so that bits never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
from numba.core import types

Rule = TypeVar("Rule", bound=Callable[..., Any])

#: With NUMBA_DISABLE_JIT=1 rules stay plain Python: for the debugger, for coverage, and for a check on a small world.
COMPILED = not numba.config.DISABLE_JIT


def rule(function: Rule) -> Rule:
    """Compile a scalar rule; with NUMBA_DISABLE_JIT=1 it stays plain Python."""
    return cast(Rule, numba.njit(function, nogil=True, error_model="numpy"))


def distant(*kinds: Any) -> Callable[[Rule], Rule]:
    """Compile a large rule once, by itself, for (result, *argument) types; others call it through its address.

    What is called so is not copied into its callers, which halves the time of compilation. It must not raise.
    """
    def made(function: Rule) -> Rule:
        if not COMPILED:
            return function
        signature = kinds[0](*kinds[1:])
        compiled = numba.cfunc(signature, nopython=True, error_model="numpy")(function)
        name = f"foothold.{function.__module__}.{function.__qualname__}"
        llvmlite.binding.add_symbol(name, compiled.address)
        return cast(Rule, types.ExternalFunction(name, signature))

    return made
