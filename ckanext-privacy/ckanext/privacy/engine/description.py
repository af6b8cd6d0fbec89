"""The texts a dataset's description is made of, by where they stand: what is searched for people, and compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: What machines write and nobody reads: identifiers, digests, moments, numbers too short to reach or to find anybody.
_MACHINE = re.compile(
    r"""(?ix) [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
    | (?:[a-z0-9-]{2,10}:)? [0-9a-f]{32,128}
    | \d{4}-\d\d-\d\d (?: [T ] \d\d:\d\d [\d:.,]* (?:Z|[+-]\d\d:?\d\d)? )?
    | [+-]? \d{1,6} (?:\.\d{1,3})?"""
)
#: A day, as feeds write it into names of files and notes.
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
#: Numbers with so many digits may reach somebody.
_TELLING = 10**6
#: What names of members look like; any other may be a text.
_NAME = re.compile(r"(?!.*\d{5})[^\W\d]\w*(?:[:.-]\w+)*")
#: What the place of a member's own name ends with, and of another text of one place.
ITS_NAME = " (its name)"
_ASIDE = re.compile(r" \(\d+\)$")
#: The largest file that is read, in bytes: a longer number under ``size`` is none.
_LARGEST = 8 << 30


@dataclass(frozen=True)
class Together:
    """What stands at one place in several mappings: a name in one hides nothing that another says under it."""

    parts: tuple[Mapping[str, Any], ...]


def texts_of(description: Mapping[str, Any] | Together) -> dict[str, str]:
    """Every text in a description, nested ones too, by its place in words: ``contact 1 email``.

    Texts of one place are numbered. Names of members are texts, too: anybody may give an extra any name. Left out is
    what machines write: identifiers, digests, moments, short numbers. What a translated field says in the words of the
    field itself is told once.
    """
    texts = ((place, text) for place, text in _walk("", description) if text and not _MACHINE.fullmatch(text.strip()))
    found = _placed(texts)
    return {place: text for place, text in found.items() if found.get(_translates(place)) != text}


def _placed(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    placed: dict[str, str] = {}
    times: Counter[str] = Counter()
    for place, text in texts:
        own = place
        while own in placed:
            times[place] += 1
            own = f"{place} ({times[place] + 1})"
        placed[own] = text
    return placed


def _translates(place: str) -> str:
    """The place of the field that another one translates: ``notes`` for ``notes_translated en``; else none."""
    field, translated, _ = place.rpartition("_translated ")
    return field if translated else ""


def member_at(place: str) -> tuple[str, bool]:
    """Return a place without its number, and whether the text there is the name of the member instead of its value."""
    named = _ASIDE.sub("", place)
    return named.removesuffix(ITS_NAME), named.endswith(ITS_NAME)


def changed_words(now: Mapping[str, str], approved: Mapping[str, str], but: Collection[str] = ()) -> tuple[str, ...]:
    """The places of texts that were not among the approved ones, whatever day they tell; without those in ``but``."""
    known = {_DAY.sub("", text) for text in approved.values()}
    return tuple(place for place, text in now.items() if _DAY.sub("", text) not in known and place not in but)


def _walk(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Together):
        for part in value.parts:
            yield from _walk(place, part)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if not _is_told_otherwise(value, key, each):
                yield from _member(place, str(key), each)
    elif isinstance(value, (list, tuple)):
        for number, each in enumerate(value, start=1):
            is_extra = isinstance(each, Mapping) and {"key", "value"} <= each.keys()
            yield from _member(place, str(each["key"]), each["value"]) if is_extra else _walk(f"{place} {number}", each)
    elif isinstance(value, str):
        yield place, _unescaped(value)
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) >= _TELLING):
        yield place, str(value)


def _is_told_otherwise(whole: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether a member repeats what another one says, or is the size of the file that it stands beside."""
    if name == "display_name":
        return value in (whole.get("name"), whole.get("title"))
    return name == "size" and "url" in whole and str(value).isdecimal() and int(value) <= _LARGEST


def _member(place: str, name: str, value: Any) -> Iterator[tuple[str, str]]:
    yield from _walk(f"{place} {name}".strip(), value)
    if not _NAME.fullmatch(name):
        yield f"{place} name of a field".strip(), name
    elif value not in (None, "", [], {}):
        yield f"{place} {name}{ITS_NAME}".strip(), name


def _unescaped(text: str) -> str:
    r"""JSON within a text may write a letter or digit as ``\u0661``."""
    if "\\u" not in text or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
