"""From a portal's words to this catalogue's: the helpers every portal adapter shares.

An adapter *takes* the keys it understands out of a copy of the record; what is left over is reported, so a portal
that starts to say more, or says it differently, becomes visible instead of being dropped. What does not fit (a tag
with an ampersand, a licence written out) is mapped or shortened with a note, never the reason to lose a record.

Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import copy
import functools
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import nh3

from ckanext.cityportals.moments import day_of
from ckanext.privacy.engine.documents import parse_yaml
from ckanext.privacy.engine.sentences import say, to_say

#: raise it when the mapping changes: every record is then mapped once more
VERSION = 3

TAG_LENGTH = 100
_BETWEEN_TAGS = re.compile(r"[,;|\n]")
#: members by which an object among texts is named
_NAMES = ("name", "title", "label", "display_name", "prefLabel", "text", "@value", "value", "@id", "uri")
#: a text of more words than this may name a licence in order to exclude it
_EXPLAINS, _EXCLUDES = 4, re.compile(r"\b(not|except|unless|permission|prohibited|restricted|only|nicht|salvo|sauf)\b")
_NOT_IN_A_TAG = re.compile(r"[^\w \-.]")
_BLOCK_END = re.compile(r"<br\s*/?>|</(?:p|div|li|h\d|tr)>", re.IGNORECASE)
_LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z][^>]*>")
_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")
_PERSONAL_MAILBOX = re.compile(r"^[a-z]{2,}[._][a-z]{2,}$")
_NAME_OF_A_PERSON = re.compile(r"^[^\W\d_]+(?:[-'][^\W\d_]+)?(?: [^\W\d_]\.?)?(?: [^\W\d_]+(?:[-'][^\W\d_]+)?){1,2}$")


@dataclass
class Mapped:
    """A record as this catalogue would hold it.

    ``dataset`` is in the form of ``package_show``. ``leftovers`` are keys that were not understood, ``warnings`` are
    sentences about what was changed to fit or needs a person's look; they never repeat personal data. ``public``:
    whether the portal shows the record to everybody; what it does not is never released without a person.
    """

    dataset: dict[str, Any]
    leftovers: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    public: bool = True


class Taker:
    """Hands out the members of a record and remembers what nobody asked for."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._rest = copy.deepcopy(record)
        self.warnings: list[str] = []

    def take(self, *keys: str) -> Any:
        """The first of these members that holds something; all of them count as understood."""
        values = [self._rest.pop(key, None) for key in keys]
        return next((value for value in values if value not in (None, "", [], {})), None)

    def text(self, *keys: str) -> str:
        """As ``take``, as one trimmed string; a multilingual object gives its first language here."""
        value = self.take(*keys)
        if isinstance(value, dict):
            value = next((each for each in value.values() if each), "")
        if isinstance(value, list):
            value = ", ".join(str(each) for each in value)
        return str(value if value is not None else "").strip()

    def texts(self, *keys: str) -> list[str]:
        """As ``take``, as a list of strings, whatever they are nested in; a string with commas is taken apart."""
        value = self.take(*keys)
        if isinstance(value, str):
            value = _BETWEEN_TAGS.split(value)
        return list(_strings_in(value))

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def shown_to_all(self, public: bool) -> bool:
        """Note that the portal keeps a record from the public, where it does."""
        if not public:
            self.warn(say("The portal does not show this record to everybody; only a person releases it."))
        return public

    def leftovers(self) -> list[str]:
        """Names of the members that nobody took and that say something."""
        return sorted(key for key, value in self._rest.items() if value not in (None, "", [], {}))


def _strings_in(value: Any) -> Iterator[str]:
    """The texts of lists in lists, of lists by language, and of objects that are named."""
    if isinstance(value, dict):
        named = next((value[name] for name in _NAMES if value.get(name)), None)
        value = list(value.values()) if named is None else named
    if isinstance(value, list):
        for each in value:
            yield from _strings_in(each)
    elif value is not None and (text := str(value).strip()):
        yield text


@functools.cache
def vocabulary(name: str) -> dict[str, Any]:
    """One of the tables in ``vocabularies/``."""
    text = resources.files("ckanext.cityportals").joinpath("vocabularies", f"{name}.yaml").read_text("utf-8")
    return parse_yaml(text)


def plain_text(text: str) -> str:
    """A description without its HTML, paragraphs kept.

    >>> plain_text("<div>Trees &amp; parks<br/></div><p>Since 2019</p>")
    'Trees & parks\\n\\nSince 2019'
    """
    if _LOOKS_LIKE_HTML.search(text):
        text = nh3.clean(_BLOCK_END.sub("\n\n", text), tags=set())
    text = html.unescape(text).replace("\xa0", " ").replace("\r\n", "\n")
    return _BLANK_LINES.sub("\n\n", text).strip()


def plain_line(text: str) -> str:
    """A title without its HTML, in one line; portals escape some of them twice.

    >>> plain_line(" Parks &amp;amp; <b>trees</b>\\n2019")
    'Parks & trees 2019'
    """
    return " ".join(plain_text(html.unescape(text)).split())


def web_address(text: str, taker: Taker) -> str:
    """A web address, or nothing with a warning."""
    text = f"http://{text}" if text.startswith("www.") else text
    if text.lower().startswith(("http://", "https://")):
        return text
    if text:
        taker.warn(say("The address is not a web address and was left out: {text}", text=text[:100]))
    return ""


def tags(words: Iterable[str], taker: Taker) -> list[dict[str, str]]:
    """Keywords as CKAN tags. CKAN takes letters, digits, spaces, ``-_.`` and 2 to 100 characters, so some are bent."""
    found: dict[str, dict[str, str]] = {}
    for word in (part for each in words for part in _apart(each)):
        name = bend_tag(word)
        if name and name != word:
            taker.warn(say("The keyword '{word}' became '{tag}'.", word=word[:TAG_LENGTH], tag=name))
        if name:
            found.setdefault(name.casefold(), {"name": name})
        else:
            taker.warn(say("The keyword '{word}' is too short for a tag and was left out.", word=word[:TAG_LENGTH]))
    return list(found.values())


def _apart(words: str) -> list[str]:
    """Several keywords in one, as they are written between commas and the like."""
    return [part.strip() for part in _BETWEEN_TAGS.split(words) if part.strip()] or [words]


def bend_tag(word: str) -> str:
    """The nearest tag CKAN accepts, or nothing where not two characters are left.

    >>> bend_tag("Parks & Recreation"), bend_tag("311/service"), bend_tag("&")
    ('Parks and Recreation', '311 service', '')
    """
    bent = _NOT_IN_A_TAG.sub(" ", word.replace("&", " and ").replace("'", ""))
    bent = " ".join(bent.split())[:TAG_LENGTH].strip()
    return bent if len(bent) >= 2 and bent.casefold() != "and" else ""


def licence(text: str, taker: Taker) -> str:
    """CKAN's licence id for a licence's name or address; ``notspecified`` with a warning where it is not understood.

    What names a licence among conditions of its own is not understood: it may exclude what it names.
    """
    wanted = " ".join(text.casefold().replace("_", "-").split())
    doubtful = len(wanted.split()) > _EXPLAINS and _EXCLUDES.search(wanted)
    for licence_id, patterns in {} if doubtful else vocabulary("licences").items():
        if wanted == licence_id or any(re.search(pattern, wanted) for pattern in patterns):
            return licence_id
    if wanted:
        taker.warn(say("The licence is not one this catalogue knows: {text}", text=text[:200]))
    return "notspecified"


def frequency(text: str, taker: Taker) -> str:
    """The EU's address for an update frequency, from an ISO 8601 repetition or a word."""
    wanted = text.strip().casefold().rpartition("/")[2] if text.startswith("http") else text.strip().casefold()
    bare = "".join(each for each in unicodedata.normalize("NFKD", wanted) if not unicodedata.combining(each))
    for code, words in vocabulary("frequencies").items():
        if wanted == code.casefold() or wanted in words or bare in words:
            return f"http://publications.europa.eu/resource/authority/frequency/{code}"
    if wanted:
        taker.warn(say("The update frequency is not understood: {text}", text=text[:100]))
    return ""


def date(text: str, taker: Taker) -> str:
    """The ISO 8601 day of a date, year and month alone where no more is said; nothing, with a warning, for no date.

    Dates are read as ``ckanext.cityportals.moments.day_of`` says.
    """
    day = day_of(text)
    if text and not day:
        taker.warn(say("This is not a date: {text}", text=text[:40]))
    return day


def contact(name: str, mail: str, taker: Taker) -> list[dict[str, str]]:
    """Whom to ask, as rows. A contact that looks like a person is kept, and pointed out without being repeated."""
    mail = mail.removeprefix("mailto:").strip()
    mail = mail if "@" in mail else ""
    for what in personal_contact(name, mail):
        taker.warn(say("The contact's {what} looks like a person's: check it before release.", what=what))
    return rows(name=name, email=mail)


def rows(**members: str) -> list[dict[str, str]]:
    """One row of a repeating field, or none where nothing is said."""
    row = without_empty(members)
    return [row] if row else []


def personal_contact(name: str, mail: str) -> Iterator[str]:
    """Which parts of a contact look like a person's rather than an office's."""
    offices = vocabulary("offices")["words"]
    words = set(re.findall(r"\w+", name.casefold()))
    if _NAME_OF_A_PERSON.match(name) and not words.intersection(offices):
        yield to_say("name")
    mailbox = mail.partition("@")[0].casefold()
    if _PERSONAL_MAILBOX.match(mailbox) and not set(re.split(r"[._]", mailbox)).intersection(offices):
        yield to_say("e-mail address")


def bounding_box(text: Any) -> dict[str, Any] | None:
    """GeoJSON polygon for ``west,south,east,north`` in degrees, or a GeoJSON object as it came."""
    if isinstance(text, dict) and text.get("type") in ("Polygon", "MultiPolygon", "Point"):
        return text
    try:
        west, south, east, north = (float(part) for part in str(text).split(","))
    except ValueError:
        return None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def geometry_text(value: Any) -> str:
    """A GeoJSON geometry or a frame as GeoJSON text; empty where there is none."""
    geometry = bounding_box(value)
    return json.dumps(geometry) if geometry else ""


def format_name(media_type: str, said: str) -> str:
    """A short format name such as ``CSV`` from what a distribution says of itself."""
    known = vocabulary("formats")
    return known.get(media_type.casefold().partition(";")[0].strip()) or said.strip()[:100]


def without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """Only the members that say something."""
    return {key: value for key, value in members.items() if value not in (None, "", [], {})}
