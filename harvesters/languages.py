"""Languages as portals name them: by code, by address or by name. Plain Python: nothing here knows CKAN."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from babel import Locale
from babel.core import get_global

#: languages in which portals name languages; each names itself as well
_SPOKEN = (
    *("en", "es", "pt", "fr", "it", "de", "nl", "ca", "gl", "eu", "pl", "tr", "id", "sw", "ar", "fa", "ur", "hi", "mr"),
    *("bn", "ta", "te", "kn", "gu", "ne", "zh", "ja", "ko", "ru", "uk", "el", "sv", "da", "nb", "fi"),
)
#: codes that name no language
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-[a-z0-9]{5,8})*", re.IGNORECASE)
#: letters of a script in a tag, and of the longest code
_SCRIPT, _CODE = 4, 3


def tag_of(text: str) -> str:
    """A BCP 47 tag for a language code, also a three-letter one or an address of the EU's list, or for its name.

    Nothing where no language is named.

    >>> tag_of("SPA"), tag_of("http://publications.europa.eu/resource/authority/language/CAT"), tag_of("en_US")
    ('es', 'ca', 'en-US')
    >>> tag_of("Español"), tag_of("zh-hans"), tag_of("Spanish; Castilian"), tag_of("und"), tag_of("see the notes")
    ('es', 'zh-Hans', 'es', '', '')
    """
    code = text.strip().rstrip("/").rpartition("/")[2].partition(";")[0].strip().replace("_", "-")
    named = _by_name().get(code.casefold())
    if named:
        return named
    if not _TAG.fullmatch(code):
        return ""
    primary, *rest = code.lower().split("-")
    primary = get_global("language_aliases").get(primary, primary)
    return "" if primary in _NO_LANGUAGE else "-".join([primary, *map(_subtag, rest)])


def tags_of(texts: Iterable[str]) -> list[str]:
    """The tags of some languages, each once."""
    return list(dict.fromkeys(tag for text in texts if (tag := tag_of(text))))


def _subtag(part: str) -> str:
    """Scripts are written with a capital, regions in capitals."""
    return part.title() if len(part) == _SCRIPT else part.upper() if len(part) < _SCRIPT else part


@functools.cache
def _by_name() -> dict[str, str]:
    """Tags by the name of their language, folded; the languages' own names win."""
    found: dict[str, str] = {}
    for spoken in _SPOKEN:
        found = {**{name.casefold(): code for code, name in Locale.parse(spoken).languages.items()}, **found}
    own = {(Locale(code).get_display_name(code) or "").casefold(): code for code in _SPOKEN}
    return {name: code.replace("_", "-") for name, code in {**found, **own}.items() if len(name) > _CODE}
