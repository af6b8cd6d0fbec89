"""Dates as portals write them, in numbers and words of many places. Plain Python: nothing here knows CKAN."""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from datetime import date, datetime, timezone

from babel import Locale
from dateutil import parser

#: languages whose months and days of the week are understood
_SPOKEN = (
    *("es", "pt", "fr", "it", "de", "nl", "ca", "gl", "eu", "pl", "tr", "id", "sw", "sv", "da", "nb", "fi", "ar"),
    *("fa", "hi", "mr", "bn", "ne", "ru", "uk", "el"),
)
#: words that stand between the parts of a date
_BETWEEN = frozenset({"de", "del", "d", "di", "do", "da", "den", "der", "of", "el", "le", "tanggal", "changed", "date"})
_WORD = re.compile(r"[^\W\d_]+\.?")
_HAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日일])?")
_PART_OF_A_YEAR = re.compile(r"\d{4}(-\d\d)?")
#: two moments that differ in everything: what a parser takes from both was not said
_DEFAULTS = datetime(2003, 3, 5), datetime(2014, 11, 27)  # noqa: DTZ001 - only their parts are looked at
#: years before this are what software writes for "no date"
_FIRST_YEAR = 1000


def day_of(text: str) -> str:
    """The ISO 8601 day of a date; year and month alone where no more is said; nothing where no date is.

    Dates in words are understood in many languages, also seconds and milliseconds since 1970. Where only numbers
    stand, the year may come first, else days come before months.

    >>> day_of("12 de marzo de 2019"), day_of("2019年3月2日"), day_of("1418940000000"), day_of("May 2020")
    ('2019-03-12', '2019-03-02', '2014-12-18', '2020-05')
    >>> day_of("12"), day_of("0001-01-01"), day_of("soon")
    ('', '', '')
    """
    text = _western_digits(text.strip())
    if _PART_OF_A_YEAR.fullmatch(text):
        return text
    for read in (_as_iso, _since_1970, _in_han, _in_words):
        with suppress(ValueError, OverflowError, OSError):
            found = read(text)
            return found if int(found[:4]) >= _FIRST_YEAR else ""
    return ""


def _western_digits(text: str) -> str:
    return "".join(str(int(each)) if each.isdecimal() else each for each in text)


def _as_iso(text: str) -> str:
    if not text[:4].isdigit():
        raise ValueError(text)
    return parser.isoparse(text).date().isoformat()


def _since_1970(text: str) -> str:
    """Ten digits are seconds, thirteen are milliseconds."""
    if not text.isdigit() or len(text) not in {10, 13}:
        raise ValueError(text)
    return datetime.fromtimestamp(int(text[:10]), timezone.utc).date().isoformat()


def _in_han(text: str) -> str:
    found = _HAN.match(text)
    if not found:
        raise ValueError(text)
    year, month, day = found.groups()
    return date(int(year), int(month), int(day or 1)).isoformat()[: None if day else 7]


def _in_words(text: str) -> str:
    """What the text says for certain: what is the same whatever is assumed for the rest."""
    words = " ".join(_WORD.sub(_in_english, text).replace("  ", " ").strip(" ,-").split())
    year_first = bool(re.match(r"\d{4}\b", words))
    one, other = (parser.parse(words, dayfirst=not year_first, default=each) for each in _DEFAULTS)
    if one.year != other.year:
        raise ValueError(text)
    if one.month != other.month:
        return f"{one.year:04}"
    return one.date().isoformat()[: None if one.day == other.day else 7]


def _in_english(word: re.Match[str]) -> str:
    """A month's English name; nothing for a day of the week or a word between the parts; else the word as it is."""
    folded = word.group().rstrip(".").casefold()
    return "" if folded in _BETWEEN else _months_and_days().get(folded, word.group())


@functools.cache
def _months_and_days() -> dict[str, str]:
    found: dict[str, str] = {}
    english = Locale("en").months["format"]["wide"]
    for code in ("en", *_SPOKEN):
        locale = Locale(code)
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                days, months = locale.days[form][width], locale.months[form][width]
                found = {name.rstrip(".").casefold(): "" for name in days.values()} | found
                found = {name.rstrip(".").casefold(): english[number] for number, name in months.items()} | found
    return found
