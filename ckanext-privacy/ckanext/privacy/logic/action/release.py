"""Releases: ask, decide, look at them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.logic.auth import datasets
from ckanext.privacy.model import Release
from ckanext.privacy.workflow import deciding, differences, overview, people, reminding, requesting, steps
from ckanext.privacy.workflow.transitions import State

_PAGE = 100


@schema.accepts(schema.release_request)
def privacy_release_request(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Ask for a release of a dataset as it is now.

    Its content is frozen and its files are scanned; what is found decides who has to approve. Asking again without a
    change returns the request that is under way.

    :param id: the dataset, by id or name
    :param note: a word to the stewards
    :param public_on: ISO date before which it is not public, however early it is approved
    :param review_by: ISO date by which somebody has to look at it again, else the public stops seeing it
    :param expires: ISO date after which the dataset is taken down by itself
    :param resources: ids of the files to release, where it is not all of them; the others stay held
    :returns: the release, with ``message``: one sentence when the scans have to wait, else None
    """
    access.check("privacy_release_request", context, data_dict)
    package = datasets.package_of(data_dict)
    dates = {name: _moment(data_dict.get(name)) for name in ("public_on", "review_by", "expires")}
    wish = requesting.Wish(
        people.current_user(context), data_dict.get("note"), **dates, resources=data_dict.get("resources") or ()
    )
    release, message = _whole(lambda: requesting.request(package.id, wish))
    return {**overview.dictize(release), "message": message}


@schema.accepts(schema.release_approve)
def privacy_release_approve(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Approve a release; the last approval it needs makes it public.

    Whoever asked for it, or changed the dataset last, cannot approve it. Fails with "changed since you looked" when
    the dataset is no longer what ``snapshot_sha256`` names.

    :param id: the release
    :param snapshot_sha256: the fingerprint of what you looked at, from ``privacy_release_show``
    :param note: a word for the record
    :param public_on: ISO date from which it is public, where that is later than what was asked for
    """
    access.check("privacy_release_approve", context, data_dict)
    return _decide(lambda: _approve(data_dict, data_dict.get("note"), people.current_user(context)))


@schema.accepts(schema.release_approve_bulk)
def privacy_release_approve_bulk(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Approve several releases, each by itself: one that is refused or has changed stops none of the others.

    Each approval names the snapshot that was looked at and has its own entry in the audit log.

    :param items: ``[{id, snapshot_sha256}, ...]``, at most 100
    :param note: a word for the record of each
    :returns: ``{approved, refused, results: [{id, ok, state, message}]}`` in the order of ``items``
    """
    access.check("privacy_release_approve_bulk", context, data_dict)
    results = [_approve_one(context, item, data_dict.get("note")) for item in data_dict["items"]]
    approved = sum(each["ok"] for each in results)
    return {"approved": approved, "refused": len(results) - approved, "results": results}


def _approve_one(context: Context, item: dict[str, str], note: str | None) -> dict[str, Any]:
    try:
        access.check("privacy_release_approve", context, item)
        release = _whole(lambda: _approve(item, note, people.current_user(context)))
    except (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound) as error:
        release = Release.get(item["id"])
        return {"id": item["id"], "ok": False, "state": release.state if release else None, "message": _said(error)}
    return {"id": item["id"], "ok": True, "state": release.state, "message": None}


def _said(error: Exception) -> str:
    if isinstance(error, tk.ValidationError):
        return steps.told(error)
    return getattr(error, "sentence", None) or str(error)


def _approve(item: DataDict, note: str | None, user: model.User) -> Release:
    return deciding.approve(item["id"], item["snapshot_sha256"], user, note, _moment(item.get("public_on")))


@schema.accepts(schema.release_narrow)
def privacy_release_narrow(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Let some files of a requested dataset go on their own; the others stay held. Stewards only.

    A request for just these files takes the place of the open one, is judged at once, and still has to be approved.

    :param id: the open release
    :param snapshot_sha256: the fingerprint of what you looked at
    :param resources: ids of the files that may go
    :returns: the new release
    """
    access.check("privacy_release_narrow", context, data_dict)
    user, sha256 = people.current_user(context), data_dict["snapshot_sha256"]
    return _decide(lambda: requesting.narrow(data_dict["id"], sha256, data_dict["resources"], user))


@schema.accepts(schema.release_confirm)
def privacy_release_confirm(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Note that a public release was looked at again and may stay.

    Only stewards who neither asked for it nor changed the dataset last.

    :param id: the release
    :param reason: what was looked at; shown in the public register
    :param review_by: by when it has to be looked at again; without it as far off as this day was, and never later than
        the policy says
    """
    access.check("privacy_release_confirm", context, data_dict)
    user, review_by = people.current_user(context), _moment(data_dict.get("review_by"))
    return _decide(lambda: deciding.confirm(data_dict["id"], data_dict["reason"], user, review_by))


@tk.side_effect_free
def privacy_reminder_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List what you were reminded of and what still waits, the nearest day first.

    :returns: ``[{object_type, object_id, step, state, due, told, title}]``; ``step`` is ``due_soon``, ``late`` or
        ``review_again``, ``state`` that of the release or concern
    """
    access.check("privacy_reminder_list", context, data_dict)
    return reminding.of_reader(people.current_user(context))


@schema.accepts(schema.with_reason)
def privacy_release_return(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return a request to the people who asked, with a reason.

    :param id: the release
    :param reason: what has to change
    """
    access.check("privacy_release_return", context, data_dict)
    return _decide(lambda: deciding.return_(data_dict["id"], data_dict["reason"], people.current_user(context)))


@schema.accepts(schema.with_public_reason)
def privacy_release_reject(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Refuse a request, with a reason; it can be appealed.

    :param id: the release
    :param reason: why the dataset should not be public
    """
    access.check("privacy_release_reject", context, data_dict)
    return _decide(lambda: deciding.reject(data_dict["id"], data_dict["reason"], people.current_user(context)))


@schema.accepts(schema.with_reason)
def privacy_release_appeal(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Ask for a second look at a refused request.

    :param id: the release
    :param reason: why the refusal should be looked at again
    """
    access.check("privacy_release_appeal", context, data_dict)
    return _decide(lambda: deciding.appeal(data_dict["id"], data_dict["reason"], people.current_user(context)))


@schema.accepts(schema.release_cancel)
def privacy_release_cancel(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take an open request back.

    :param id: the release
    :param reason: why, if you like
    """
    access.check("privacy_release_cancel", context, data_dict)
    return _decide(lambda: deciding.cancel(data_dict["id"], data_dict.get("reason"), people.current_user(context)))


@schema.accepts(schema.release_withdraw)
def privacy_release_withdraw(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Take a released dataset down. An open request is taken back.

    :param id: the release
    :param reason: why; shown in the public register
    :param erase: remove what was released for good, older versions too; stewards only, in whatever state it is: also
        what was taken down before, and what was asked for and never public. All reasons given before go too; this one
        stays. The working copy stays its editors'
    :returns: the release, with ``message``: one sentence when something stays because another dataset or version shows
        it, else None
    """
    access.check("privacy_release_withdraw", context, data_dict)
    user, (release_id, reason) = people.current_user(context), (data_dict["id"], data_dict["reason"])
    if not data_dict.get("erase"):
        return {**_decide(lambda: deciding.withdraw(release_id, reason, user)), "message": None}
    said: list[str | None] = []

    def erase() -> Release:
        said.append(deciding.erase(release_id, user, reason))
        return _release(release_id)

    return {**_decide(erase), "message": said[0]}


@schema.accepts(schema.with_public_reason)
def privacy_release_hold(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Close a public release for now, at once and alone, because somebody is worried. Stewards only; reversible.

    :param id: the release
    :param reason: why; shown in the public register
    """
    access.check("privacy_release_hold", context, data_dict)
    return _decide(lambda: deciding.hold(data_dict["id"], data_dict["reason"], people.current_user(context)))


@schema.accepts(schema.with_public_reason)
def privacy_release_resume(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show a release again that was on hold. Stewards who neither asked for it nor changed the dataset last.

    :param id: the release
    :param reason: why; shown in the public register
    """
    access.check("privacy_release_resume", context, data_dict)
    return _decide(lambda: deciding.resume(data_dict["id"], data_dict["reason"], people.current_user(context)))


@schema.accepts(schema.with_public_reason)
def privacy_override(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Release without the approvals that are asked for: the emergency exit, sysadmins only.

    The public register shows that it was used, and why.

    It leads out of every state in which something waits: a scan, a decision, a day, the end of a hold.

    :param id: the release, or the dataset whose open request or hold is meant
    :param reason: why this cannot wait
    """
    access.check("privacy_override", context, data_dict)
    release_id = _open_release_id(data_dict["id"])
    return _decide(lambda: deciding.override(release_id, data_dict["reason"], people.current_user(context)))


@tk.side_effect_free
@schema.accepts(schema.record_id)
def privacy_release_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return a release with its scans, its decisions and what you may do about it.

    :param id: the release
    :returns: the release, with ``decisions``, ``scans``, ``consents`` (the agreements that it rests on), ``changed``
        (dataset or agreements are no longer what was asked for), ``agreements_changed``, ``own_refusal`` (your own
        refusal is appealed against), ``erased`` (nothing is kept of it) and ``may``: step -> None, or the sentence that
        says why you cannot take it
    """
    access.check("privacy_release_show", context, data_dict)
    return overview.show(_release(data_dict["id"]), people.current_user(context))


@tk.side_effect_free
@schema.accepts(schema.release_list)
def privacy_release_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List the releases you have to do with: the queue, and the history.

    :param state: one state, or ``open`` for all that wait for somebody (these come oldest first), or
        ``came_back`` for those that you asked for and that are your turn again
    :param organization: an organisation, by id or name
    :param dataset: a dataset, by id or name
    :param outcome: what the policy asks for
    :param overdue: only those that a steward should have decided by now
    :param limit: at most so many (100)
    :param offset: after so many
    :returns: ``{count, counts, came_back, adopted, results}``; ``counts`` by state, and the number of those that came
        back to you, regardless of the state filter; ``adopted`` ``{total, looked_at, found}``: datasets that were
        public before the gate, how many of them were scanned since, and in how many something was found
    """
    access.check("privacy_release_list", context, data_dict)
    filters = overview.Filters(
        state=data_dict.get("state"),
        organization=_id_of(model.Group, data_dict.get("organization")),
        dataset=_id_of(model.Package, data_dict.get("dataset")),
        outcome=data_dict.get("outcome"),
        overdue=bool(data_dict.get("overdue")),
    )
    limit, offset = int(data_dict.get("limit", _PAGE)), int(data_dict.get("offset", 0))
    return overview.listing(people.current_user(context), filters, limit, offset)


@tk.side_effect_free
@schema.accepts(schema.record_id)
def privacy_release_diff(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return what a release changes for the public: description, files, columns, numbers of rows.

    :param id: the release
    :returns: ``{release_id, public_id, identical, metadata: [{field, change, before, after}],
        resources: [{id, name, change, content, fields, tables}]}``
    """
    access.check("privacy_release_diff", context, data_dict)
    return differences.of_release(_release(data_dict["id"]))


@tk.side_effect_free
@schema.accepts(schema.dataset_id)
def privacy_status_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Tell where a dataset stands between its editors and the public, and who acts next.

    Outsiders get an answer for released datasets only, and for those that were public a tombstone: the state, ``since``
    when and for which ``reason`` it is gone.

    :param id: the dataset, by id or name
    :returns: ``{state, released, release_id, pending, next_step, next_actor}``; ``pending`` lists what waits:
        ``{what, name, change, sentence}``
    """
    access.check("privacy_status_show", context, data_dict)
    package = datasets.package_of(data_dict)
    return overview.status(package.id, insider=bool(datasets.may_look(context, package).get("success")))


# ------------------------------------------------------------------------------------------------------------------


def _moment(given: dt.datetime | None) -> dt.datetime | None:
    """Return a date with its zone; one without is meant in UTC."""
    return given.replace(tzinfo=dt.timezone.utc) if given is not None and given.tzinfo is None else given


def _whole(act: Callable[[], Any]) -> Any:
    """Let a step happen as a whole or not at all."""
    try:
        return act()
    except BaseException:
        model.Session.rollback()
        raise


def _decide(act: Callable[[], Release]) -> dict[str, Any]:
    return overview.dictize(_whole(act))


def _release(release_id: str) -> Release:
    release = Release.get(release_id)
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    return release


def _open_release_id(id_or_name: str) -> str:
    if Release.get(id_or_name):
        return id_or_name
    package = datasets.package_of({"id": id_or_name})
    release = Release.open(package.id) or Release.standing(package.id)
    if release is None or release.state == State.RELEASED:
        raise tk.ValidationError({"id": [tk._("Ask for a release of this dataset first; then it can be let out.")]})
    return release.id


def _id_of(kind: type[Any], id_or_name: str | None) -> str | None:
    """Return an id; a name that does not exist stays as it is, and nothing is found for it."""
    found = kind.get(id_or_name) if id_or_name else None
    return found.id if found else id_or_name
