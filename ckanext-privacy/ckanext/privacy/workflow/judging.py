"""From scan reports to what a release needs: the policy's verdict, and what follows from it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine.description import texts_of
from ckanext.privacy.engine.findings import (
    EngineFacts,
    FileFacts,
    FileReport,
    Held,
    MetadataFinding,
    Outcome,
    from_dict,
)
from ckanext.privacy.engine.metadata import scan_metadata
from ckanext.privacy.engine.policy import (
    CHANGED_WORDS,
    FIRST_RELEASE,
    Policy,
    Reason,
    ReleaseOutcome,
    ReleaseVerdict,
    gravest_first,
    judge_release,
)
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.updates import Evidence
from ckanext.privacy.gate import addresses, freeze, publishers
from ckanext.privacy.gate.snapshot import described
from ckanext.privacy.interfaces import IPublicElsewhere
from ckanext.privacy.model import Decision, Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.scan import DONE, FAILED
from ckanext.privacy.workflow import as_requested, audit, legal_basis, links, notify, people, publishing, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import Event, State

log = logging.getLogger(__name__)

#: What a person says of a release, and whether it speaks for showing the dataset.
_WORDS_OF_PERSONS = {
    Event.APPROVE: True,
    Event.OVERRIDE: True,
    Event.CONFIRM: True,
    Event.RESUME: True,
    Event.RETURN: False,
    Event.REJECT: False,
    Event.HOLD: False,
    Event.WITHDRAW: False,
}


def after_scan(scan_id: str, package_id: str) -> None:
    """Judge the release that waits for a scan, once the last of its scans has ended."""
    under_way, public = Release.open(package_id), Release.public(package_id)
    if under_way is not None and scan_id in under_way.scans.values():
        judge(under_way.id)
    if public is not None and public.origin in ("legacy", "override") and scan_id in public.scans.values():
        note_adopted(public.id)


def judge(release_id: str) -> None:
    """Judge a release whose scans have all ended; does nothing while one is still running."""
    release = steps.lock(release_id)
    scans = scans_of(release)
    if release.state != State.SCANNING or any(scan.status not in (DONE, FAILED) for scan in scans.values()):
        model.Session.rollback()
        return
    verdict = verdict_on(release, scans)
    note(release, verdict)
    linked = links.bind(release, scans)
    if verdict.outcome is ReleaseOutcome.BLOCKED:
        steps.take(release, Event.BLOCK, steps.POLICY)
    else:
        steps.take(release, Event.JUDGE, steps.POLICY, outcome=release.outcome, **linked)
    model.Session.commit()
    if verdict.outcome is ReleaseOutcome.AUTOMATIC:
        _release_by_policy(release_id)
    notify.judged(release_id)


def note_adopted(release_id: str) -> None:
    """Note what was found in what was public before its files were looked at: adopted, or let out as an emergency.

    It stays public: people decide, and about what was adopted by a day.
    """
    release = steps.lock(release_id)
    scans = scans_of(release)
    if release.judged or any(scan.status not in (DONE, FAILED) for scan in scans.values()):
        model.Session.rollback()
        return
    verdict = verdict_on(release, scans)
    note(release, verdict)
    if release.origin == "legacy" and any(reason.rule != FIRST_RELEASE for reason in verdict.reasons):
        release.due = steps.decide_by()
    data = {"package": release.package_id, "outcome": release.outcome, **links.bind(release, scans)}
    audit.record("release.looked_at", "release", release.id, data, people.POLICY)
    model.Session.commit()


def scans_of(release: Release) -> dict[str, Scan]:
    """Return the scans a release rests on, by resource id."""
    if not release.scans:
        return {}
    query = sa.select(Scan).where(Scan.id.in_(release.scans.values())).execution_options(populate_existing=True)
    found = {scan.id: scan for scan in model.Session.scalars(query)}
    return {resource_id: found[scan_id] for resource_id, scan_id in release.scans.items()}


def evidence(snapshot: Mapping[str, Any], scans: Mapping[str, Scan], policy: Policy) -> Evidence:
    """Return all that is known about a release's content. A file that could not be looked at counts as held."""
    texts = texts_of(described(snapshot))
    return Evidence(
        files={resource_id: _file_report(scan, policy) for resource_id, scan in scans.items()},
        metadata=(*scan_metadata(texts), *_of_organization(snapshot)),
        texts=texts,
        addresses=_of_links(snapshot),
        hosts=_hosts(snapshot),
        quality_errors={key: (scan.quality or {}).get("error_count", 0) for key, scan in scans.items()},
    )


def _of_organization(snapshot: Mapping[str, Any]) -> Iterator[MetadataFinding]:
    """What must not be in a description of the organisation, which a release carries along: it has no editor here."""
    text = (snapshot["package"].get("organization") or {}).get("description") or ""
    yield from publishers.grave({"organization description": text})


def _of_links(snapshot: Mapping[str, Any]) -> frozenset[str]:
    """The places of the addresses of linked files, as ``texts_of`` calls them."""
    resources = enumerate(snapshot["package"].get("resources", []), start=1)
    kinds = {number: snapshot["resources"].get(resource["id"], {}).get("kind") for number, resource in resources}
    return frozenset(f"resource {number} url" for number, kind in kinds.items() if kind == "link")


def _hosts(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """The host of every link, by resource id."""
    entries = snapshot["resources"].items()
    return {key: addresses.host(entry["url"]) for key, entry in entries if entry.get("kind") == "link"}


def found_in_description(snapshot: Mapping[str, Any]) -> Sequence[MetadataFinding]:
    """Return what is found in the description of a dataset, which waits for no scan."""
    return scan_metadata(texts_of(described(snapshot)))


def on_description(package: dict[str, Any]) -> Sequence[Reason]:
    """Return what the policy in force asks for because of what is written about a dataset, the gravest first."""
    policy = config.policy()
    found = evidence(freeze.in_words(package), {}, policy)
    reasons = judge_release(found, policy, declarations=package).reasons
    return [reason for reason in reasons if reason.rule != FIRST_RELEASE]


def verdict_on(release: Release, scans: Mapping[str, Scan]) -> ReleaseVerdict:
    """Return what the policy in force says of a release whose scans have all ended."""
    policy = config.policy()
    found = evidence(release.snapshot, scans, policy)
    verdict = judge_release(
        found,
        policy,
        previous=_approved(release.package_id, policy),
        declarations=release.snapshot["package"],
    )
    verdict = _with_addresses(_with_links(verdict, scans), release)
    if not found.metadata and _all_clear(scans):
        verdict = _vouched_for(release, verdict)
    return _with_agreement(_seen_by_a_person(_after_a_refusal(verdict, release), release), release)


def _after_a_refusal(verdict: ReleaseVerdict, release: Release) -> ReleaseVerdict:
    """Have a person decide where a person's last word about the dataset was a no: the policy does not overrule it."""
    if verdict.outcome is not ReleaseOutcome.AUTOMATIC or not _is_refused(release.package_id):
        return verdict
    sentence = say("A person closed or refused a version of this dataset, and nobody has approved one since.")
    reason = Reason("refused-before", Outcome.ONE_STEWARD, sentence)
    return ReleaseVerdict(ReleaseOutcome.ONE_STEWARD, (reason, *verdict.reasons))


def _seen_by_a_person(verdict: ReleaseVerdict, release: Release) -> ReleaseVerdict:
    """Have a person look at an agreement that no release rested on which a person approved."""
    if verdict.outcome is not ReleaseOutcome.AUTOMATIC or legal_basis.is_seen_already(
        release, _approved_by_a_person(release.package_id)
    ):
        return verdict
    sentence = say("It rests on an agreement that nobody but its writer has looked at.")
    reason = Reason("agreement-not-seen", Outcome.ONE_STEWARD, sentence)
    return ReleaseVerdict(ReleaseOutcome.ONE_STEWARD, (reason, *verdict.reasons))


def _is_refused(package_id: str) -> bool:
    site = people.site_account()
    nobody = (people.POLICY, people.CLOCK, site.id if site else "")
    query = (
        sa.select(Decision.event)
        .join(Release, Release.id == Decision.release_id)
        .where(Release.package_id == package_id, Decision.event.in_([event.value for event in _WORDS_OF_PERSONS]))
        .where(Decision.user_id.not_in(nobody))
        .order_by(Decision.created.desc())
        .limit(1)
    )
    last = model.Session.scalar(query)
    return last is not None and not _WORDS_OF_PERSONS[Event(last)]


def _all_clear(scans: Mapping[str, Scan]) -> bool:
    return all(scan.status == DONE and scan.outcome == Outcome.CLEAR.value for scan in scans.values())


def _vouched_for(release: Release, verdict: ReleaseVerdict) -> ReleaseVerdict:
    """Let go what would wait only for being new, where a plugin vouches that it is public already."""
    if not verdict.reasons or {reason.rule for reason in verdict.reasons} - {FIRST_RELEASE, CHANGED_WORDS}:
        return verdict
    for plugin in p.PluginImplementations(IPublicElsewhere):
        sentence = plugin.public_elsewhere(release.snapshot["package"])
        if sentence:
            return ReleaseVerdict(ReleaseOutcome.AUTOMATIC, (Reason("public-elsewhere", Outcome.CLEAR, sentence),))
    return verdict


def _approved(package_id: str, policy: Policy) -> Evidence | None:
    """Return the evidence that a person approved last, for a dataset that is public; None if there is none.

    What went out by itself since then is no measure: many small steps would go far.
    """
    public = Release.public(package_id) or _changed_under(package_id)
    if public is None or public.origin != "request":
        return None
    base = _approved_by_a_person(package_id) or public
    whole = not base.snapshot.get("erased")
    scans = scans_of(base) if whole else {}
    if not whole or any(scan.status != DONE for scan in scans.values()):
        return None
    return evidence(base.snapshot, scans, policy)


def _approved_by_a_person(package_id: str) -> Release | None:
    """Return the newest release of a dataset that was public and that a person approved."""
    query = (
        sa.select(Release)
        .join(Decision, Decision.release_id == Release.id)
        .where(Release.package_id == package_id, Decision.event == Event.APPROVE.value, Release.released.is_not(None))
        .order_by(Release.released.desc())
        .limit(1)
    )
    return model.Session.scalars(query).one_or_none()


def _changed_under(package_id: str) -> Release | None:
    standing = Release.standing(package_id)
    return standing if standing is not None and links.changed_under(standing) else None


def _file_report(scan: Scan, policy: Policy) -> FileReport:
    if scan.report is None:
        held = () if scan.kind == "link" else (Held(_without_name(scan), scan.name),)
        facts = FileFacts(scan.name, scan.sha256 or "", 0, "unknown")
        return FileReport(facts, EngineFacts(""), policy.facts, Outcome.BLOCKED, held)
    report = from_dict(scan.report)
    return dataclasses.replace(report, held=()) if scan.kind == "link" else report


def _without_name(scan: Scan) -> str:
    return (scan.failure or say("The scan has no result.")).removeprefix(f"{scan.name}: ")


def _with_links(verdict: ReleaseVerdict, scans: Mapping[str, Scan]) -> ReleaseVerdict:
    """Let two stewards decide about linked files that could not be looked at: they are on the web already."""
    reasons = tuple(
        Reason("link-not-scanned", Outcome.TWO_STEWARDS, sentence)
        for scan in scans.values()
        if scan.kind == "link"
        for sentence in _unseen(scan)
    )
    if not reasons:
        return verdict
    ranked = list(ReleaseOutcome)
    outcome = max(verdict.outcome, ReleaseOutcome.TWO_STEWARDS, key=ranked.index)
    return ReleaseVerdict(outcome, gravest_first([*verdict.reasons, *reasons]))


def _with_addresses(verdict: ReleaseVerdict, release: Release) -> ReleaseVerdict:
    """Block files whose address leads nowhere, or runs in the reader's browser."""
    objections = addresses.objections(release.snapshot["package"]["resources"])
    if not objections:
        return verdict
    reasons = [Reason("address", Outcome.BLOCKED, sentence) for sentence in objections]
    return ReleaseVerdict(ReleaseOutcome.BLOCKED, gravest_first([*reasons, *verdict.reasons]))


def _with_agreement(verdict: ReleaseVerdict, release: Release) -> ReleaseVerdict:
    """Block what the people in the data have not agreed to, where that is needed."""
    lacks = legal_basis.problems(release.snapshot["package"])
    if not lacks:
        return verdict
    reasons = (Reason(legal_basis.RULE, Outcome.BLOCKED, sentence) for sentence in lacks)
    return ReleaseVerdict(ReleaseOutcome.BLOCKED, (*reasons, *verdict.reasons))


def _unseen(scan: Scan) -> Sequence[str]:
    if scan.report is None:
        return [scan.failure or f"{scan.name}: The scan has no result."]
    return [f"{scan.name}: {held['reason']}" for held in scan.report["held"]]


def note(release: Release, verdict: ReleaseVerdict) -> None:
    """Write a verdict into a locked release."""
    policy = config.policy()
    release.outcome = verdict.outcome.value
    release.needs = verdict.outcome.approvals or 0
    release.reasons = [
        {
            "rule": reason.rule,
            "outcome": reason.outcome.value,
            "sentence": reason.sentence,
            "fields": list(reason.fields),
        }
        for reason in verdict.reasons
    ]
    release.policy = {"name": policy.name, "version": policy.version}
    release.judged = now()


def _release_by_policy(release_id: str) -> None:
    """Release an update that needs no person, unless the dataset changed while it was scanned."""
    release = steps.lock(release_id)
    if release.state != State.IN_REVIEW:
        model.Session.rollback()
        return
    if not as_requested.is_current(release):
        changed = say("The dataset changed while it was scanned.")
        agreed_anew = say("The agreement that it rests on changed while it was scanned.")
        steps.take(release, Event.CANCEL, steps.POLICY, changed if legal_basis.as_seen(release) else agreed_anew)
        model.Session.commit()
        return
    if judge_again(release) is not ReleaseOutcome.AUTOMATIC:
        model.Session.commit()
        return
    try:
        publishing.make_public_or_schedule(release, steps.POLICY)
    except tk.ValidationError:
        # It stays in review: a steward may approve it, or the next run of "ckan privacy rescan" tries again.
        log.exception("Release %s needs no person, but could not be made public.", release_id)


def judge_again(release: Release) -> ReleaseOutcome:
    """Judge a locked release in review anew, since something has happened meanwhile; return what it needs now."""
    verdict = verdict_on(release, scans_of(release))
    note(release, verdict)
    if verdict.outcome is ReleaseOutcome.BLOCKED:
        steps.take(release, Event.BLOCK, steps.POLICY)
    return verdict.outcome


def retry_automatic() -> Done[str]:
    """Release the updates that need no person and are still waiting; return the ids of those that were tried."""
    query = sa.select(Release.id).where(
        Release.state == State.IN_REVIEW.value, Release.outcome == ReleaseOutcome.AUTOMATIC.value
    )
    return one_by_one(model.Session.scalars(query).all(), lambda each: _release_by_policy(each) or each)


def judge_waiting() -> Done[str]:
    """Judge the releases whose scans have all ended without anybody noticing (a worker died between the two)."""
    query = sa.select(Release.id).where(Release.state == State.SCANNING.value)
    return one_by_one(model.Session.scalars(query).all(), lambda each: judge(each) or each)
