"""ckanext-harvest's interface for every kind of portal: three stages, each a call."""

from __future__ import annotations

import json
from typing import Any, Literal

import ckan.plugins as p
from ckanext.harvest.interfaces import IHarvester
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject

from ckanext.cityportals import approval, config, gathering, importing
from ckanext.cityportals.portals import PORTALS, Portal
from ckanext.cityportals.portals.base import COMMON_SETTINGS
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.said import said


class PortalHarvester(p.SingletonPlugin):
    """One ``source_type`` for ckanext-harvest. A subclass names it."""

    p.implements(IHarvester)

    source_type: str

    @property
    def portal(self) -> Portal:
        return PORTALS[self.source_type]

    # IHarvester

    def info(self) -> dict[str, str]:
        portal = self.portal
        return {"name": portal.source_type, "title": said(portal.title), "description": said(portal.description)}

    def validate_config(self, settings: str) -> str:
        """A source's settings, checked. Sources cannot set anything about the network: that is the site's."""
        return check_settings(settings, self.portal)

    def get_original_url(self, harvest_object_id: str) -> str | None:
        """The record's page at the portal."""
        harvest_object = HarvestObject.get(harvest_object_id)
        record = json.loads(harvest_object.content or "{}")
        address = record.get("landingPage") or record.get("url") or harvest_object.guid
        return address if str(address).startswith(("http://", "https://")) else None

    def gather_stage(self, harvest_job: HarvestJob) -> list[str] | None:
        """Read the catalogue; ids of the objects that stand for a batch of records to save.

        However a job was made, a source that waits for approval is not read.
        """
        if approval.waits(harvest_job.source_id):
            gathering.refuse(harvest_job, approval.sentence())
            HarvestGatherError.create(approval.sentence(), harvest_job)
            return None
        batches = gathering.gather(self.portal, harvest_job, config.client())
        for error in gathering.errors_of(harvest_job):
            HarvestGatherError.create(f"{error['record']}: {error['reason']}", harvest_job)
        return batches

    def fetch_stage(self, harvest_object: HarvestObject) -> Literal[True]:
        """Nothing to do: catalogues deliver whole records."""
        return True

    def import_stage(self, harvest_object: HarvestObject) -> bool:
        """Save the batch this object stands for."""
        return importing.import_batch(self.portal, harvest_object)


def check_settings(settings: str | None, portal: Portal) -> str:
    """Settings as JSON text.

    :raises ValueError: with a sentence for the form
    """
    if not settings:
        return settings or ""
    try:
        members: Any = json.loads(settings)
    except ValueError as error:
        sentence = say("The configuration must be JSON, such as {example}.", example='{"language": "es"}')
        raise ValueError(sentence) from error
    if not isinstance(members, dict):
        sentence = say("The configuration must be a JSON object.")
        raise ValueError(sentence)  # noqa: TRY004 - the form shows ValueError's text
    known = {**COMMON_SETTINGS, **portal.settings}
    for name, value in members.items():
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ValueError(say("'{name}' is not a setting. Known settings: {known}.", name=name, known=listed))
        if not isinstance(value, known[name]):
            sentence = say("'{name}' must be {kind}.", name=name, kind=_KINDS[known[name]])
            raise ValueError(sentence)  # noqa: TRY004 - as above
    return json.dumps(members)


_KINDS: dict[type, str] = {
    str: to_say("a text"),
    int: to_say("a number"),
    bool: to_say("true or false"),
    list: to_say("a list"),
    dict: to_say("an object of names and values"),
}
