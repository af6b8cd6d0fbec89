"""Metadata is data: find people's numbers, addresses and names in what a dataset says of itself.

Contacts of offices are what a description is for. They are told from people's by the words of the address, the domain
and the kind of telephone, and are no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import phonenumbers

from .documents import parse_yaml
from .findings import MetadataFinding, Sensitivity
from .headings import words_of
from .kinds import called
from .masking import mask
from .names import CLASSES, classify
from .sentences import say
from .spans import WEB_ADDRESS, Span, find_spans

WORDS = Path(__file__).with_name("metadata.yaml")
#: Probability from which a contact field's value is taken for a person's name.
A_NAME = 0.7
PARTS = re.compile(r"[^\W\d_]+")
#: Without one of these no text holds a number or address of a person, and the recognizers need not be loaded.
MAY_REACH = re.compile(r"[@＠﹫]|%40|\d(?:\W{0,5}\d){3}")
#: Years, dates and degrees are written with as many digits as telephone numbers.
NO_NUMBERS = re.compile(
    r"""(?x)(?<![\w+-])(?: [-+]?\d{1,3}\.\d{4,}
    | (?:18|19|20)\d\d\s?[-–/]\s?(?:18|19|20)\d\d
    | \d{1,2}([-/.])\d{1,2}\1(?:\d\d|\d{4}) | \d{4}([-/.])\d{1,2}\2\d{1,2} )(?![\w-])"""
)
#: Where an address begins a new word with a capital: ``FireOpenData``.
CAPITALS = re.compile(r"(?<=[^\W\d_])(?=[A-Z][a-z])")
PARTS_OF_ADDRESS = re.compile(r"[/?&=#;:+]+")


@dataclass(frozen=True)
class _Words:
    office: frozenset[str]
    private_domains: frozenset[str]
    contact_fields: frozenset[str]
    name_fields: tuple[frozenset[str], ...]


def scan_metadata(fields: Mapping[str, str]) -> tuple[MetadataFinding, ...]:
    """Look through a description's texts, by field name; quick enough for every save.

    `low`: a person answers for the data under their name. `moderate`: a person's own number or address. `high`: an
    identity or account number. Contacts of offices are not returned.
    """
    return tuple(finding for field, text in fields.items() if text for finding in _field_findings(field, text))


def reaching_people(fields: Mapping[str, str]) -> tuple[MetadataFinding, ...]:
    """Return what in a description's texts reaches a single person: of :func:`scan_metadata`, `moderate` and above."""
    return tuple(each for each in scan_metadata(fields) if each.sensitivity.rank >= Sensitivity.MODERATE.rank)


def _field_findings(field: str, text: str) -> Iterator[MetadataFinding]:
    contact = _is_contact(field)
    for span, value in _reaching(text):
        sensitivity, reason = _grade(span, value, contact)
        if sensitivity is not Sensitivity.NONE:
            where = (span.start, span.end)
            yield MetadataFinding(field, span.entity, span.confidence, sensitivity, *where, mask(value), reason)
    if _is_name_field(field):
        yield from _name_finding(field, text)


def _reaching(text: str) -> Iterator[tuple[Span, str]]:
    """What reaches people in a text, each with its characters. In web addresses only mail addresses count."""
    if not MAY_REACH.search(text):
        return
    for span in find_spans(NO_NUMBERS.sub(lambda match: " " * len(match[0]), text)):
        yield span, text[span.start : span.end]
    for address in WEB_ADDRESS.finditer(text):
        plain = PARTS_OF_ADDRESS.sub(" ", unquote(address[0], errors="replace"))
        # Hardly any has one, and to look at each of a catalogue's addresses takes longer than all the rest.
        for span in find_spans(plain) if "@" in plain else ():
            if span.entity == "EMAIL_ADDRESS":
                # Unquoting moved the characters, so the place is that of the whole web address.
                yield Span(span.entity, span.confidence, *address.span()), plain[span.start : span.end]


def _name_finding(field: str, text: str) -> Iterator[MetadataFinding]:
    share = float(classify([text])[0][CLASSES.index("person")])
    if share >= A_NAME and "@" not in text:
        reason = say("Names a person as contact; make sure that they agree, or name the office.")
        yield MetadataFinding(field, "PERSON", round(share, 2), Sensitivity.LOW, 0, len(text), mask(text), reason)


def _grade(span: Span, value: str, contact: bool) -> tuple[Sensitivity, str]:
    if span.entity == "EMAIL_ADDRESS":
        return _grade_email(value, contact)
    if span.entity == "PHONE_NUMBER":
        return _grade_phone(value, contact)
    what = called(span.entity)
    return Sensitivity.HIGH, say("Looks like {what}: take it out, nobody needs it to use the data.", what=what)


def _grade_email(value: str, contact: bool) -> tuple[Sensitivity, str]:
    local, _, domain = value.rpartition("@")
    words, domain = _words(), domain.lower()
    parts = {*PARTS.findall(local.lower()), *PARTS.findall(CAPITALS.sub(" ", local).lower())}
    if domain in words.private_domains:
        return Sensitivity.MODERATE, say("A private e-mail address; give the office's instead.")
    if words.office & parts:
        return Sensitivity.NONE, ""
    if contact:
        return Sensitivity.LOW, say("A person's work address; an address of the office lasts longer.")
    return Sensitivity.MODERATE, say("A person's e-mail address; move it to the contact field, or give the office's.")


def _grade_phone(value: str, contact: bool) -> tuple[Sensitivity, str]:
    if contact and not _is_mobile(value):
        return Sensitivity.NONE, ""
    return Sensitivity.MODERATE, say("Looks like a person's telephone number; give the office's, in the contact field.")


def _is_mobile(value: str) -> bool:
    """Whether a number with its country code is a mobile one; without the code nobody can tell, and it is not."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def _is_contact(field: str) -> bool:
    return bool(_words().contact_fields.intersection(words_of(field)))


def _is_name_field(field: str) -> bool:
    said = set(words_of(field))
    if said & {"email", "mail", "phone", "telephone", "url", "id"}:
        return False
    return any(words <= said for words in _words().name_fields)


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = parse_yaml(WORDS.read_text("utf-8"))
    return _Words(
        office=frozenset(data["office_words"]),
        private_domains=frozenset(data["private_domains"]),
        contact_fields=frozenset(word for field in data["contact_fields"] for word in words_of(field)),
        name_fields=tuple(frozenset(words_of(field)) for field in data["name_fields"]),
    )
