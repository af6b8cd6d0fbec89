"""What a value must look like, field kind by field kind. Plain Python: no CKAN in here."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

NOT_MEASURED = "not-measured"
UNKNOWN = "unknown"

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DATE_SHAPES = ("%Y", "%Y-%m", "%Y-%m-%d")


class FieldError(ValueError):
    """A value that cannot be kept. ``message`` is one English sentence with ``{named}`` gaps for ``values``."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message.format(**values))
        self.message = message
        self.values = values


def _(message: str) -> str:
    """Mark a sentence for the translators; the caller at the edge translates it."""
    return message


def language_tag(code: str) -> str:
    """Return a BCP 47 language tag, accepting CKAN's own spelling (``pt_BR``).

    >>> language_tag("pt_BR")
    'pt-BR'
    """
    tag = code.strip().replace("_", "-")
    if not _LANGUAGE_TAG.fullmatch(tag):
        raise FieldError(_("“{code}” is not a language code. Use codes such as en, hi or pt-BR."), code=code)
    return tag


def text_list(value: Any) -> list[str]:
    """Return the non-empty strings in a list, a JSON list, or a text with one entry on each line."""
    if isinstance(value, str):
        value = _json_list(value) or value.splitlines()
    if not isinstance(value, list):
        raise FieldError(_("Give a list of texts."))
    if not all(isinstance(entry, str) for entry in value):
        raise FieldError(_("Every entry of the list must be a text."))
    return [entry.strip() for entry in value if entry.strip()]


def _json_list(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        loaded = json.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, list) else None


def date(value: str) -> str:
    """Return a year, a month, a day or an ISO 8601 time as it was given, if there is such a date.

    >>> date("2026-03")
    '2026-03'
    """
    text = value.strip()
    for shape in _DATE_SHAPES:
        try:
            datetime.strptime(text, shape)  # noqa: DTZ007 - only the shape matters here
        except ValueError:
            continue
        return text
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise FieldError(
            _("“{value}” is not a date. Write a year, month or day: 2026, 2026-03 or 2026-03-01."), value=value
        ) from None
    return text


def count(value: Any) -> str:
    """Return a whole number from nought up as text, or ``unknown``."""
    text = str(value).strip().lower()
    if text == UNKNOWN or re.fullmatch(r"[0-9]{1,15}", text):
        return text
    raise FieldError(_("“{value}” is not a count. Write a whole number, or unknown."), value=value)


def share(value: Any) -> str:
    """Return a percentage between 0 and 100 as text, or ``not-measured``. A percent sign is dropped."""
    text = str(value).strip().lower().removesuffix("%").strip()
    if text.replace(" ", "-") == NOT_MEASURED:
        return NOT_MEASURED
    if re.fullmatch(r"[0-9]{1,3}([.,][0-9]{1,4})?", text) and float(text.replace(",", ".")) <= 100:
        return text.replace(",", ".")
    raise FieldError(_("“{value}” is not a share. Write a percentage from 0 to 100, or not-measured."), value=value)


def uuid(value: str) -> str:
    """Return a UUID in its usual spelling."""
    try:
        return str(UUID(value.strip()))
    except ValueError:
        raise FieldError(
            _("“{value}” is not a project number. It looks like 1f0e2d3c-0000-4000-8000-000000000000."), value=value
        ) from None
