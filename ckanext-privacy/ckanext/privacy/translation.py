"""Marks texts for translators where no request, and so no reader's language, is at hand yet."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Return the message as it is; whoever shows it translates it then."""
    return message
