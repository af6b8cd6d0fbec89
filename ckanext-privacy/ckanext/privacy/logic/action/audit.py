"""The audit log, read and verified."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.privacy.logic import access, schema
from ckanext.privacy.model import AuditEntry, Concern, Consent, Release, Steward
from ckanext.privacy.workflow import audit, people

_PAGE = 100


@tk.side_effect_free
@schema.accepts(schema.audit_list)
def privacy_audit_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List entries of the audit log, newest first. Stewards see what concerns their organisations.

    :param event: only this event, such as ``release.approve`` or ``denied``
    :param object_id: only what happened to this release, dataset or organisation
    :param limit: at most so many (100)
    :param offset: after so many
    :returns: ``{count, results: [{seq, at, actor, event, object_type, object_id, data, prev_hash, hash}]}``
    """
    access.check("privacy_audit_list", context, data_dict)
    conditions = _visible(people.current_user(context))
    conditions += [
        getattr(AuditEntry, name) == data_dict[name] for name in ("event", "object_id") if data_dict.get(name)
    ]
    query = sa.select(AuditEntry.__table__).where(*conditions).order_by(AuditEntry.seq.desc())
    page = query.limit(int(data_dict.get("limit", _PAGE))).offset(int(data_dict.get("offset", 0)))
    count = sa.select(sa.func.count()).select_from(AuditEntry).where(*conditions)
    return {
        "count": model.Session.scalar(count) or 0,
        "results": [dict(row) for row in model.Session.execute(page).mappings()],
    }


@tk.side_effect_free
def privacy_audit_verify(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Check the whole chain.

    :returns: ``{ok, length, head, first_broken}``; ``first_broken`` is the number of the first entry that does not
        fit, None when all do
    """
    access.check("privacy_audit_verify", context, data_dict)
    return audit.verify()


def _visible(user: model.User) -> list[sa.ColumnElement[bool]]:
    if user.sysadmin:
        return []
    organizations = Steward.organizations(user.id)
    releases = sa.select(Release.id).where(Release.owner_org.in_(organizations))
    packages = sa.select(model.Package.id).where(model.Package.owner_org.in_(organizations))
    concerns = sa.select(Concern.id).where(Concern.owner_org.in_(organizations))
    covered = model.Package.id == sa.any_(sa.cast(Consent.package_ids, ARRAY(sa.Text)))
    agreements = sa.select(Consent.id).join(model.Package, covered).where(model.Package.owner_org.in_(organizations))
    kinds = (organizations, packages, releases, concerns, agreements)
    return [sa.or_(*(AuditEntry.object_id.in_(each) for each in kinds))]
