"""What a portal adapter is: one platform, in plain Python, without CKAN.

An adapter knows three things: how to read the catalogue page by page, which aliases a record has, and what its words
mean in this catalogue. Everything else (identity over time, what is missing, saving) is the same for all of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.fitting import fit
from ckanext.cityportals.mapping import Mapped
from ckanext.privacy.engine.sentences import say

Record = dict[str, Any]

#: the member that names the portal, in records that need its address to say where their files are
PORTAL_URL = "portal_url"

#: records a page holds where the portal itself has no pages
PAGE_SIZE = 250
#: settings every source may have, and what they must be
COMMON_SETTINGS: Mapping[str, type] = {"language": str}


@dataclass(frozen=True)
class Page:
    """Some records, and how many the portal says it has in all, if it says. ``cut``: from a document read whole."""

    records: list[Record]
    announced: int | None = None
    cut: bool = False


class Portal(Protocol):
    """One kind of portal. An adapter derives from this class and sets or defines what has no value here."""

    #: the ``source_type`` people choose; fixed for good, it stands in every stored source
    source_type: str
    #: shown in the form, with one sentence of description
    title: str
    description: str
    #: members of a record that change although the dataset does not; inner ones with dots, see ``identity.digest``
    noise: frozenset[str] = frozenset()
    #: settings of a source beside the common ones, and what they must be
    settings: Mapping[str, type] = {}
    #: the type of the datasets its records become
    dataset_type: str = "dataset"
    #: whether the gate's policy may release its records without a person, where the site lets it
    public_at_source: bool = True

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        """Read the catalogue. ``unless``: validators of the last complete answer, by URL.

        Records come as they are read, so that a large catalogue is never held whole: an error in the middle raises
        after the pages before it.

        :param url: the source's address, as its author typed it
        :param config: the source's settings; keys of portals are not among them, see ``Client.credential``
        :raises PortalError: when the answer is not a catalogue, or breaks off
        :raises NotModified: when the portal says the last complete answer still holds
        """
        ...

    def remote_id(self, record: Record) -> str:
        """The identifier the portal gives this record; empty where it gives none."""
        ...

    def aliases(self, record: Record) -> tuple[str, ...]:
        """Every alias (see ``identity``) by which the record can be recognised later, that of its identifier first."""
        ...

    def to_dataset(self, record: Record) -> Mapped:
        """The record in this catalogue's words; what is not understood is left over with a warning."""
        ...


class Unreadable(ValueError):  # noqa: N818 - it says what the record is
    """A record whose members are not of the kinds that its platform writes. The message is a sentence."""


def identifier(portal: Portal, record: Record) -> str:
    """The record's identifier, whatever the portal sent; empty where it gives none.

    :raises Unreadable: when it cannot be made out
    """
    with _readable():
        return portal.remote_id(record)


def aliases(portal: Portal, record: Record) -> tuple[str, ...]:
    """The record's aliases, whatever the portal sent.

    :raises Unreadable: when they cannot be made out
    """
    with _readable():
        return portal.aliases(record)


def mapped(portal: Portal, record: Record) -> Mapped:
    """The record in this catalogue's words, whatever the portal sent.

    :raises Unreadable: when it cannot be mapped
    """
    with _readable():
        return fit(portal.to_dataset(record), portal.remote_id(record))


def read(
    portal: Portal, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
) -> Iterator[Page]:
    """The portal's pages; an answer whose members are not of the kinds that its platform writes is an error as well.

    :raises PortalError, NotModified: as ``Portal.pages``
    """
    try:
        for page in portal.pages(client, url, config, unless):
            yield replace(page, records=[storable(each) for each in page.records])
    except _UNLIKE as error:
        raise PortalError(
            say(
                "{url} answered with something that is not written as a {portal} writes it.",
                url=url,
                portal=portal.title,
            )
        ) from error


#: what reading members of unexpected kinds ends in
_UNLIKE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _UNLIKE as error:
        sentence = say("The record is not written as records of this kind of portal are; it was left out.")
        raise Unreadable(sentence) from error


def storable(record: Record) -> Record:
    """The record without what no database can hold: NUL characters, halves of characters, numbers that are none."""
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        return _mended(record)
    return _mended(record) if "\\u0000" in text else record


def _mended(value: Any) -> Any:
    if isinstance(value, dict):
        return {_mended(name): _mended(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None if isinstance(value, float) and not math.isfinite(value) else value


def number(value: Any) -> int | None:
    """A number of records, however the portal writes it; nothing where it says none.

    >>> number(12), number("1,234"), number(12.0), number({"value": 12, "relation": "eq"}), number(True), number("many")
    (12, 1234, 12, 12, None, None)
    """
    value = value.get("value") if isinstance(value, dict) else value
    digits = value.replace(",", "").strip() if isinstance(value, str) else value
    if isinstance(digits, bool) or not isinstance(digits, int | float | str):
        return None
    try:
        return int(digits)
    except (ValueError, OverflowError):
        return None


def page_by_page(ask: Callable[[int], Page]) -> Iterator[Page]:
    """Ask for page after page, by the number of records before it, until the portal has sent what it announced.

    A portal that announces nothing is asked until it sends no more.
    """
    before = 0
    while True:
        page = ask(before)
        yield page
        before += len(page.records)
        if not page.records or (page.announced is not None and before >= page.announced):
            return


def records_in(document: Any, member: str, url: str) -> list[Record]:
    """The list of records in an answer.

    :raises PortalError: when there is none, as in an error message sent with status 200
    """
    records = document.get(member) if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise PortalError(
            say(
                "{url} answered with JSON that holds no list of datasets ('{member}' is missing).",
                url=url,
                member=member,
            )
        )
    return [record for record in records if isinstance(record, dict)]


def at_portal(record: Record, site: str) -> Record:
    """The record with the address of its portal, which its files are named by."""
    return {**record, PORTAL_URL: site}


def site_of(url: str, *inner: str) -> str:
    """A site's address, also where that of one of its ``inner`` pages was given.

    >>> site_of("https://data.example.org/explore/?q=trees", "/api/", "/explore")
    'https://data.example.org'
    """
    address = url.partition("?")[0].partition("#")[0]
    for path in inner:
        address = address.partition(path)[0]
    return address.rstrip("/")


def paged(records: Iterable[Record], announced: int | None = None) -> Iterator[Page]:
    """Records in pages, one empty page where there are none. An error comes after the records before it."""
    remaining, empty = iter(records), True
    while True:
        page: list[Record] = []
        try:
            for record in islice(remaining, PAGE_SIZE):
                page.append(record)  # noqa: PERF402 - what came before an error must be kept
        except PortalError:
            if page:
                yield Page(page, announced, cut=True)
            raise
        if page or empty:
            yield Page(page, announced, cut=True)
        if len(page) < PAGE_SIZE:
            return
        empty = False
