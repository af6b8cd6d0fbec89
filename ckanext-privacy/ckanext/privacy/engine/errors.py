"""Errors of the engine.

::

    EngineError
    |-- UnreadableFile    the file, or a part of it, cannot be looked at
    |-- InvalidPlan       a de-identification plan cannot be applied
    `-- InvalidPolicy     a policy or settings file says something the engine does not know

Every message is one sentence that a person can act on: what, where, and what to do about it.
"""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


class UnreadableFile(EngineError):  # noqa: N818 - says what is wrong, as CKAN's own do
    """A file that cannot be looked at: it must be held, never skipped.

    ``reason`` is one sentence, ``where`` the file, sheet or member it is about; ``by_eye`` says that people can look
    at it.
    """

    def __init__(self, reason: str, where: str = "", *, by_eye: bool = False) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.where = where
        self.by_eye = by_eye

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[str, str], dict[str, bool]]:
        # Crosses the pipe of the scan's child process, where the default would lose ``where``.
        return UnreadableFile, (self.reason, self.where), {"by_eye": self.by_eye}


class InvalidPlan(EngineError):  # noqa: N818 - says what is wrong, as CKAN's own do
    """A de-identification plan that names an unknown column, method or parameter."""


class InvalidPolicy(EngineError):  # noqa: N818 - says what is wrong, as CKAN's own do
    """A policy or settings file with an unknown key or an impossible value."""
