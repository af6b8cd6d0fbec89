"""Read a catalogue page by page, and store what is news in it.

Records that say what they said last time are counted and forgotten as they come: of them only a hash is kept, so that
memory does not grow with the catalogue. Of the others it is what matching needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, PortalError, Validators
from ckanext.cityportals.last_time import LastTime
from ckanext.cityportals.ours import Candidate, Ours
from ckanext.cityportals.portals import Page, Portal, Record, base
from ckanext.cityportals.reconcile import Seen
from ckanext.privacy.engine.sentences import say

#: state of an object whose batch has not been saved yet
GATHERED = "GATHERED"


@dataclass
class Reading:
    """What came out of reading a catalogue.

    ``settled`` are records that say what their dataset's record said last time, ``seen`` all others that have an
    identifier, ``repeated`` identifiers that came a second time after they were settled, ``own`` records that the
    portal took from here. ``again`` counts records that an earlier page had as well: a portal that sends some twice
    while it is turned over leaves as many out.
    """

    seen: list[Seen] = field(default_factory=list)
    settled: int = 0
    repeated: list[str] = field(default_factory=list)
    own: list[dict[str, str]] = field(default_factory=list)
    again: int = 0
    announced: int | None = None
    stopped: str | None = None
    errors: list[dict[str, str]] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records the answer held, also those that could not be used."""
        return len(self.seen) + self.settled + sum(map(len, (self.repeated, self.own, self.errors)))


class Reader:
    """Reads the catalogue of a job's source once.

    :param first: whether the source never brought anything, so that there is nothing to match with
    """

    def __init__(self, portal: Portal, job: HarvestJob, last_time: LastTime, *, first: bool) -> None:
        self._portal, self._job, self._last_time, self._first = portal, job, last_time, first
        self._ours = Ours(job.source_id)
        self._reading = Reading()
        #: hashes of the identifiers that came so far
        self._met: set[int] = set()

    def read(self, client: Client, unless: dict[str, Validators]) -> Reading:
        """Read page by page. An error after the first page keeps what was read and makes the answer incomplete.

        :raises NotModified: when the portal says that the last complete answer still holds
        """
        source = self._job.source
        try:
            for page in base.read(self._portal, client, source.url, source_settings(source), unless):
                self._take(page)
        except PortalError as error:
            self._reading.stopped = str(error)
        return self._reading

    def _take(self, page: Page) -> None:
        reading = self._reading
        reading.announced = page.announced
        named = [(record, self._identifier(record)) for record in page.records]
        if not page.cut:
            self._expect_news({hash(remote_id) for _, remote_id in named if remote_id})
        news = [each for record, remote_id in named if remote_id and (each := self._unsettled(record, remote_id))]
        own = self._ours.among([candidate for candidate, _ in news])
        reading.own += [{"record": seen.remote_id, "dataset": own[seen.key]} for _, seen in news if seen.key in own]
        kept = [(candidate.record, seen) for candidate, seen in news if seen.key not in own]
        reading.seen += [seen for _, seen in kept]
        if kept:
            model.Session.execute(sa.insert(HarvestObject), [self._object(record, seen) for record, seen in kept])

    def _expect_news(self, identifiers: set[int]) -> None:
        """Some portals answer every question for a page with the same one: that would never end."""
        before = identifiers & self._met
        if before and before == identifiers:
            raise PortalError(say("{url} sent a page of records that it had sent before.", url=self._job.source.url))
        self._reading.again += len(before)
        self._met |= identifiers

    def _identifier(self, record: Record) -> str:
        """The record's identifier; that it has none is an error of the report."""
        try:
            remote_id = base.identifier(self._portal, record)
        except base.Unreadable as error:
            return self._leave_out(record, str(error))
        return remote_id or self._leave_out(record, say("The record has no identifier; it was left out."))

    def _leave_out(self, record: Record, reason: str) -> str:
        self._reading.errors.append({"record": _label(record), "reason": reason})
        return ""

    def _unsettled(self, record: Record, remote_id: str) -> tuple[Candidate, Seen] | None:
        """A record that does not say what its dataset's record said last time; the others are counted."""
        # with another version of the mapping the same record says something else
        digest = f"{mapping.VERSION}:{identity.digest(record, self._portal.noise)}"
        if self._last_time.is_settled(remote_id):
            self._reading.repeated.append(remote_id)
            return None
        if self._last_time.settle(remote_id, digest):
            self._reading.settled += 1
            return None
        key = str(uuid4())
        try:
            aliases = base.aliases(self._portal, record)
        except base.Unreadable as error:
            self._leave_out(record, str(error))
            return None
        seen = Seen(key, remote_id, () if self._first else aliases, digest)
        return Candidate(key, aliases, record), seen

    def _object(self, record: Record, seen: Seen) -> dict[str, Any]:
        return {
            "id": seen.key,
            "guid": seen.remote_id,
            "harvest_job_id": self._job.id,
            "harvest_source_id": self._job.source_id,
            "state": GATHERED,
            "content": json.dumps(record, ensure_ascii=False),
        }


def source_settings(source: HarvestSource) -> dict[str, Any]:
    """The settings of a source."""
    return json.loads(source.config or "{}")


def _label(record: Record) -> str:
    """What to call a record without an identifier."""
    return str(record.get("title") or record.get("name") or "a record without a title")[:200]
