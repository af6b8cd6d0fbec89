"""What releases look like from outside: plain JSON for the queue, the review page and a dataset's status."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from ckan import authz, model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import aliased, defer

from ckanext.privacy.engine.policy import FIRST_RELEASE
from ckanext.privacy.model import Decision, Release, Steward
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import (
    as_requested,
    differences,
    judging,
    legal_basis,
    next_step,
    people,
    scans,
    tombstones,
)
from ckanext.privacy.workflow.transitions import OPEN_STATES, State

_TIMES = ("created", "judged", "due", "public_on", "released", "review_by", "expires", "ended")
_PLAIN = (
    "id", "package_id", "state", "origin", "snapshot_sha256", "outcome", "needs", "reasons", "policy", "note",
    "ended_reason",
)  # fmt: skip
#: What is told of the dataset itself.
_OF_PACKAGE = ("id", "name", "title", "type")
#: Of a snapshot, a list reads no more than it shows: that of a dataset with a hundred files is large.
_SHOWN = (Release.snapshot["left_out"], *(Release.snapshot["package"][name] for name in _OF_PACKAGE))
#: Filter word for all requests that wait for somebody.
OPEN = "open"
#: Filter word for one's own requests that are one's own turn again; what was answered so many days ago is old news.
CAME_BACK, _NEWS_DAYS = "came_back", 30
_CAME_BACK_IN = (State.RETURNED, State.REJECTED, State.BLOCKED, State.HELD)


@dataclasses.dataclass(frozen=True)
class Filters:
    """What a list of releases is narrowed to; None means any. ``state`` may be ``open`` or ``came_back``."""

    state: str | None = None
    organization: str | None = None
    dataset: str | None = None
    outcome: str | None = None
    overdue: bool = False


@dataclasses.dataclass(frozen=True)
class _Known:
    """What a list tells of releases beside themselves, asked for once for all of them."""

    approvals: dict[str, int]
    people: dict[str, dict[str, str]]
    organizations: dict[str, dict[str, str]]

    @classmethod
    def of(cls, releases: Iterable[Release]) -> _Known:
        listed = list(releases)
        people_of = sa.select(model.User).where(model.User.id.in_({each.requested_by for each in listed}))
        organizations = sa.select(model.Group).where(model.Group.id.in_({each.owner_org for each in listed}))
        return cls(
            {key: len(given) for key, given in people.approvals_of([each.id for each in listed]).items()},
            {user.id: _named(user) for user in model.Session.scalars(people_of)},
            {group.id: _titled(group) for group in model.Session.scalars(organizations)},
        )


def dictize(release: Release) -> dict[str, Any]:
    """Return a release without its snapshot; times are ISO 8601 in UTC, ``age_days`` counts from the request."""
    return _dictized(
        release, release.snapshot.get("package", {}), release.snapshot.get("left_out"), _Known.of([release])
    )


def _dictized(
    release: Release, package: Mapping[str, Any], left_out: list[Any] | None, known: _Known
) -> dict[str, Any]:
    return {
        **{name: getattr(release, name) for name in _PLAIN},
        **{name: _iso(getattr(release, name)) for name in _TIMES},
        "dataset": {name: package.get(name) for name in _OF_PACKAGE},
        "organization": known.organizations.get(release.owner_org or ""),
        "requested_by": known.people.get(release.requested_by),
        "consents": release.consents.get("records", []),
        "approvals": known.approvals.get(release.id, 0),
        "age_days": (now() - release.created).days,
        "overdue": release.is_to_decide and release.due is not None and release.due < now(),
        "left_out": left_out or [],
    }


def show(release: Release, user: model.User) -> dict[str, Any]:
    """Return all that a person needs to decide: scans with findings, who did what, and what they themselves may do.

    ``metadata`` are the findings in the description, each with its field, its place there and a masked example.

    ``may`` maps each step to None, or to the sentence that says why the person cannot take it. ``changed`` says that
    the dataset is no longer what the release would make public, or (``agreements_changed``) that what people agreed to
    is no longer what it was asked for with; ``own_refusal`` that the person's own refusal is appealed against;
    ``erased`` that nothing is kept of it.
    """
    is_open = release.state in OPEN_STATES
    return {
        **dictize(release),
        "decisions": [_decision(each) for each in Decision.of(release.id)],
        "scans": [scans.dictize(scan) for scan in judging.scans_of(release).values()],
        "metadata": [dataclasses.asdict(found) for found in judging.found_in_description(release.snapshot)],
        "changed": is_open and not as_requested.is_current(release),
        "agreements_changed": is_open and not legal_basis.as_seen(release),
        "own_refusal": people.is_own_refusal(user, release),
        "erased": bool(release.snapshot.get("erased")),
        "may": _may(release, user),
    }


def _may(release: Release, user: model.User) -> dict[str, str | None]:
    decide, judge = people.why_not_decide(user, release), people.why_not_judge(user, release)
    edit = None if people.may_update(user, release.package_id) else tk._("Only editors of this dataset can do this.")
    sysadmin = None if user.sysadmin else tk._("Only a system administrator can use the emergency exit.")
    return {
        "approve": _already(release, user) or people.why_not_approve(user, release),
        "return": judge,
        "reject": judge,
        "withdraw": decide and edit,
        "erase": decide,
        "hold": decide,
        "resume": people.why_not_resume(user, release),
        "confirm": people.why_not_vouch(user, release),
        "narrow": judge or people.why_not_yet(user, release, release.created),
        "appeal": edit,
        "cancel": edit,
        "override": sysadmin,
    }


def _already(release: Release, user: model.User) -> str | None:
    if user.id in people.approvals(release):
        return tk._("You have approved this release already; another steward has to approve it too.")
    return None


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "event": decision.event,
        "role": decision.role,
        "user": _person(decision.user_id),
        "reason": decision.reason,
        "created": _iso(decision.created),
    }


def _person(user_id: str) -> dict[str, str] | None:
    user = model.User.get(user_id)
    return _named(user) if user else None


def _named(user: model.User) -> dict[str, str]:
    return {"name": user.name, "display_name": user.display_name}


def _titled(group: model.Group) -> dict[str, str]:
    return {"id": group.id, "name": group.name, "title": group.display_name}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# Lists ----------------------------------------------------------------------------------------------------------


def listing(user: model.User, filters: Filters, limit: int, offset: int) -> dict[str, Any]:
    """Return ``{count, counts, came_back, adopted, results}`` of what a person may see, open ones oldest first.

    ``counts`` tells how many there are in each state when the state filter is left out, ``adopted`` how far the look at
    what was public before the gate has come.
    """
    visible = _visible(user)
    narrowed = [*visible, *_conditions(filters, user)]
    unfiltered = [*visible, *_conditions(dataclasses.replace(filters, state=None), user)]
    counts = sa.select(Release.state, sa.func.count()).where(*unfiltered).group_by(Release.state)
    order = Release.created.asc() if filters.state in (OPEN, *OPEN_STATES) else Release.created.desc()
    # First which, then what: PostgreSQL would open the snapshot of every row before it sorts them.
    listed = sa.select(Release.id).where(*narrowed).order_by(order, Release.id).limit(limit).offset(offset)
    query = sa.select(Release, *_SHOWN).where(Release.id.in_(model.Session.scalars(listed).all()))
    rows = model.Session.execute(query.order_by(order, Release.id).options(defer(Release.snapshot))).all()
    known = _Known.of(release for release, *_ in rows)
    return {
        "count": _count(narrowed),
        "counts": dict(model.Session.execute(counts).tuples().all()),
        "came_back": came_back(user),
        "adopted": _adopted(visible),
        "results": [
            _dictized(release, dict(zip(_OF_PACKAGE, package, strict=True)), left_out, known)
            for release, left_out, *package in rows
        ],
    }


def waiting(user: model.User) -> int:
    """Return how many releases that a person may see wait for a steward."""
    return _count([*_visible(user), *_conditions(Filters(state=State.IN_REVIEW), user)])


def came_back(user: model.User) -> int:
    """Return how many of a person's own requests are their turn again: answered lately, and nothing newer asked."""
    return _count(_came_back(user))


def _came_back(user: model.User) -> list[sa.ColumnElement[bool]]:
    newer = aliased(Release)
    answered = sa.func.coalesce(Release.ended, Release.judged, Release.created)
    return [
        Release.requested_by == user.id,
        Release.state.in_(_CAME_BACK_IN),
        answered > now() - dt.timedelta(days=_NEWS_DAYS),
        ~sa.exists().where(newer.package_id == Release.package_id, newer.created > Release.created),
    ]


def _count(conditions: list[sa.ColumnElement[bool]]) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(Release).where(*conditions)) or 0


def _adopted(visible: list[sa.ColumnElement[bool]]) -> dict[str, int]:
    """Return how many adopted datasets are public, how many were scanned, and in how many something was found."""
    looked_at = Release.judged.is_not(None)
    # That nobody agreed to it before is a reason in each of them.
    found_more = sa.func.jsonb_path_exists(Release.reasons, f'$[*] ? (@.rule != "{FIRST_RELEASE}")')
    counts = (sa.func.count(), sa.func.count().filter(looked_at), sa.func.count().filter(looked_at, found_more))
    query = sa.select(*counts)
    found = model.Session.execute(query.where(Release.origin == "legacy", *Release.is_public(), *visible)).one()
    return dict(zip(("total", "looked_at", "found"), found, strict=True))


def _conditions(filters: Filters, user: model.User) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.state == OPEN:
        found.append(Release.state.in_(OPEN_STATES))
    elif filters.state == CAME_BACK:
        found += _came_back(user)
    elif filters.state:
        found.append(Release.state == filters.state)
    if filters.organization:
        found.append(Release.owner_org == filters.organization)
    if filters.dataset:
        found.append(Release.package_id == filters.dataset)
    if filters.outcome:
        found.append(Release.outcome == filters.outcome)
    if filters.overdue:
        found += [Release.to_decide(), Release.due < now()]
    return found


def _visible(user: model.User) -> list[sa.ColumnElement[bool]]:
    """Everything for sysadmins; else one's stewardships, the organisations one edits for, and shared datasets."""
    if user.sysadmin:
        return []
    organizations = {*Steward.organizations(user.id), *_edits_for(user)}
    seen = Release.owner_org.in_(organizations)
    if not authz.check_config_permission("allow_dataset_collaborators"):
        return [seen]
    shared = sa.select(model.PackageMember.package_id).where(
        model.PackageMember.user_id == user.id, model.PackageMember.capacity.in_(("admin", "editor"))
    )
    return [sa.or_(seen, Release.package_id.in_(shared))]


def _edits_for(user: model.User) -> Iterable[str]:
    context: Any = {"user": user.name, "model": model}
    found = tk.get_action("organization_list_for_user")(context, {"id": user.id, "permission": "update_dataset"})
    return (organization["id"] for organization in found)


# Status ---------------------------------------------------------------------------------------------------------


def status(package_id: str, *, insider: bool) -> dict[str, Any]:
    """Return where a dataset stands. Outsiders learn that a released dataset is released, and nothing about others."""
    public = Release.public(package_id)
    if not insider:
        if public is None:
            return _gone(package_id)
        return _status(public, State.RELEASED, public, [])
    changes = differences.from_public(package_id) if public else []
    subject = Release.open(package_id) or Release.latest(package_id)
    if public and subject and subject.state not in OPEN_STATES and not changes:
        subject = public
    return _status(subject, _state(subject, public), public, changes)


def _gone(package_id: str) -> dict[str, Any]:
    """Tell outsiders that a dataset was public and is not any more; one that never was does not exist for them."""
    found = tombstones.of(package_id)
    if found is None:
        raise tk.ObjectNotFound(tk._("Dataset not found"))
    told = {"state": found["state"], "released": False, "release_id": found["release_id"], "pending": []}
    return {**told, "next_step": "", "next_actor": "nobody", "since": found["since"], "reason": found["reason"]}


def _state(subject: Release | None, public: Release | None) -> str:
    if subject is None:
        return "draft"
    ended = subject.state == State.RELEASED and public is None
    return State.EXPIRED.value if ended else subject.state


def _status(subject: Release | None, state: str, public: Release | None, changes: list[Any]) -> dict[str, Any]:
    step, actor = next_step.sentence(state, subject.reasons if subject else ()), next_step.actor(state)
    if state == State.RELEASED and changes:
        step, actor = tk._("Ask for a release of the changes."), next_step.OFFICER
    return {
        "state": str(state),
        "released": public is not None,
        "release_id": subject.id if subject else None,
        "pending": changes,
        "next_step": step,
        "next_actor": actor,
    }
