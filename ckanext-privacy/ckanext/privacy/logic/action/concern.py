"""Concerns: anybody reports one about a public dataset, a steward answers."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict
from flask import has_request_context

from ckanext.privacy.logic import access as checking
from ckanext.privacy.logic import schema
from ckanext.privacy.logic.auth import concerns as access
from ckanext.privacy.workflow import concerns, people

_PAGE = 100


@schema.accepts(schema.concern_create)
def privacy_concern_create(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Report a concern about a public dataset; open to everyone, without an account, a few times an hour.

    Only the stewards of the dataset's organisation read it. Who sent it is not kept.

    :param dataset_id: the dataset, by id or name
    :param text: what worries you
    :param contact: how to reach you, if you like; private, and forgotten when the concern is settled
    :returns: the receipt ``{id, token, due, url, ...}``; with ``token`` you can follow what becomes of it
    """
    tk.check_access("privacy_concern_create", context, data_dict)
    package = access.dataset(data_dict)
    address = tk.request.remote_addr if has_request_context() else None
    concern, token = concerns.create(package, data_dict["text"], data_dict.get("contact"), address)
    url = tk.h.url_for("privacy.concern_receipt", token=token, qualified=True)
    return {**concerns.for_reporter(concern), "token": token, "url": url}


@tk.side_effect_free
@schema.accepts(schema.concern_show)
def privacy_concern_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return a concern: to stewards with what was written, to who has the receipt where it stands and the answer.

    :param id: the concern; or
    :param token: the secret on the receipt, without a log-in
    :returns: ``{id, dataset, state, created, due, on_hold, resolved, outcome, answer}``, for stewards also ``{text,
        contact, overdue, release_id, title, organization}``
    """
    checking.check("privacy_concern_show", context, data_dict)
    concern = access.concern_of(data_dict)
    return concerns.for_reporter(concern) if data_dict.get("token") else concerns.for_steward(concern)


@tk.side_effect_free
@schema.accepts(schema.concern_list)
def privacy_concern_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the concerns you decide about, open ones first, those due soonest first. For stewards.

    :param state: ``open`` or ``resolved``
    :param dataset: a dataset, by id or name
    :param organization: an organisation, by id or name
    :param limit: at most so many (100)
    :param offset: after so many
    :returns: ``{count, results}``
    """
    checking.check("privacy_concern_list", context, data_dict)
    filters = {
        "state": data_dict.get("state"),
        "dataset": _id_of(model.Package, data_dict.get("dataset")),
        "organization": _id_of(model.Group, data_dict.get("organization")),
    }
    limit, offset = int(data_dict.get("limit", _PAGE)), int(data_dict.get("offset", 0))
    return concerns.listing(people.current_user(context), filters, limit, offset)


@schema.accepts(schema.concern_resolve)
def privacy_concern_resolve(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Settle a concern with an answer, which whoever sent it reads, and nobody else but the stewards.

    Taking the dataset down ends its release. Otherwise a hold on it ends, unless another concern about it is open. The
    public register says of either that a concern was looked into, and nothing of the answer.

    :param id: the concern
    :param reason: the answer; private
    :param outcome: ``kept``, ``corrected`` or ``taken_down`` (kept)
    :param erase: with ``taken_down``: remove what was released for good, also where it was down already
    :returns: the concern as stewards see it, with ``message``: one sentence when something could not be erased, else
        None
    """
    checking.check("privacy_concern_resolve", context, data_dict)
    erase, outcome = bool(data_dict.get("erase")), data_dict.get("outcome") or concerns.KEPT
    answer = concerns.Answer(outcome, data_dict["reason"], erase=erase)
    try:
        concern, message = concerns.resolve(data_dict["id"], answer, people.current_user(context))
    except BaseException:
        model.Session.rollback()
        raise
    return {**concerns.for_steward(concern), "message": message}


def _id_of(kind: type[Any], id_or_name: str | None) -> str | None:
    found = kind.get(id_or_name) if id_or_name else None
    return found.id if found else id_or_name
