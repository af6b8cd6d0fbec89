"""What every portal adapter must do. An adapter's test is a ``Case`` and one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

import pytest
from portals.replay import Answer, Replay, replay

from ckanext.cityportals.client import Client, Manners, PortalError
from ckanext.cityportals.portals import PORTALS, Page
from ckanext.cityportals.portals.base import PORTAL_URL

#: answers that are no catalogue of a portal that speaks JSON, and a word of the sentence about each
BROKEN_JSON = {
    "web page": (Answer(b"<!DOCTYPE html><title>Sorry</title>"), "web page"),
    "error with status 200": (Answer({"error": "database is down"}), "answered"),
    "wrong shape": (Answer([1, 2]), "answered"),
    "nothing": (Answer(b""), "nothing"),
    "cut off": (Answer(b'{"dataset": [{"title": "half'), "cut off"),
    "error 500": (Answer(b"Oops", 500), "500"),
    "deep nesting": (Answer(b"[" * 100_000), "nested too deeply"),
}


def as_dcat_us_and_ckan(name: str, mail: str) -> dict[str, Any]:
    """A person as contact, in DCAT-US's words and in CKAN's."""
    card = {"fn": name, "hasEmail": f"mailto:{mail}"}
    return {"contactPoint": card, "maintainer": name, "maintainer_email": mail}


@dataclass(frozen=True)
class Case:
    """A kind of portal: how to make a record of it, where its answer stands, what is no answer.

    ``required``: fields a record of ``record()`` must arrive in. ``settings``: a source's settings while reading.
    ``person``: members of a record whose contact is a person; None where the portal names no contact.
    """

    source_type: str
    record: Callable[..., dict[str, Any]]
    path: str
    serve: Callable[[Replay, list[dict[str, Any]]], None]
    broken: Mapping[str, tuple[Answer, str]] = field(default_factory=lambda: BROKEN_JSON)
    required: frozenset[str] = frozenset({"title", "notes", "tags", "contact", "publisher", "issued", "modified"})
    settings: Mapping[str, Any] = field(default_factory=dict)
    person: Callable[[str, str], dict[str, Any]] | None = as_dcat_us_and_ckan


class Standard:
    """The behaviour common to all adapters."""

    case: Case

    @pytest.fixture
    def portal(self) -> Any:
        return PORTALS[self.case.source_type]

    def read(self, site: Replay, **manners: Any) -> list[Page]:
        client = Client(Manners(pause=0, retries=0, timeout=2, allowed_hosts={"127.0.0.1"}, **manners))
        return list(PORTALS[self.case.source_type].pages(client, site.url, self.case.settings, {}))

    def test_says_what_it_is(self, portal: Any):
        """The form shows a title and a sentence; the type is what sources store."""
        assert portal.source_type == self.case.source_type
        assert portal.title
        assert portal.description
        assert all(isinstance(kind, type) for kind in portal.settings.values())

    def test_has_a_plugin_for_ckanext_harvest(self):
        """It wants one entry point for each kind of source."""
        name = f"{self.case.source_type.replace('-', '_')}_harvester"
        assert [each.name for each in entry_points(group="ckan.plugins", name=name)] == [name]

    def test_reads_every_record(self):
        """Every record of the catalogue comes once, in whatever number of pages."""
        records = [self.case.record(number) for number in range(1, 251)]
        with replay() as site:
            self.case.serve(site, records)
            read = [record for page in self.read(site) for record in page.records]
        for record in read:
            record.pop(PORTAL_URL, None)  # the adapter's own note
        assert read == records

    def test_an_empty_catalogue_is_read_as_empty(self):
        """No records is an answer; whether to believe it is decided elsewhere."""
        with replay() as site:
            self.case.serve(site, [])
            assert [record for page in self.read(site) for record in page.records] == []

    def test_an_answer_that_is_no_catalogue_is_an_error_in_one_sentence(self, subtests: pytest.Subtests):
        """It must never be taken for a catalogue without records."""
        for kind, (answer, said) in self.case.broken.items():
            with subtests.test(kind), replay() as site:
                site.answers[self.case.path] = answer
                with pytest.raises(PortalError, match=said) as raised:
                    self.read(site)
                assert "\n" not in str(raised.value)

    def test_a_record_is_mapped_whole(self, portal: Any):
        """Title, description, licence, tags, contact, publisher, dates and resources arrive."""
        mapped = portal.to_dataset(self.case.record(1))
        assert self.case.required | {"resources"} <= set(mapped.dataset)
        assert "<" not in mapped.dataset["notes"]
        assert all(resource["url"].startswith("https://") for resource in mapped.dataset["resources"])
        assert "private" not in mapped.dataset, "that is not the portal's to say"

    def test_mapping_does_not_change_the_record(self, portal: Any):
        """The record is stored as it came, after mapping too."""
        record = self.case.record(1)
        portal.to_dataset(record)
        assert record == self.case.record(1)

    def test_what_is_not_understood_is_reported(self, portal: Any):
        """A member nobody asked for shows up by name."""
        mapped = portal.to_dataset(self.case.record(1, favourite_colour="green"))
        assert "favourite_colour" in mapped.leftovers

    def test_an_empty_record_loses_nothing_and_breaks_nothing(self, portal: Any):
        """A record without anything is still a record."""
        assert portal.to_dataset({}).dataset.keys() <= {"license_id"}
        assert portal.remote_id({}) == ""

    def test_an_identifier_is_the_first_alias(self, portal: Any):
        """The identifier stays the strongest sign, without its scheme."""
        record = self.case.record(1)
        assert portal.aliases(record)[0].startswith("id:")
        assert len(portal.aliases(record)) == len(set(portal.aliases(record)))

    def test_two_records_share_no_strong_alias(self, portal: Any):
        """Otherwise one of them would take the other's dataset."""
        one, other = (portal.aliases(self.case.record(number)) for number in (1, 2))
        assert not [each for each in set(one) & set(other) if each.startswith(("id:", "hub:", "4x4:", "uuid:"))]

    def test_a_person_as_contact_is_pointed_out_and_not_repeated(self, portal: Any):
        """A steward must see it; a log must not."""
        person = "Gwendolyn Marsh", "gwendolyn.marsh@example.org"
        if self.case.person is None:
            pytest.skip("this portal names no contact")
        record = self.case.record(1, **self.case.person(*person))
        warnings = " ".join(portal.to_dataset(record).warnings)
        assert "looks like a person's" in warnings
        assert not any(part in warnings for part in person)
