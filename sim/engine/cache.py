"""Compiled rules on disk: one file for each function that Python calls, in a folder for each version of the engine.

Numba's own cache looks at the file of the function that is called and not at those of the rules that it calls. Here a
folder's name stands for everything that compiled code depends on, and its files are only ever added or replaced whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

_KEPT = 4
"""Folders that stay, the latest used first; others go once they have not been used for `_UNUSED` seconds."""
_UNUSED = 86400.0
_DIGEST = 32


class Stored(NullCache):  # type: ignore[misc]
    """Keeps what was compiled of one function, for Numba."""

    def __init__(self, function: Callable[..., Any]):
        self.name = f"{function.__module__}.{function.__qualname__}"

    def _file(self, signature: Any) -> Path | None:
        arguments, _ = normalize_signature(signature)
        kinds = hashlib.sha256(repr([str(kind) for kind in arguments]).encode()).hexdigest()
        name = re.sub(r"[^A-Za-z0-9_.]", "", self.name.removeprefix("sim.engine."))
        place = folder()
        return place and place / f"{name}-{kinds[:16]}"

    def holds(self, signature: Any) -> bool:
        """Whether there is a file for these argument types."""
        path = self._file(signature)
        return path is not None and path.exists()

    def load_overload(self, signature: Any, target: Any) -> Any:
        """What was compiled for these argument types, or None."""
        target.refresh()
        path = self._file(signature)
        if path is not None:
            with contextlib.suppress(Exception):  # whatever is wrong with a file, it is compiled and written anew
                return CompileResult._rebuild(target, *pickle.loads(read(path)))
        return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Write what was compiled; where that fails it stays in memory alone."""
        path = self._file(signature)
        if path is not None and not made.library.has_dynamic_globals:
            with contextlib.suppress(OSError):
                write(path, dumps(made._reduce()))


def read(path: Path) -> bytes:
    """Content of a file of the cache; OSError or ValueError unless it is whole and nobody else can have written it."""
    with path.open("rb") as file:
        if not _own(os.fstat(file.fileno())):
            raise PermissionError(f"{path} may have been written by others")
        digest, content = file.read(_DIGEST), file.read()
    if hashlib.sha256(content).digest() != digest:
        raise ValueError(f"{path} is damaged")
    return content


def write(path: Path, content: bytes) -> None:
    """Write a file of the cache, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@cache
def folder() -> Path | None:
    """Folder of this version of the engine: the user's, or a temporary one, or none that can be used."""
    for place in _places():
        found = place / f"engine-{version()}"
        with contextlib.suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            found.mkdir(mode=0o700, exist_ok=True)
            if _own(found.lstat()) and os.access(found, os.R_OK | os.W_OK | os.X_OK):
                os.utime(found)
                _tidy(place)
                return found
    return None


def _places() -> Iterator[Path]:
    if wanted := os.environ.get("FOOTHOLD_CACHE_DIR"):
        yield Path(wanted).expanduser()
    else:
        with contextlib.suppress(RuntimeError):  # no home
            yield _of_user() / "foothold"
    yield Path(tempfile.gettempdir()) / (f"foothold-{os.getuid()}" if hasattr(os, "getuid") else "foothold")


def _of_user() -> Path:
    """Where programs of this user keep what they can make anew."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    wanted = os.environ.get("XDG_CACHE_HOME", "")
    return Path(wanted) if os.path.isabs(wanted) else Path.home() / ".cache"


def _own(found: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user and nobody else may write it; links are neither."""
    if not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


def _tidy(place: Path) -> None:
    """Remove the folders of versions that nobody uses any more."""
    with contextlib.suppress(OSError):  # another process does the same
        used = sorted(((found.stat().st_mtime, found) for found in place.glob("engine-*")), reverse=True)
        for last, found in used[_KEPT:]:
            if last < time.time() - _UNUSED:
                shutil.rmtree(found, ignore_errors=True)


@cache
def version() -> str:
    """A name for everything that compiled code depends on: sources, layout of tables, versions, processor."""
    sim = Path(__file__).resolve().parents[1]
    found = hashlib.sha256()
    # The rows of tables are laid out by the engine, by the names of dials and by the fields of a geography ...
    for path in (*sorted((sim / "engine").rglob("*.py")), sim / "policy" / "dials.py", sim / "inputs" / "geography.py"):
        found.update(repr((path.relative_to(sim).as_posix(), path.read_bytes())).encode())
    # ... and by the names of coefficients, whose values are no part of the code
    names = re.findall(r"(?m)^ {0,2}(\w+):\s*$", (sim / "data" / "coefficients.yaml").read_text(encoding="utf-8"))
    options = [getattr(numba.config, name, None) for name in (
        "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "USING_SVML")]
    found.update(repr((names, numba.__version__, llvmlite.__version__, np.__version__, sys.version,
                       cpu_target.target_context.codegen().magic_tuple(), options)).encode())
    return found.hexdigest()[:20]
