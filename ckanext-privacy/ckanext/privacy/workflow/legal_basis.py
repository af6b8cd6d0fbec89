"""What a dataset's release rests on: whether it needs people's agreement, whether that is there, and binding it.

The gate looks for a valid agreement to exactly this, that everyone can see the data; any other consent does not count.
Other legal bases are as good: nobody is made to invent a consent. Whoever was asked as a community and said no is heard
whatever the basis.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.consent import OBJECTIONS, VALID, Status
from ckanext.privacy.interfaces import Requirement
from ckanext.privacy.model import Consent, ConsentChange, ConsentEvidence, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.translation import N_

#: ``consent_level`` of a dataset's description -> level of a record that fits it.
LEVELS = {"individual": "individual", "household-head": "household", "guardian": "guardian", "collective": "collective"}
CONSENT = frozenset({"consent", "explicit-consent"})
NOT_NEEDED = "not-needed"
#: Parts of a community that give it a say.
_HAS_A_SAY = frozenset({"subject", "rights-holder"})
_NOT_PERSONAL = frozenset({"non-personal", "anonymised"})
#: Name of the rule among a release's reasons.
RULE = "agreement"
FIELD, ANCHOR = "consent_records", "section-consent"
CHANGED = N_("The agreement that it rests on has changed since you looked: read it, and ask for a new release.")
_NOTHING: Mapping[str, Any] = {"records": [], "versions": {}}

Package = Mapping[str, Any]


def rests_on_consent(package: Package) -> bool:
    """Say whether a description names consent as what allows the release, or a community and no other basis."""
    level, bases = package.get("consent_level"), _listed(package.get("legal_basis"))
    if level in LEVELS or bases & CONSENT:
        return True
    return level != NOT_NEEDED and not bases and _is_about_a_community(package)


def requirements(package: Package) -> list[Requirement]:
    """Return what is missing about agreement and legal basis before a release can be asked for."""
    found = [_requirement(sentence, blocking=True) for sentence in problems(package)]
    if _wants_an_assessment(package):
        advice = tk._(
            "Say what the impact assessment found, or why none is needed: it stands in for people's agreement."
        )
        found.append(_requirement(advice, blocking=False, field="dpia"))
    return found


def problems(package: Package) -> list[str]:
    """Return why a dataset may not be released as far as agreement goes, as sentences; none when it may."""
    records = Consent.covering(package["id"])
    if _objection(records):
        return [tk._("The community said no to this. Talk to it; only a new agreement of the community opens the way.")]
    lack = _lack(records, package) if rests_on_consent(package) else None
    return [tk._(lack)] if lack else []


_NONE = N_("The description says that people agreed. Write down who agreed to what, when and for how long.")
_NOT_VALID = N_("The agreement that was written down does not hold any more, or was not given yet: ask again.")
_OTHER_USES = N_("People agreed to other uses, not that everyone can see the data: ask them about that.")
_OTHERS = N_("The description names others than those whose agreement was written down: put one of both right.")


def _lack(records: Sequence[Consent], package: Package) -> str | None:
    if not records:
        return _NONE
    valid = [record for record in records if holds(record)]
    opening = {record.level for record in valid if record.allows_release}
    if not opening:
        return _OTHER_USES if valid else _NOT_VALID
    wanted = LEVELS.get(package.get("consent_level") or "")
    return _OTHERS if wanted and wanted not in opening else None


def holds(record: Consent) -> bool:
    """Say whether an agreement holds at this moment, whether or not the clock has noted its end."""
    return record.status in VALID and (record.until is None or record.until > now())


def status_of(record: Consent) -> Status:
    """Return where an agreement stands at this moment."""
    return Status.EXPIRED if record.status in VALID and not holds(record) else Status(record.status)


def frozen(package: Package) -> dict[str, Any]:
    """Return the agreements that a release would rest on now, as it is asked for with them.

    ``records`` says which they are, ``versions`` the hash of the last thing that happened to each: who renews one, or
    writes another down, makes the release one that nobody has looked at.
    """
    records = _opening(package)
    facts = [{"id": record.id, "sha256": record.sha256} for record in records]
    return {"records": facts, "versions": ConsentChange.newest([record.id for record in records])}


def as_seen(release: Release) -> bool:
    """Say whether a release would rest on exactly those agreements that were there when it was asked for."""
    known = bound(release)
    return frozen(release.snapshot["package"]) == {name: known.get(name, empty) for name, empty in _NOTHING.items()}


def is_seen_already(release: Release, before: Release | None) -> bool:
    """Say whether all agreements of a release are, as they stand, among those of another one before it."""
    versions = bound(release).get("versions", {})
    return versions.items() <= (bound(before).get("versions", {}) if before else {}).items()


def writers(release: Release) -> set[str]:
    """Return the ids of all who wrote down, changed or gave evidence of an agreement that a release rests on."""
    ids = [record["id"] for record in bound(release).get("records", ())]
    return Consent.written_by(ids) | ConsentChange.written_by(ids) | ConsentEvidence.added_to(ids) if ids else set()


def bind(release: Release) -> None:
    """Have a locked release end by itself when the first of the agreements does that it was asked for with.

    ``ValidationError`` when they do not hold, or are others by now.
    """
    lacks = problems(release.snapshot["package"])
    if not lacks and not as_seen(release):
        lacks = [tk._(CHANGED)]
    if lacks:
        raise tk.ValidationError({FIELD: lacks})
    own_end = bound(release).get("expires", release.expires.isoformat() if release.expires else None)
    release.consents = {**_NOTHING, **bound(release), "expires": own_end}
    settle_end(release)


def settle_end(release: Release) -> None:
    """Set a release's end to its own, or to the first end of what it rests on, whichever comes sooner."""
    known = bound(release)
    ends = [record.until for each in known["records"] if (record := Consent.get(each["id"])) and record.until]
    if known["expires"]:
        ends.append(dt.datetime.fromisoformat(known["expires"]))
    release.expires = min(ends, default=None)


def reasons(lacks: Sequence[str]) -> list[dict[str, Any]]:
    """Return sentences about agreement as the reasons of a release that is blocked by them."""
    return [{"rule": RULE, "outcome": "blocked", "sentence": sentence, "fields": []} for sentence in lacks]


def bound(release: Release) -> dict[str, Any]:
    """Return what a release rests on: ``{"records": [{"id", "sha256"}], "versions": {id: hash}}``.

    From when it is public on, ``expires`` is its own end. {} for what was public before the gate.
    """
    return release.consents or {}


def _opening(package: Package) -> list[Consent]:
    """Return the valid agreements that everyone can see the data, if the release rests on any."""
    if not rests_on_consent(package):
        return []
    return [record for record in Consent.covering(package["id"]) if record.allows_release and holds(record)]


def _objection(records: Sequence[Consent]) -> bool:
    """Say whether a community said no and has not agreed to the release since; no other can answer in its place."""
    said = [record for record in records if record.level == "collective"]
    agreed = [record for record in said if record.allows_release and holds(record)]
    refused = [record for record in said if record.status in OBJECTIONS]
    return any(not any(_takes_back(yes, no) for yes in agreed) for no in refused)


def _takes_back(yes: Consent, no: Consent) -> bool:
    return _speaker(yes) == _speaker(no) and _answered_at(yes) > _answered_at(no)


def _speaker(record: Consent) -> str:
    """Return who spoke for the community, however it is spaced and in whatever case."""
    return " ".join(record.content["spoken_by"]["name"].casefold().split())


def _answered_at(record: Consent) -> dt.datetime:
    """Return when people gave the answer, which can be long before somebody wrote it down."""
    return ConsentChange.of(record.id)[-1].at


def _is_about_a_community(package: Package) -> bool:
    communities = package.get("communities") or []
    return any(_listed(each.get("role")) & _HAS_A_SAY for each in communities if isinstance(each, Mapping))


def _wants_an_assessment(package: Package) -> bool:
    personal = _listed(package.get("personal_data")) - _NOT_PERSONAL
    bases = _listed(package.get("legal_basis"))
    return bool(personal and bases and not bases & CONSENT and not package.get("dpia"))


def _listed(value: Any) -> set[str]:
    return {value} if isinstance(value, str) and value else set(value or ())


def _requirement(sentence: str, *, blocking: bool, field: str = FIELD) -> Requirement:
    label = tk._("Agreement of the people in the data") if field == FIELD else tk._("Impact assessment")
    return Requirement(field=field, label=label, message=sentence, anchor=ANCHOR, blocking=blocking)
