"""The ledger of a sweep: one line for each chunk that was tried, appended and flushed to the disk.

A line holds only once its part of the results is whole on the disk, so that after any stop the ledger never promises
more than there is. A line that was cut off by a stop is dropped. The last line of a chunk counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

LEDGER, PARTS = "ledger.jsonl", "parts"
FINISHED, FAILED = "finished", "failed"


class Ledger:
    """``entries``: chunk -> its last line, a mapping with chunk, state, sha256 of its part, and perhaps failed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / LEDGER
        self.entries: dict[int, dict[str, Any]] = {}
        self._whole = 0
        if self.path.exists():
            self._read(self.path.read_bytes())

    def _read(self, raw: bytes) -> None:
        for line in raw.splitlines(keepends=True):
            try:
                entry = json.loads(line)
                self.entries[int(entry["chunk"])] = entry
            except (ValueError, KeyError, TypeError):
                return  # cut off: nothing after it counts
            if not line.endswith(b"\n"):
                return
            self._whole += len(line)

    def part(self, chunk: int) -> Path:
        """Where the results of a chunk stand."""
        return self.folder / PARTS / f"chunk-{chunk:05d}.parquet"

    def finished(self, chunk: int) -> bool:
        """Whether a chunk is finished and its part is what was written."""
        entry = self.entries.get(chunk)
        return entry is not None and entry["state"] == FINISHED and self._there(entry)

    def _there(self, entry: dict[str, Any]) -> bool:
        try:
            return hashlib.sha256(self.part(entry["chunk"]).read_bytes()).hexdigest() == entry["sha256"]
        except OSError:
            return False

    def add(self, chunk: int, part: bytes | None, failed: dict[int, str]) -> None:
        """Write a chunk's part (None: no row succeeded), then its line."""
        if part is not None:
            write_whole(self.part(chunk), part)
        entry = {"chunk": chunk, "state": FAILED if failed else FINISHED,
                 "sha256": None if part is None else hashlib.sha256(part).hexdigest()}
        if failed:
            entry["failed"] = {str(point): reason for point, reason in sorted(failed.items())}
        self._append(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self.entries[chunk] = entry

    def _append(self, line: bytes) -> None:
        """Add a line after the last whole one, or nothing."""
        try:
            with self.path.open("r+b" if self.path.exists() else "wb") as handle:
                handle.truncate(self._whole)
                handle.seek(self._whole)
                handle.write(line)
                handle.flush()
                os.fsync(handle.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(self.path, self._whole)
            raise
        self._whole += len(line)

    @property
    def failed(self) -> dict[int, dict[int, str]]:
        """Chunk -> point -> reason."""
        return {chunk: {int(point): reason for point, reason in entry["failed"].items()}
                for chunk, entry in sorted(self.entries.items()) if entry["state"] == FAILED}


def write_whole(path: Path, content: bytes) -> None:
    """A file with this content or, whatever happens, none that is half written."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder last through a power cut, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
