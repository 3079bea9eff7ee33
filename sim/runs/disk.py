"""Room on the disk, looked for before anything is simulated."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from sim.errors import UserError


def check_fits(needed: float, folder: Path, less: str) -> None:
    """Refuse results of so many bytes where the disk that will hold ``folder`` has less free.

    ``less`` says what makes them smaller.

    Raises
    ------
    UserError
        with what is needed, what is free and what to do.
    """
    free = free_for(folder)
    if needed > free:
        raise UserError(f"{folder}: the results need about {in_words(needed)}, and {in_words(free)} are free there. "
                        f"Choose {less}, or another disk with --out.")


def free_for(folder: Path) -> int:
    """Bytes free on the disk that will hold a folder."""
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(nearest).free


def in_words(size: float) -> str:
    """Bytes with three digits and a unit."""
    power = min(4, max(1, int(math.log10(max(size, 1)) // 3)))
    return f"{size / 1000**power:.3g} {('kB', 'MB', 'GB', 'TB')[power - 1]}"
