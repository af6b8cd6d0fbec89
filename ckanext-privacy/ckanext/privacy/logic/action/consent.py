"""Agreements: write down, look at, take back, renew."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict
from dateutil import parser as dates

from ckanext.privacy.logic import access as checking
from ckanext.privacy.logic import schema
from ckanext.privacy.logic.auth import consents as access
from ckanext.privacy.model import Consent, ConsentChange
from ckanext.privacy.workflow import agreeing, consents, people, steps

_CONTENT = (
    "level", "legal_basis", "method", "controller", "jurisdiction", "law", "notice", "processes", "spoken_by",
    "meeting", "words", "withdrawal_contact",
)  # fmt: skip
_FORMATS = {"jsonld": consents.document, "receipt": consents.receipt}


def privacy_consent_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Write down who agreed to what, for which datasets, and how it can be taken back.

    What the description of the dataset says already need not be said again. Values with parts may be objects or their
    JSON; a file (``upload``) is kept privately as evidence, its hash stands in the record and in the audit log.

    :param dataset_id: the dataset, by id or name; ``datasets`` takes a list
    :param level: ``individual``, ``guardian``, ``household`` or ``collective``
    :param processes: list of ``{purpose, description, processing, personal_data, recipients, storage_location,
        retention}``; a release needs one whose ``processing`` has ``make-available`` and whose ``recipients`` has
        ``public``
    :param notice: ``{forms, languages, date, text, url}``: how people were told
    :param controller: ``{name, kind, contact, address, country}``: who answers for the data
    :param jurisdiction: whose law holds, such as ``IN`` or ``IN-MH``; ``law`` takes its address
    :param spoken_by: ``{name, mandate}``: who spoke for the community, or which guardian for the child
    :param meeting: ``{date, place, attendance, attendance_women, decision_rule}``, for a community
    :param method: how they agreed, such as ``meeting-vote``, ``signature`` or ``spoken``
    :param legal_basis: ``explicit-consent`` or ``consent``; other bases need no record
    :param words: the community's own words
    :param withdrawal_contact: whom people speak to when they take it back
    :param status: ``given``, ``requested`` or ``refused`` (given)
    :param at: when, ISO date (now)
    :param valid_for: ISO 8601 duration such as ``P2Y``, or ``indeterminate`` (one year); ``valid_until`` takes a date
    :param principal_key: what tells one person or household from another, such as a number in the survey; only a keyed
        hash of it is kept
    :param upload: a file that shows the agreement
    :returns: the record, with ``token`` and ``withdraw_url``: told this once, and kept nowhere
    """
    data = _read(data_dict)
    checking.check("privacy_consent_create", context, {"datasets": data["datasets"]})
    wish = consents.Wish(
        user=people.current_user(context),
        package_ids=[package.id for package in access.packages(data)],
        data={name: data.get(name) for name in _CONTENT},
        begins=_beginning(data.get("status")),
        at=_moment(data, "at"),
        until=_moment(data, "valid_until"),
        valid_for=data.get("valid_for") or "",
        principal_key=data.get("principal_key") or "",
        files=[data["upload"]] if data.get("upload") else [],
    )
    record, token = _whole(lambda: agreeing.write_down(wish))
    return {**consents.dictize(record), "token": token, "withdraw_url": consents.withdrawal_address(record, token)}


@tk.side_effect_free
@schema.accepts(schema.consent_show)
def privacy_consent_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return an agreement: to editors and stewards the whole record, to who has its link what they agreed to.

    :param id: the record; or
    :param token: the secret of its withdrawal link, without a log-in
    :param format: ``jsonld`` for the record as JSON-LD (ISO/IEC TS 27560 with DPV), ``receipt`` for its receipt
    :returns: ``{id, datasets, level, status, valid, allows_release, until, record, evidence, events, ...}``; ``status``
        is one of DPV's consent statuses
    """
    checking.check("privacy_consent_show", context, data_dict)
    record = access.record_of(data_dict)
    asked = data_dict.get("format")
    if asked == "receipt":
        return consents.receipt(record)
    if data_dict.get("token"):
        return consents.for_holder(record)
    return (_FORMATS.get(asked or "") or consents.dictize)(record)


@tk.side_effect_free
@schema.accepts(schema.consent_list)
def privacy_consent_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the agreements about a dataset, oldest first, whatever became of them. For its editors and stewards.

    :param dataset_id: the dataset, by id or name
    """
    checking.check("privacy_consent_list", context, data_dict)
    (package,) = access.packages(data_dict)
    return [consents.dictize(record) for record in Consent.covering(package.id)]


@schema.accepts(schema.consent_withdraw)
def privacy_consent_withdraw(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take an agreement back. Everything that was released on it is taken down at once, everywhere.

    With the secret of the link nobody has to log in or give a reason. Again changes nothing and answers the same.

    :param token: the secret of the withdrawal link; or
    :param id: the record, for editors and stewards who were told by those who had agreed
    :param by: ``subject`` (those who agreed said so) or ``controller`` (the organisation ends it by itself): two
        different events
    :returns: ``{id, status, at, receipt, datasets: [{id, title, public}]}``
    """
    checking.check("privacy_consent_withdraw", context, data_dict)
    record = access.record_of(data_dict)
    controller = data_dict.get("by") == "controller" and not data_dict.get("token")
    actor = agreeing.HOLDER if data_dict.get("token") else _actor(context, record)
    record, change = _whole(lambda: agreeing.withdraw(record.id, actor, by_controller=controller))
    return _withdrawn(record, change)


@schema.accepts(schema.consent_renew)
def privacy_consent_renew(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Note that people agreed again, or at last; what was taken back needs a new record instead.

    :param id: the record
    :param valid_for: ISO 8601 duration such as ``P2Y`` (one year); ``valid_until`` takes a date
    :returns: the record
    """
    checking.check("privacy_consent_renew", context, data_dict)
    user, until = people.current_user(context), _moment(data_dict, "valid_until")
    record_id, valid_for = data_dict["id"], data_dict.get("valid_for") or ""
    return consents.dictize(_whole(lambda: agreeing.renew(record_id, user, until, valid_for)))


@schema.accepts(schema.consent_evidence_create)
def privacy_consent_evidence_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Keep a file that shows an agreement and came after it was written down, such as the signed minutes.

    It is kept privately like evidence that came with the record; its hash stands in the record's export and in the
    audit log. The record itself, and its hash, stay as they are.

    :param id: the record
    :param upload: the file
    :returns: the record; what was added has a day under ``added`` in its ``evidence``
    """
    checking.check("privacy_consent_evidence_create", context, data_dict)
    user, record_id, file = people.current_user(context), data_dict["id"], data_dict["upload"]
    return consents.dictize(_whole(lambda: consents.add_evidence(record_id, user, file)))


# ------------------------------------------------------------------------------------------------------------------


def _withdrawn(record: Consent, change: ConsentChange) -> dict[str, Any]:
    told = consents.for_holder(record)
    # The start of the event's hash: short enough to read out, and in the audit log for who wants to check.
    receipt = change.hash[:12].upper()
    return {
        "id": record.id,
        "status": told["status"],
        "at": change.at.isoformat(),
        "receipt": receipt,
        "datasets": told["datasets"],
    }


def _actor(context: Context, record: Consent) -> steps.Actor:
    package = model.Session.get(model.Package, record.package_ids[0])
    return steps.Actor.person(people.current_user(context), package.owner_org if package else None)


def _read(data_dict: DataDict) -> dict[str, Any]:
    """Return what was sent, with JSON read where a form had to send text, and the datasets as a list."""
    data: dict[str, Any] = {name: _structure(value) for name, value in data_dict.items()}
    datasets = data.get("datasets") or data.get("dataset_id") or data.get("dataset") or []
    return {**data, "datasets": [str(each) for each in (datasets if isinstance(datasets, list) else [datasets])]}


def _structure(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _beginning(value: Any) -> str:
    given = str(value or "given").removeprefix("Consent").lower()
    if given not in consents.BEGINNINGS:
        raise tk.ValidationError({"status": [tk._("A record begins as given, requested or refused.")]})
    return given


def _moment(data: Mapping[str, Any], name: str) -> dt.datetime | None:
    value = data.get(name)
    if not value:
        return None
    try:
        return value if isinstance(value, dt.datetime) else dates.isoparse(str(value))
    except ValueError as error:
        raise tk.ValidationError({name: [tk._("Write the day as year-month-day.")]}) from error


def _whole(act: Any) -> Any:
    """Let a step happen as a whole or not at all."""
    try:
        return act()
    except BaseException:
        model.Session.rollback()
        raise
