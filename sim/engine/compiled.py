"""Compilation of rules: plain scalar Python that releases the GIL, without fast-math, so that bits never change.

What Python calls is kept on disk (see `sim.engine.cache`). What only other rules call is linked into that, and is
optimised and translated there alone, which halves the time of compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
from numba.core import types
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import _FunctionCompiler
from numba.core.registry import CPUDispatcher

from sim.engine.cache import Stored

Rule = TypeVar("Rule", bound=Callable[..., Any])

#: With NUMBA_DISABLE_JIT=1 rules stay plain Python: for the debugger, for coverage, and for a check on a small world.
COMPILED = not numba.config.DISABLE_JIT
_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """Code of a rule for other rules: neither optimised nor translated by itself."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """Code of what Python calls, with all the rules that it needs."""

    def _optimize_final_module(self) -> None:
        # Their names are numbered by process, so two files of the cache could hold one name for different functions
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "linkonce_odr":
                function.linkage = "internal"
        super()._optimize_final_module()


def _into(library: type[JITCodeLibrary]) -> type[Compiler]:
    """Numba's compiler, writing to a library of this kind."""
    class Made(Compiler):  # type: ignore[misc]
        def __init__(self, typing_context: Any, target_context: Any, _: Any, *rest: Any):
            own = library(target_context.codegen(), "rule")
            own.enable_object_caching()
            super().__init__(typing_context, target_context, own, *rest)

    return Made


_TO_PART, _TO_WHOLE = _into(_Part), _into(_Whole)


class _InnerCompiler(_FunctionCompiler):  # type: ignore[misc]
    """Compiles for other rules: no wrappers for Python or C."""

    def _customize_flags(self, flags: Any) -> Any:
        flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.no_compile = True
        return flags

    def _compile_core(self, arguments: Any, result: Any) -> Any:
        made = super()._compile_core(arguments, result)
        made = made._replace(entry_point=object())  # a name for Numba's register of functions
        self.targetdescr.target_context.insert_user_function(made.entry_point, made.fndesc, [made.library])
        return made


class _Inner(CPUDispatcher):  # type: ignore[misc]
    """A rule as other rules call it."""

    def __init__(self, function: Callable[..., Any]):
        super().__init__(function, targetoptions=dict(_OPTIONS))
        self._compiler = _InnerCompiler(function, self.targetdescr, self.targetoptions, {}, _TO_PART)

    def compile(self, signature: Any) -> Any:
        _register_distant()
        return super().compile(signature)

    def get_call_template(self, arguments: Any, keywords: Any) -> Any:
        # One version for all constants
        return super().get_call_template([types.unliteral(each) for each in arguments],
                                         {name: types.unliteral(each) for name, each in keywords.items()})

    def add_overload(self, made: Any) -> None:
        self.overloads[tuple(made.signature.args)] = made


class Compiled(CPUDispatcher):  # type: ignore[misc]
    """A rule as Python calls it; rules of the engine are kept on disk."""

    def __init__(self, function: Callable[..., Any]):
        super().__init__(function, targetoptions=dict(_OPTIONS), pipeline_class=_TO_WHOLE)
        self.inner = _Inner(function)
        if function.__module__.startswith("sim.engine."):
            self._cache = Stored(function)

    def compile(self, signature: Any) -> Any:
        """Compile for these argument types, or load from disk."""
        _register_distant()
        return super().compile(signature)

    def ready(self, signature: tuple[Any, ...]) -> bool:
        """Whether it is compiled for these argument types, here or on disk."""
        return signature in self.overloads or (isinstance(self._cache, Stored) and self._cache.holds(signature))

    def get_call_template(self, arguments: Any, keywords: Any) -> Any:
        """For Numba, where a rule calls this one."""
        return self.inner.get_call_template(arguments, keywords)

    def get_overload(self, signature: Any) -> Any:
        """For Numba, where a rule calls this one."""
        return self.inner.get_overload(signature)


def rule(function: Rule) -> Rule:
    """Compile a scalar rule; with NUMBA_DISABLE_JIT=1 it stays plain Python."""
    return cast(Rule, Compiled(function)) if COMPILED else function


_waiting: list[tuple[str, Any]] = []
_registered: list[CFunc] = []


def _register_distant() -> None:
    """Make distant rules known to LLVM, which must happen before it sees code that calls them."""
    with global_compiler_lock:
        while _waiting:
            name, function = _waiting.pop(0)  # first, since the rules that it calls come here too
            try:
                function.compile()
            except BaseException:
                _waiting.append((name, function))
                raise
            llvmlite.binding.add_symbol(name, function.address)
            _registered.append(function)


def distant(*kinds: Any) -> Callable[[Rule], Rule]:
    """Compile a large rule once, by itself, for (result, *argument) types; others call it through its address.

    What is called so is not copied into its callers, which saves time of compilation. It must not raise.
    """
    def made(function: Rule) -> Rule:
        if not COMPILED:
            return function
        options = {"nopython": True, "error_model": "numpy"}
        compiled = CFunc(function, (kinds[1:], kinds[0]), {}, options, pipeline_class=_TO_WHOLE)
        compiled._cache = Stored(function)
        name = f"foothold.{function.__module__}.{function.__qualname__}"
        _waiting.append((name, compiled))
        return cast(Rule, types.ExternalFunction(name, kinds[0](*kinds[1:])))

    return made
