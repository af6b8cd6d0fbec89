"""Which language a heading such as ``label::English (en)`` means."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from ckanext.communitydata.fields import FieldError, language_tag

CODE = re.compile(r"\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\)\s*$")


@cache
def _by_name() -> dict[str, str]:
    """Languages by their English names, in lower case."""
    return {name.lower(): code for code, name in Locale("en").languages.items() if len(code) <= 3}


def find(text: str) -> str | None:
    """The BCP 47 tag of a language written as ``English (en)``, ``en`` or ``Marathi``; None if it is not known.

    >>> find("मराठी (mr)"), find("Spanish"), find("default")
    ('mr', 'es', None)
    """
    found = CODE.search(text)
    if found:
        return found.group(1)
    plain = text.strip().lower()
    if plain in _by_name():
        return _by_name()[plain]
    try:
        tag = language_tag(plain)
    except FieldError:
        return None
    return tag if tag in _by_name().values() else None
