"""What a portal adapter is: one platform, in plain Python, without CKAN.

An adapter knows three things: how to read the catalogue page by page, which aliases a record has, and what its words
mean in this catalogue. Everything else (identity over time, what is missing, saving) is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.mapping import Mapped

Record = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some records, and how many the portal says it has in all, if it says."""

    records: list[Record]
    announced: int | None = None


class Portal(Protocol):
    """One kind of portal."""

    #: the ``source_type`` people choose; fixed for good, it stands in every stored source
    source_type: str
    #: shown in the form, with one sentence of description
    title: str
    description: str
    #: members of a record that change although the dataset does not
    noise: frozenset[str]

    def pages(
        self, client: Client, url: str, config: Mapping[str, Any], unless: Mapping[str, Validators]
    ) -> Iterator[Page]:
        """Read the catalogue. ``unless``: validators of the last complete answer, by URL.

        :raises PortalError: when the answer is not a catalogue
        :raises NotModified: when the portal says the last complete answer still holds
        """
        ...

    def remote_id(self, record: Record) -> str:
        """The identifier the portal gives this record; empty where it gives none."""
        ...

    def aliases(self, record: Record) -> tuple[str, ...]:
        """Every alias (see ``identity``) by which the record can be recognised later."""
        ...

    def to_dataset(self, record: Record) -> Mapped:
        """The record in this catalogue's words."""
        ...


def records_in(document: Any, member: str, url: str) -> list[Record]:
    """The list of records in an answer.

    :raises PortalError: when there is none, as in an error message sent with status 200
    """
    records = document.get(member) if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise PortalError(f"{url} answered with JSON that holds no list of datasets ({member!r} is missing).")
    return [record for record in records if isinstance(record, dict)]


def unique(aliases: Iterator[str | None]) -> tuple[str, ...]:
    """Aliases in their order, each once."""
    return tuple(dict.fromkeys(alias for alias in aliases if alias))
