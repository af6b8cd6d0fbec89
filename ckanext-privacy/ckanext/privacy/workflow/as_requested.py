"""Whether a dataset, its links and what people agreed to are still what a release was asked for with."""

from __future__ import annotations

from ckanext.privacy.gate import freeze
from ckanext.privacy.model import Release
from ckanext.privacy.workflow import legal_basis, links


def is_current(release: Release) -> bool:
    """Say whether nothing has changed of what a person looks at who decides about a release."""
    return is_current_dataset(release) and not links.why_not(release) and legal_basis.as_seen(release)


def is_current_dataset(release: Release) -> bool:
    """Say whether the working dataset is still what a release was asked for."""
    return freeze.is_current(release.package_id, release.snapshot, release.snapshot_sha256)
