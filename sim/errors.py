"""Errors that a user can mend: shown as one message, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """A mistake in a file, an argument or a folder, or a failing disk.

    Parameters
    ----------
    message : what is wrong, where, and what is allowed.
    code : exit code of the command line (2: the user's input; 1: the machine).
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
