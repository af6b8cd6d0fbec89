"""What people decide about a release: approve, return, reject, appeal, cancel, withdraw, confirm, override."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.policy import ReleaseOutcome
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import erasure, removal
from ckanext.privacy.model import AuditEntry, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import as_requested, audit, judging, legal_basis, links, notify, people, publishing, steps
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES, Event, State


def approve(
    release_id: str,
    snapshot_sha256: str,
    user: model.User,
    note: str | None = None,
    public_on: dt.datetime | None = None,
) -> Release:
    """Put a person's name to exactly this snapshot; the last approval that is needed makes it public.

    With ``public_on`` it waits for that moment; a steward can set it later than what was asked for, never earlier.
    """
    release = steps.lock(release_id)
    refuse(people.why_not_approve(user, release), "approve", release, user)
    check_unchanged(release, snapshot_sha256)
    approvals = people.approvals(release)
    if release.state == State.IN_REVIEW and user.id in approvals:
        raise _stop(tk._("You have approved this release already; another steward has to approve it too."))
    _judge_anew(release)
    actor = steps.Actor.person(user, release.owner_org)
    release.public_on = max(filter(None, (release.public_on, public_on)), default=None)
    steps.take(release, Event.APPROVE, actor, note, **_own_refusal(user, release))
    if len(approvals | {user.id}) >= max(release.needs, 1):
        publishing.make_public_or_schedule(release, actor, note)
        notify.decided(release.id)
    else:
        model.Session.commit()
    return release


def _judge_anew(release: Release) -> None:
    """Judge by today's policy what a person is about to approve; what it blocks is blocked, and nobody approves it."""
    if release.state == State.IN_REVIEW and judging.judge_again(release) is ReleaseOutcome.BLOCKED:
        model.Session.commit()
        notify.decided(release.id)
        raise steps.invalid(
            tk._("The policy does not let this go any more, so it is blocked now. The reasons are with the release.")
        )


def _own_refusal(user: model.User, release: Release) -> dict[str, bool]:
    """What the log is told where a person decides about the appeal against their own refusal."""
    return {"own_refusal": True} if people.is_own_refusal(user, release) else {}


def return_(release_id: str, reason: str, user: model.User) -> Release:
    """Give a request back for changes, with the reason."""
    return _stop_release(release_id, Event.RETURN, reason, user)


def reject(release_id: str, reason: str, user: model.User) -> Release:
    """Refuse a request, with the reason; it can be appealed."""
    return _stop_release(release_id, Event.REJECT, reason, user)


def _stop_release(release_id: str, event: Event, reason: str, user: model.User) -> Release:
    release = steps.lock(release_id)
    refuse(people.why_not_judge(user, release), event.value, release, user)
    facts = _own_refusal(user, release)
    steps.take(release, event, steps.Actor.person(user, release.owner_org), reason, **facts)
    model.Session.commit()
    notify.decided(release.id)
    return release


def appeal(release_id: str, reason: str, user: model.User) -> Release:
    """Ask for a second look at a refused request; it goes back to review unchanged, or is blocked as it was."""
    release = steps.lock(release_id)
    refuse(_why_not_edit(user, release), "appeal", release, user)
    other = Release.open(release.package_id)
    if other is not None:
        raise _stop(tk._("A newer request for this dataset is under way; its decision comes first."))
    check_unchanged(release, release.snapshot_sha256)
    if not removal.all_there(release.snapshot):
        raise _stop(tk._("The files of this request are not kept any more: ask for a new release of the dataset."))
    steps.take(release, Event.APPEAL, steps.Actor.person(user, release.owner_org), reason)
    judging.judge_again(release)
    model.Session.commit()
    notify.decided(release.id)
    return release


def cancel(release_id: str, reason: str | None, user: model.User) -> Release:
    """Take an open request back."""
    release = steps.lock(release_id)
    refuse(_why_not_edit(user, release), "cancel", release, user)
    steps.take(release, Event.CANCEL, steps.Actor.person(user, release.owner_org), reason)
    model.Session.commit()
    return release


def withdraw(release_id: str, reason: str, user: model.User) -> Release:
    """Take a public release down; one that was never public is taken back."""
    release = steps.lock(release_id)
    if release.state in OPEN_STATES:
        model.Session.rollback()
        return cancel(release_id, reason, user)
    why_not = people.why_not_decide(user, release) and _why_not_edit(user, release)
    refuse(why_not, "withdraw", release, user)
    publishing.take_down(release, Event.WITHDRAW, steps.Actor.person(user, release.owner_org), reason)
    notify.decided(release.id)
    return release


def erase(release_id: str, user: model.User, reason: str | None = None) -> str | None:
    """Erase what a release showed, or would have shown, and all older versions of its dataset; for stewards.

    What is public is taken down first, what is asked for is taken back, and so is a request for some of the same files.
    What has ended may have been public or not. Returns a sentence about what could not be erased, or None.
    """
    release = steps.lock(release_id)
    refuse(people.why_not_decide(user, release), "erase", release, user)
    actor = steps.Actor.person(user, release.owner_org)
    _end_request_for_the_same(release, actor)
    if release.state in STANDING_STATES:
        publishing.take_down(release, Event.WITHDRAW, actor, reason, erase=True)
        notify.decided(release_id)
    else:
        if release.state in OPEN_STATES:
            steps.take(release, Event.CANCEL, actor, reason)
        erasure.erase(release, reason or release.ended_reason)
        model.Session.commit()
    return _kept(release_id)


def _end_request_for_the_same(release: Release, actor: steps.Actor) -> None:
    """Take back a request for a file, or rows, that are about to be erased: nobody could approve it any more."""
    other = Release.open(release.package_id)
    if other is None or other.id == release.id:
        return
    if erasure.shown_by(release.package_id, besides=release.id).intersection(removal.content(other.snapshot)):
        steps.take(other, Event.CANCEL, actor, say("What it shows was erased."))


def _kept(release_id: str) -> str | None:
    """Return a sentence about what was not erased with a release because other releases show it; or None."""
    query = (
        sa.select(AuditEntry.data)
        .where(AuditEntry.event == erasure.EVENT, AuditEntry.object_id == release_id)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    )
    data = model.Session.scalars(query).one_or_none() or {"package": None, "kept_for": []}
    others = [owner for owner in data["kept_for"] if owner != data["package"]]
    said = [_kept_for(others)] if others else []
    if data["package"] in data["kept_for"]:
        said.append(tk._("Another version of this dataset is public, or waits for a decision: that one stays."))
    return " ".join(said) or None


def _kept_for(package_ids: list[str]) -> str:
    sentence = tk._(
        "The same file or rows are also in a release of: {datasets}. There they stay until that is taken down."
    )
    names = [package.name for each in package_ids if (package := model.Session.get(model.Package, each))]
    return sentence.format(datasets=", ".join(names))


def hold(release_id: str, reason: str, user: model.User) -> Release:
    """Close a public release for now, at once and alone: any steward may. Nothing about it changes."""
    release = steps.lock(release_id)
    refuse(people.why_not_decide(user, release), "hold", release, user)
    publishing.take_down(release, Event.HOLD, steps.Actor.person(user, release.owner_org), reason)
    notify.decided(release.id)
    return release


def resume(release_id: str, reason: str, user: model.User) -> Release:
    """Show a release again that was on hold, as it was; who asked for it, or changed the dataset last, may not."""
    release = steps.lock(release_id)
    refuse(people.why_not_resume(user, release), "resume", release, user)
    _stop_if_changed_under(release)
    publishing.resume(release, steps.Actor.person(user, release.owner_org), reason)
    notify.decided(release.id)
    return release


def confirm(release_id: str, reason: str, user: model.User, review_by: dt.datetime | None = None) -> Release:
    """Note that a public release was looked at again and may stay; its next day of review is set. Two persons hold.

    Without ``review_by`` it is as far off as the one before it was, or as the policy says where that is sooner.
    """
    if review_by is not None and review_by <= now():
        raise steps.invalid(tk._("Give a day to look at it again that is still to come."), "review_by")
    release = steps.lock(release_id)
    refuse(people.why_not_vouch(user, release), "confirm", release, user)
    publishing.look_again_later(release)
    release.review_by = review_by or release.review_by
    release.due = None
    actor = steps.Actor.person(user, release.owner_org)
    steps.take(release, Event.CONFIRM, actor, reason, **publishing.next_look(release))
    model.Session.commit()
    return release


def override(release_id: str, reason: str, user: model.User) -> Release:
    """Release now, whatever it waits for: approvals, a scan, its day, or the end of a hold.

    Sysadmins only, and the public register says so.
    """
    release = steps.lock(release_id)
    if not user.sysadmin:
        refuse(tk._("Only a system administrator can use the emergency exit."), "override", release, user)
    actor = steps.Actor(user.id, "sysadmin")
    if release.state == State.HELD:
        _stop_if_changed_under(release)
        publishing.resume(release, actor, reason, Event.OVERRIDE)
    else:
        check_unchanged(release, release.snapshot_sha256)
        release.origin, release.public_on = "override", None
        publishing.make_public(release, Event.OVERRIDE, actor, reason)
    notify.decided(release.id)
    return release


def _why_not_edit(user: model.User, release: Release) -> str | None:
    if people.may_update(user, release.package_id):
        return None
    return tk._("Only editors of this dataset can do this.")


def refuse(why_not: str | None, attempt: str, release: Release, user: model.User) -> None:
    """Undo, note the attempt in the log and refuse; nothing happens when there is no reason to."""
    if why_not is None:
        return
    release_id = release.id
    model.Session.rollback()
    audit.record_denied(f"release.{attempt}", release_id, why_not, user.id)
    raise people.MayNot(why_not)


def check_unchanged(release: Release, seen: str) -> None:
    """Undo and refuse when dataset, links or agreement are no longer what was asked for, or what the person saw."""
    if seen != release.snapshot_sha256 or not as_requested.is_current_dataset(release):
        raise _stop(
            tk._("The dataset has changed since you looked: read the differences, and ask for a new release of it."),
            "snapshot_sha256",
        )
    moved = links.why_not(release)
    if moved:
        raise _stop(moved, "snapshot_sha256")
    if not legal_basis.as_seen(release):
        raise _stop(tk._(legal_basis.CHANGED), legal_basis.FIELD)


def _stop_if_changed_under(release: Release) -> None:
    if links.changed_under(release):
        raise _stop(tk._(links.CHANGED))


def _stop(sentence: str, field: str = "message") -> tk.ValidationError:
    model.Session.rollback()
    return steps.invalid(sentence, field)
