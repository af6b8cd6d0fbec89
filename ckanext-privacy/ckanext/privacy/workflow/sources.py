"""Getting hold of the bytes of a scan: they lie in the release store before anything looks at them."""

from __future__ import annotations

import tempfile

import sqlalchemy as sa
from ckan import model

from ckanext.privacy import config
from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import store
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.remote import fetch


def bring_in(scan: Scan) -> str:
    """Return the SHA-256 of the bytes to look at, in the store: linked files are fetched, others were put aside before.

    Raises ``FetchError`` or ``UnreadableFile`` with one sentence.
    """
    if scan.kind == "link":
        return _fetch(scan)
    if not scan.sha256 or not store.exists(scan.sha256):
        raise UnreadableFile(say("The bytes are not in the release store any more; ask for a new scan."), scan.name)
    return scan.sha256


def _fetch(scan: Scan) -> str:
    """Fetch a linked file, and note with the scan what was said of it: a later look compares with that."""
    asked = _address(scan)
    with tempfile.TemporaryFile() as spool:
        found = fetch(asked, spool, config.link_limits())
        spool.seek(0)
        stored = store.put(spool)
    facts = {name: getattr(found, name) for name in ("url", "bytes", "etag", "last_modified")}
    scan.link = {"asked": asked, **facts}
    return stored.sha256


def _address(scan: Scan) -> str:
    """Return the link as the release names it; for a scan without a release, as the dataset names it now."""
    query = sa.select(Release).where(Release.package_id == scan.package_id).order_by(Release.created.desc())
    for release in model.Session.scalars(query):
        if release.scans.get(scan.resource_id) == scan.id:
            return release.snapshot["resources"][scan.resource_id]["url"]
    resource = model.Session.get(model.Resource, scan.resource_id)
    if resource is None:
        raise UnreadableFile(say("The file was removed from the dataset before it was looked at."), scan.name)
    return resource.url
