"""Who may decide, and in which role. Asked by the services themselves: neither ``ignore_auth`` nor a flag passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, cast

import sqlalchemy as sa
from ckan import authz, model
from ckan.lib import api_token
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Decision, Edit, Release, Steward
from ckanext.privacy.workflow import legal_basis
from ckanext.privacy.workflow.transitions import OPEN_STATES, Event

#: Actors that are no person, as decisions and audit entries name them.
POLICY, CLOCK, COMMUNITY = "policy", "clock", "community"

ROLES = {
    "sysadmin": "System administrator",
    "steward": "Steward",
    "admin": "Organization administrator",
    "editor": "Editor",
    "member": "Member",
    POLICY: "The policy, without a person",
    CLOCK: "The end date",
    COMMUNITY: "Those who agreed",
    "other": "Other",
}

#: The options that name a harvester's account, and that hold the tokens of what loads rows into the datastore.
_HARVESTER = "ckanext.harvest.user_name"
_TOKENS = ("ckan.datapusher.api_token", "ckanext.xloader.api_token")
_ALWAYS = dt.datetime.min.replace(tzinfo=dt.timezone.utc)


class MayNot(tk.NotAuthorized):
    """Refused, with one sentence that says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def current_user(context: Any) -> model.User:
    """Return the active account behind a call; a call without one cannot decide anything."""
    user = audience.reader(context)
    if user is None:
        raise MayNot(tk._("Please log in first."))
    return user


def role(user: model.User, organization_id: str | None) -> str:
    """Return the strongest role a person has for an organisation, as a key of ``ROLES``."""
    if organization_id and organization_id in Steward.organizations(user.id):
        return "steward"
    if user.sysadmin:
        return "sysadmin"
    if not organization_id:
        return "other"
    return authz.users_role_for_group_or_org(organization_id, user.name) or "other"


def is_steward(user: model.User, organization_id: str | None) -> bool:
    """Say whether a person may decide about an organisation's releases: its stewards and sysadmins."""
    return user.sysadmin or bool(organization_id and organization_id in Steward.organizations(user.id))


def may_update(user: model.User, package_id: str) -> bool:
    """Say whether a person may edit the dataset that has this id."""
    if model.Session.get(model.Package, package_id) is None:
        return False  # CKAN would ask about one that has the id as its name
    context = cast("Context", {"user": user.name, "auth_user_obj": user, "model": model})
    return authz.is_authorized_boolean("package_update", context, {"id": package_id})


def why_not_decide(user: model.User, release: Release) -> str | None:
    """Return why a person may not hold or withdraw a release; None when they may."""
    if not is_steward(user, release.owner_org):
        return tk._("Only a steward of the dataset's organization can decide about this release.")
    return None


def why_not_judge(user: model.User, release: Release) -> str | None:
    """Return why a person may not decide about an open request, be it yes or no; None when they may.

    Who refused it decides about the appeal only where no other steward can.
    """
    reason = why_not_decide(user, release)
    if reason is None and is_own_refusal(user, release) and _another_can(user, release):
        return tk._("You refused this release, so another steward decides about the appeal.")
    return reason


def is_own_refusal(user: model.User, release: Release) -> bool:
    """Say whether it is a person's own refusal that is appealed against."""
    if release.state not in OPEN_STATES:
        return False
    refusals = sa.select(Decision.user_id).where(
        Decision.release_id == release.id, Decision.event == Event.REJECT.value
    )
    return model.Session.scalar(refusals.order_by(Decision.round.desc()).limit(1)) == user.id


def _another_can(user: model.User, release: Release) -> bool:
    """Say whether another steward of the organisation could still approve an appealed release."""
    stewards = {each.user_id for each in Steward.of(release.owner_org or "")} - {user.id} - approvals(release)
    others = (model.User.get(each) for each in stewards)
    return any(other and other.is_active and why_not_approve(other, release) is None for other in others)


def approvals(release: Release) -> set[str]:
    """Return whose approvals of a release count, as ``approvals_of`` says; never of who wrote its agreement."""
    return approvals_of([release.id]).get(release.id, set()) - legal_basis.writers(release)


def approvals_of(release_ids: Collection[str]) -> dict[str, set[str]]:
    """Return for each release who approved it since people were last asked, and may decide about it still.

    Who is steward no more, or was appointed anew, vouches for nothing; what was approved before an appeal or another
    scan, for something else.
    """
    appointed = sa.exists().where(
        Steward.user_id == Decision.user_id,
        Steward.organization_id == Release.owner_org,
        Steward.created <= Release.created,
    )
    query = (
        sa.select(Decision.release_id, Decision.user_id)
        .join(Release, sa.and_(Release.id == Decision.release_id, Release.round == Decision.round))
        .join(model.User, model.User.id == Decision.user_id)
        .where(Decision.release_id.in_(release_ids), Decision.event == Event.APPROVE.value)
        .where(model.User.state == "active", sa.or_(model.User.sysadmin.is_(True), appointed))
    )
    found: dict[str, set[str]] = {}
    for release_id, user_id in model.Session.execute(query).tuples():
        found.setdefault(release_id, set()).add(user_id)
    return found


def why_not_approve(user: model.User, release: Release) -> str | None:
    """Return why a person may not approve a release; None when they may. Holds for sysadmins alike."""
    reason = why_not_judge(user, release) or why_not_vouch(user, release)
    return reason or why_not_yet(user, release, release.created)


def why_not_resume(user: model.User, release: Release) -> str | None:
    """Return why a person may not show a release again that is on hold; None when they may."""
    held = [each.created for each in Decision.of(release.id) if each.event == Event.HOLD]
    return why_not_vouch(user, release) or (why_not_yet(user, release, held[-1]) if held else None)


def why_not_yet(user: model.User, release: Release, asked: dt.datetime) -> str | None:
    """Return why a person who became steward after a moment may not decide about what was asked then.

    An administrator could else appoint whoever agrees with her. What sysadmins may does not come from an appointment.
    """
    steward = Steward.get(user.id, release.owner_org)
    if user.sysadmin or steward is None or steward.created <= asked:
        return None
    return tk._("You became a steward after this was asked for: another steward decides, or it is asked for anew.")


def why_not_vouch(user: model.User, release: Release) -> str | None:
    """Return why a person cannot be the second one for a release; None when they can. Holds for sysadmins alike."""
    reason = why_not_decide(user, release)
    if reason:
        return reason
    if user.id == release.requested_by:
        return tk._("You asked for this release, so another steward has to approve it.")
    if user.id in legal_basis.writers(release):
        return tk._("You wrote the agreement down that it rests on, so another steward has to approve it.")
    return _why_not_beside_editors(user, release)


def _why_not_beside_editors(user: model.User, release: Release) -> str | None:
    edits, programs = Edit.times(release.package_id), machines()
    last = max((at for each, at in edits.items() if each not in programs), default=_ALWAYS)
    mine = edits.get(user.id)
    if mine is not None and mine >= last:
        return tk._("You changed this dataset last, so another steward has to approve it.")
    if mine is not None and release.requested_by in programs and mine >= _released(release.package_id):
        return tk._("You changed this dataset since its last release, so another steward has to approve it.")
    if appointed_by(user, release.owner_org) in {
        release.requested_by,
        *(each for each in edits if edits[each] >= last),
    }:
        return tk._("Who asked for this, or changed it last, made you a steward, so another steward has to approve it.")
    return None


def appointed_by(user: model.User, organization_id: str | None) -> str | None:
    """Return the id of the administrator who made a person steward of an organisation; None where a sysadmin did."""
    steward = None if user.sysadmin else Steward.get(user.id, organization_id)
    appointer = model.User.get(steward.added_by) if steward else None
    return None if appointer is None or appointer.sysadmin else appointer.id


def _released(package_id: str) -> dt.datetime:
    return Release.last_whole(package_id) or _ALWAYS


def sysadmins() -> set[str]:
    """Return the ids of the active system administrators."""
    query = sa.select(model.User.id).where(model.User.sysadmin.is_(True), model.User.state == "active")
    return set(model.Session.scalars(query))


def site_account() -> model.User | None:
    """Return the account in whose name CKAN acts by itself; None where it has not done so yet."""
    return model.User.get(tk.config["ckan.site_id"])


def machines() -> set[str]:
    """Return the ids of the accounts that programs use: the site's own, the harvester's, and those that load rows.

    Behind what they change and ask for there may be a person, whom their work must not hide.
    """
    harvester = tk.config.get(_HARVESTER)
    tokens = (tk.config.get(option) for option in _TOKENS)
    accounts = [
        site_account(),
        model.User.get(harvester) if harvester else None,
        *(api_token.get_user_from_token(token, update_access_time=False) for token in tokens if token),
    ]
    return {account.id for account in accounts if account is not None}
