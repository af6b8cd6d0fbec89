"""What an action does to one value. Each builder returns a function from a cell's text to its new text, or None.

None blanks the cell: a value that an action cannot read is never let through. The functions are pure, so they are
applied to distinct values only.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dateutil import parser as date_parser

from ckanext.privacy.engine.points import METRES_PER_DEGREE

from .places import labels_of
from .redact import redactor

Transform = Callable[[str], str | None]
Pair = tuple[str | None, str | None]

THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
TWO_NUMBERS = re.compile(r"\s*(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)(?:[\s,;]|$)")

#: Two defaults that share no part: what differs between the two readings was not in the text.
UNLIKE = (dt.datetime(2000, 1, 1), dt.datetime(2001, 2, 2))  # noqa: DTZ001 - dates of people have no time zone


def build(action: str, options: Mapping[str, Any], column: str, key: bytes) -> Transform:
    """The function for one action on one column; `key` is used by pseudonyms only."""
    if action in KEYED:
        return KEYED[action](key, **{"scope": column, **options})
    return BUILDERS[action](**options)


def blank() -> Transform:
    """Empty every cell."""
    return lambda text: None


def mask(keep_first: int = 0, keep_last: int = 0, sign: str = "*") -> Transform:
    """Put `sign` for letters and digits, but for the first and last few; where that shows more than half, for all."""

    def apply(text: str) -> str:
        places = [place for place, char in enumerate(text) if char.isalnum()]
        shown = {*places[:keep_first], *places[len(places) - keep_last :]}
        hidden = set(places) - shown if (keep_first + keep_last) * 2 <= len(places) else set(places)
        return "".join(sign if place in hidden else char for place, char in enumerate(text))

    return apply


def pseudonymise(key: bytes, scope: str, length: int = 16) -> Transform:
    """Put a keyed pseudonym (HMAC-SHA-256, RFC 2104) for the value.

    The same value gets the same pseudonym wherever key and `scope` are the same; case, width and spaces do not matter.
    Nobody without the key can make or check one, which a plain hash of a phone number would allow.
    """

    def apply(text: str) -> str:
        value = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        digest = hmac.digest(key, f"{scope}\x1f{value}".encode(), "sha256")
        return "p-" + base64.b32encode(digest).decode().lower()[:length]

    return apply


def generalise_date(to: str, format: str = "", day_first: bool = True) -> Transform:
    """Cut a date to its month, quarter, year or decade; `day_first` reads 03/04 as 3 April."""

    def apply(text: str) -> str | None:
        found = _date(fold_digits(text).strip(), format, day_first)
        return _coarse_date(*found, to) if found else None

    return apply


def _date(text: str, pattern: str, day_first: bool) -> tuple[int, int | None] | None:
    """Year and month of a text; the month is None when only a year is there."""
    if re.fullmatch(r"(1[6-9]|2[01])\d\d", text):
        return int(text), None
    try:
        if pattern:
            found = dt.datetime.strptime(text, pattern)  # noqa: DTZ007
            return found.year, found.month
        if re.match(r"\d{4}-\d\d-\d\d", text):
            found = dt.date.fromisoformat(text[:10])
            return found.year, found.month
        one, other = (date_parser.parse(text, dayfirst=day_first, default=default) for default in UNLIKE)
    except (ValueError, OverflowError):
        return None
    if one.year != other.year:
        return None
    return one.year, one.month if one.month == other.month else None


def _coarse_date(year: int, month: int | None, to: str) -> str | None:
    if to == "decade":
        return f"{year // 10 * 10}s"
    if to == "year":
        return f"{year:04}"
    if month is None:
        return None
    return f"{year:04}-{month:02}" if to == "month" else f"{year:04}-Q{(month + 2) // 3}"


def generalise_number(
    width: float | None = None,
    edges: list[float] | None = None,
    bottom: float | None = None,
    top: float | None = None,
) -> Transform:
    """Put the band a number lies in: bands of equal `width`, or between `edges`; `bottom` and `top` close the ends."""
    bounds = sorted(Decimal(str(edge)) for edge in edges) if edges else None
    low = Decimal(str(bottom)) if bottom is not None else bounds[0] if bounds else None
    high = Decimal(str(top)) if top is not None else bounds[-1] if bounds else None

    def apply(text: str) -> str | None:
        number = _number(text)
        if number is None:
            return None
        if low is not None and number < low:
            return f"under {low:f}"
        if high is not None and number >= high:
            return f"{high:f}+"
        start, end = _between(number, bounds) if bounds else _band(number, Decimal(str(width)))
        end = min(end, high) if high is not None else end
        return _label(max(start, low) if low is not None else start, end)

    return apply


def _number(text: str) -> Decimal | None:
    plain = fold_digits(text).replace("\u00a0", "").replace(" ", "")
    if THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _between(number: Decimal, bounds: list[Decimal]) -> tuple[Decimal, Decimal]:
    place = bisect_right(bounds, number)
    return bounds[place - 1], bounds[place]


def _band(number: Decimal, width: Decimal) -> tuple[Decimal, Decimal]:
    start = (number / width).to_integral_value("ROUND_FLOOR") * width
    return start, start + width


def _label(start: Decimal, end: Decimal) -> str:
    whole = start == start.to_integral_value() and end == end.to_integral_value()
    if not whole or start < 0:
        return f"{start.normalize():f} to under {end.normalize():f}"
    if end - start == 1:
        return f"{start:.0f}"
    return f"{start:.0f}-{end - 1:.0f}"


def round_number(to: float, bottom: float | None = None, top: float | None = None) -> Transform:
    """Round to the nearest multiple of `to`, halves to even; what is below `bottom` or above `top` becomes that."""
    base = Decimal(str(to))

    def apply(text: str) -> str | None:
        number = _number(text)
        return None if number is None else _plainly((_within(number, bottom, top) / base).to_integral_value() * base)

    return apply


def random_round(key: bytes, scope: str, to: int) -> Transform:
    """Round a count to a multiple of `to` at random: up as often as it takes for the mean to stay right.

    The choice follows from the key and the number, so that the same number is always rounded the same way and sums of
    many editions tell nothing more. Source: Hundepool et al. 2012, section 5.4.3, unbiased random rounding.
    """

    def apply(text: str) -> str | None:
        number = _number(text)
        if number is None or number != number.to_integral_value():
            return None
        below, over = divmod(int(number), to)
        digest = hmac.digest(key, f"{scope}\x1frounding\x1f{number}".encode(), "sha256")
        up = int.from_bytes(digest[:8], "big") % to < over
        return str((below + up) * to)

    return apply


def _within(number: Decimal, bottom: float | None, top: float | None) -> Decimal:
    number = number if bottom is None else max(number, Decimal(str(bottom)))
    return number if top is None else min(number, Decimal(str(top)))


def _plainly(number: Decimal) -> str:
    return f"{number.normalize():f}"


def generalise_text(
    groups: Mapping[str, list[str]] | None = None,
    hierarchy: Mapping[str, list[str]] | None = None,
    level: int = 1,
    other: str | None = None,
) -> Transform:
    """Put the group for each of its members, without regard to case; `other`, or nothing, for anything else.

    A `hierarchy` has the groups of each member from the finest to the coarsest, and `level` says which is put.
    """
    group_of = {plain(member): group for group, members in (groups or {}).items() for member in members}
    for member, above in (hierarchy or {}).items():
        group_of[plain(member)] = above[min(level, len(above)) - 1]
    return lambda text: group_of.get(plain(text), other)


def generalise_code(keep: int) -> Transform:
    """Keep the first `keep` letters or digits of a code, as of a postcode; the rest goes."""

    def apply(text: str) -> str | None:
        return "".join(char for char in text if char.isalnum())[:keep] or None

    return apply


def generalise_place(longitude_first: bool = False, **way: Any) -> Transform:
    """Tell a place in one cell less finely: move it to the middle of its grid cell, or put its plus code or area."""
    pair = place_pair(**way)

    def apply(text: str) -> str | None:
        found = two_numbers(text, longitude_first)
        if not found:
            return None
        first, second = pair(*found)
        if first is None or second is None:
            return first
        return f"{second}, {first}" if longitude_first else f"{first}, {second}"

    return apply


def place_pair(**way: Any) -> Callable[[str, str], Pair]:
    """The same for latitude and longitude in two cells; a plus code or area takes the first and empties the second.

    Rows of the grid are equally high; each row's cells are as wide in metres as they are high.
    """
    if "metres" in way:
        return _grid_pair(way["metres"])
    labels = labels_of(way)

    def apply(latitude: str, longitude: str) -> Pair:
        place = degrees(latitude, longitude)
        found = labels(*place) if place else ()
        return (found[-1] if found else None), None

    return apply


def _grid_pair(metres: float) -> Callable[[str, str], Pair]:
    height = metres / METRES_PER_DEGREE
    decimals = max(0, math.ceil(-math.log10(height)))

    def apply(latitude: str, longitude: str) -> Pair:
        place = degrees(latitude, longitude)
        if place is None:
            return None, None
        middle = min((math.floor(place[0] / height) + 0.5) * height, 89.9)
        width = height / math.cos(math.radians(middle))
        across = (math.floor(place[1] / width) + 0.5) * width
        return f"{middle:.{decimals}f}", f"{across:.{decimals}f}"

    return apply


def degrees(latitude: str | None, longitude: str | None) -> tuple[float, float] | None:
    """Two cells as degrees; None where they are none."""
    lat, lon = _number(latitude or ""), _number(longitude or "")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None
    return float(lat), float(lon)


def two_numbers(text: str, longitude_first: bool) -> tuple[str, str] | None:
    """Latitude and longitude of a place in one cell."""
    found = TWO_NUMBERS.match(fold_digits(text))
    if not found:
        return None
    return (found[2], found[1]) if longitude_first else (found[1], found[2])


def fold_digits(text: str) -> str:
    """Write digits of any script (Devanagari, Arabic-Indic, full-width) as 0-9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(char, char)) if char.isdigit() else char for char in text)


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


#: Actions that need the key.
KEYED: dict[str, Callable[..., Transform]] = {"pseudonymise": pseudonymise, "random_round": random_round}
BUILDERS: dict[str, Callable[..., Transform]] = {
    "blank": blank,
    "mask": mask,
    "redact": redactor,
    "generalise_date": generalise_date,
    "generalise_number": generalise_number,
    "round_number": round_number,
    "generalise_place": generalise_place,
    "generalise_text": generalise_text,
    "generalise_code": generalise_code,
}
