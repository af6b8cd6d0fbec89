"""A release from request to decision, as an officer's and a steward's own scripts would do it."""

from __future__ import annotations

import time
from typing import Any

from ckanapi import CKANAPIError, NotAuthorized, NotFound, RemoteCKAN, ValidationError

#: Where CKAN is installed, ckanapi raises CKAN's own errors, which are no CKANAPIError.
API_ERRORS = (CKANAPIError, NotAuthorized, NotFound, ValidationError)

WAITING = {"requested", "scanning"}


class SeedError(Exception):
    """The catalogue did not do what a story of the demo needs."""


def request(officer: RemoteCKAN, dataset: str, note: str, *, seconds: int = 600) -> dict[str, Any]:
    """Ask for release and wait until the files are scanned; a request that is under way is not repeated."""
    release = officer.action.privacy_release_request(id=dataset, note=note)
    until = time.monotonic() + seconds
    while release["state"] in WAITING:
        if time.monotonic() > until:
            raise SeedError(
                f"the files of {dataset} were not scanned within {seconds} seconds: see .run/log/worker.log"
            )
        time.sleep(1)
        release = officer.action.privacy_release_show(id=release["id"])
    return release


def approve(stewards: list[RemoteCKAN], release: dict[str, Any], note: str) -> dict[str, Any]:
    """Let one steward after the other approve, until the release has what it needs."""
    for steward in stewards:
        if release["state"] != "in_review":
            break
        release = steward.action.privacy_release_approve(
            id=release["id"], snapshot_sha256=release["snapshot_sha256"], note=note
        )
    if release["state"] != "released":
        raise SeedError(f"release {release['id']} is {release['state']} ({release.get('outcome')}), not released")
    return release
