"""Writing down who agreed to what; what is told about it to those who keep the dataset, and to who has the link."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import state_names
from ckanext.privacy.engine import consent as rules
from ckanext.privacy.engine.consent import Event, Status
from ckanext.privacy.gate import evidence, freeze
from ckanext.privacy.gate.snapshot import canonical
from ckanext.privacy.model import Consent, ConsentChange, ConsentEvidence, Release
from ckanext.privacy.model.columns import new_id, now
from ckanext.privacy.workflow import audit, legal_basis, people, steps

Json = dict[str, Any]

#: How a record can begin.
BEGINNINGS = {"given": Event.GIVE, "requested": Event.REQUEST, "refused": Event.REFUSE}


@dataclass(frozen=True)
class Wish:
    """What is to be written down: by whom, about which datasets, and since when and until when it holds."""

    user: model.User
    package_ids: Sequence[str]
    data: Mapping[str, Any]
    begins: str = "given"
    at: dt.datetime | None = None
    until: dt.datetime | None = None
    valid_for: str = ""
    #: Something that tells one person or household from another, such as its number in the survey. Never stored.
    principal_key: str = ""
    files: Sequence[Any] = field(default_factory=tuple)


def create(wish: Wish) -> tuple[Consent, str]:
    """Write an agreement down in the caller's transaction; return it and the secret of its withdrawal link.

    The datasets are locked with it. The secret is kept nowhere.
    """
    event, at = BEGINNINGS[wish.begins], _moment(wish.at)
    content = _content(wish)
    until = _end(wish, at) if event is Event.GIVE else None
    for package_id in sorted(wish.package_ids):
        steps.lock_package(package_id)
    token = secrets.token_urlsafe(24)
    content["evidence"] = [_keep(each) for each in wish.files]
    record = Consent(
        id=new_id(),
        package_ids=list(wish.package_ids),
        level=content["level"],
        content=content,
        sha256=hashlib.sha256(canonical(content)).hexdigest(),
        principal=_principal(wish),
        allows_release=rules.allows_release(content),
        token_sha256=token_hash(token),
        created_by=wish.user.id,
    )
    model.Session.add(record)
    facts = {"datasets": record.package_ids, "level": record.level, "record_sha256": record.sha256}
    facts["evidence_sha256"] = [each["sha256"] for each in content["evidence"]]
    note_event(record, event, steps.Actor.person(wish.user, organization(record)), at=at, until=until, **facts)
    return record, token


def add_evidence(record_id: str, user: model.User, file: Any) -> Consent:
    """Keep a file that shows an agreement and came later, and commit. The record and its hash stay as they are."""
    record = Consent.get(record_id, for_update=True)
    if record is None:
        raise tk.ObjectNotFound(tk._("There is no such agreement."))
    kept = _keep(file)
    model.Session.add(ConsentEvidence(consent_id=record.id, added_by=user.id, **kept))
    model.Session.flush()
    role = steps.Actor.person(user, organization(record)).role
    data = {"evidence_sha256": [kept["sha256"]], "record_sha256": record.sha256, "role": role}
    audit.record("consent.evidence", "consent", record.id, data, user.id)
    model.Session.commit()
    return record


def note_event(
    record: Consent,
    event: Event,
    actor: steps.Actor,
    *,
    at: dt.datetime | None = None,
    until: dt.datetime | None = None,
    **facts: Any,
) -> ConsentChange:
    """Append an event to a locked record, in the caller's transaction; ``ValidationError`` if it does not fit."""
    known = ConsentChange.of(record.id)
    before = legal_basis.status_of(record) if known else None
    try:
        status = rules.advance(before, event)
    except rules.ImpossibleEventError as error:
        raise steps.invalid(
            tk._("This step is not possible with this agreement. Where it stands: {status}.").format(
                status=state_names.of_agreement(before)
            )
        ) from error
    moment = at or now()
    end = until.isoformat() if until else None
    values = {"event": event.value, "status": status.value, "at": moment.isoformat(), "until": end, "role": actor.role}
    previous = known[-1].hash if known else record.sha256
    change = ConsentChange(
        id=new_id(),
        consent_id=record.id,
        seq=len(known) + 1,
        event=event.value,
        status=status.value,
        at=moment,
        until=until,
        role=actor.role,
        actor=None if actor.role in (people.COMMUNITY, people.CLOCK) else actor.id,
        hash=hashlib.sha256(canonical({"before": previous, **values})).hexdigest(),
    )
    record.status, record.until = status.value, until if status in rules.VALID else None
    model.Session.add(change)
    model.Session.flush()
    data = {"status": status.value, "role": actor.role, "event_sha256": change.hash, **facts}
    audit.record(f"consent.{event}", "consent", record.id, data, change.actor)
    return change


def token_hash(token: str) -> str:
    """Return what is kept of the secret in a withdrawal link."""
    return hashlib.sha256(token.encode()).hexdigest()


def _moment(at: dt.datetime | None) -> dt.datetime:
    found = at.replace(tzinfo=at.tzinfo or dt.timezone.utc) if at else now()
    if found > now() + dt.timedelta(days=1):
        raise steps.invalid(tk._("The day of the agreement lies in the future; choose the day it was given."), "at")
    return min(found, now())


def _end(wish: Wish, at: dt.datetime) -> dt.datetime | None:
    return _plainly(lambda: period_end(at, wish.until, wish.valid_for))


def period_end(at: dt.datetime, until: dt.datetime | None, valid_for: str) -> dt.datetime | None:
    """Return when an agreement that begins at ``at`` ends; None if never. Its end must lie in the future."""
    found = until.replace(tzinfo=until.tzinfo or dt.timezone.utc) if until else None
    if until is None:
        found = rules.period_end(at, valid_for or rules.DEFAULT_PERIOD)
    if found and found <= now():
        raise steps.invalid(tk._("By then it has ended already: say for how long it holds, or ask again."), "valid_for")
    return found


def _content(wish: Wish) -> Json:
    packages = [freeze.working_package(package_id) for package_id in wish.package_ids]
    given = {name: value for name, value in wish.data.items() if value not in (None, "", [], {})}
    record = _plainly(lambda: rules.parse_record({**_known(packages[0]), **given}))
    record["datasets"] = [{"id": each["id"], "title": each.get("title") or each["name"]} for each in packages]
    return record


def _plainly(act: Any) -> Any:
    """Turn what the rules say about a record into a validation error in the reader's language."""
    try:
        return act()
    except rules.InvalidConsent as error:
        raise tk.ValidationError({each.field: [tk._(each.sentence)] for each in error.problems}) from error


def _known(package: Mapping[str, Any]) -> Json:
    """Return what the description of a dataset says already, so that nobody has to say it twice."""
    organization = package.get("organization") or {}
    contact = next((each.get("email") or each.get("url") for each in package.get("contact") or () if each), "")
    bases = legal_basis.CONSENT.intersection(package.get("legal_basis") or ())
    community = next(iter(package.get("communities") or ()), {})
    return {
        "level": legal_basis.LEVELS.get(package.get("consent_level") or ""),
        "legal_basis": min(bases, default=None, key=lambda word: word != "explicit-consent"),
        "controller": {"name": package.get("data_controller") or organization.get("title"), "contact": contact},
        "jurisdiction": next(iter(package.get("jurisdiction") or ()), ""),
        "withdrawal_contact": package.get("withdrawal_contact"),
        "spoken_by": {"name": community.get("representative_body")},
    }


def _principal(wish: Wish) -> str:
    if not wish.principal_key:
        return f"urn:uuid:{new_id()}"
    secret = hmac.new(str(tk.config["SECRET_KEY"]).encode(), b"principals of consent records", hashlib.sha256).digest()
    named = f"{min(wish.package_ids)}\0{wish.principal_key}".encode()
    return f"hmac-sha256:{hmac.new(secret, named, hashlib.sha256).hexdigest()}"


def _keep(file: Any) -> Json:
    name = str(getattr(file, "filename", "") or "").rpartition("/")[2]
    return {**evidence.put(getattr(file, "stream", file)), "filename": name}


def organization(record: Consent) -> str | None:
    """Return the organisation that keeps the datasets of a record."""
    package = model.Session.get(model.Package, record.package_ids[0])
    return package.owner_org if package else None


# What is told ---------------------------------------------------------------------------------------------------


def dictize(record: Consent) -> Json:
    """Return a record with its events, for those who keep the dataset or decide about it."""
    status = legal_basis.status_of(record)
    return {
        "id": record.id,
        "datasets": record.package_ids,
        "level": record.level,
        "status": status.value,
        "valid": status in rules.VALID,
        "allows_release": record.allows_release,
        "until": record.until.isoformat() if record.until else None,
        "created": record.created.isoformat(),
        "principal": record.principal,
        "sha256": record.sha256,
        "record": record.content,
        "evidence": _evidence(record),
        "events": [_event(each) for each in ConsentChange.of(record.id)],
    }


def _evidence(record: Consent) -> list[Json]:
    """Return what shows an agreement: what came with the record, then what was added, with its day."""
    later = [
        {"id": each.id, "sha256": each.sha256, "bytes": each.bytes, "filename": each.filename,
         "added": each.created.isoformat()}
        for each in ConsentEvidence.of(record.id)
    ]  # fmt: skip
    return [*record.content.get("evidence", []), *later]


def _event(change: ConsentChange) -> Json:
    return {
        "event": change.event,
        "status": change.status,
        "at": change.at.isoformat(),
        "until": change.until.isoformat() if change.until else None,
        "role": change.role,
        "hash": change.hash,
    }


def for_holder(record: Consent) -> Json:
    """Return what whoever has the withdrawal link may know: what was agreed to, where it stands, what is public."""
    status, content = legal_basis.status_of(record), record.content
    shown = {name: content.get(name) for name in ("controller", "notice", "processes", "words", "withdrawal_contact")}
    return {
        "id": record.id,
        "status": status.value,
        "valid": status in rules.VALID,
        "level": record.level,
        "until": record.until.isoformat() if record.until else None,
        "given": _given(record),
        "datasets": [_dataset(each) for each in content.get("datasets", [])],
        **shown,
    }


def _given(record: Consent) -> str | None:
    given = [each.at for each in ConsentChange.of(record.id) if Status(each.status) in rules.VALID]
    return given[-1].isoformat() if given else None


def _dataset(known: Mapping[str, str]) -> Json:
    """A dataset goes by the title it had when people agreed: what it is called now may not be released."""
    return {"title": known["title"], "public": Release.public(known["id"]) is not None, "id": known["id"]}


def document(record: Consent) -> Json:
    """Return the record as JSON-LD (ISO/IEC TS 27560 with DPV), its context inside."""
    return rules.record_document(record.content, _frame(record))


def receipt(record: Consent) -> Json:
    """Return the receipt as JSON-LD."""
    return rules.receipt_document(record.content, _frame(record), now())


def _frame(record: Consent) -> rules.Frame:
    changes = ConsentChange.of(record.id)
    return rules.Frame(
        id=record.id,
        address=tk.h.url_for("privacy.consent", id=record.id, qualified=True, locale="default"),
        withdrawal=tk.h.url_for("privacy.withdraw_start", qualified=True, locale="default"),
        rights=tk.h.url_for("privacy.about", qualified=True, locale="default"),
        datasets=[
            tk.h.url_for("dataset.read", id=package_id, qualified=True, locale="default")
            for package_id in record.package_ids
        ],
        principal=record.principal,
        created=record.created,
        events=[rules.ConsentEvent(Event(each.event), each.at, each.until) for each in changes],
        evidence=[each["sha256"] for each in _evidence(record)],
    )


def withdrawal_address(record: Consent, token: str) -> str:
    """Return the link with which an agreement is taken back, in the language people were told in where CKAN has it."""
    spoken = [each.partition("-")[0] for each in record.content["notice"]["languages"]]
    offered = {
        locale.short_name if hasattr(locale, "short_name") else str(locale) for locale in tk.h.get_available_locales()
    }
    locale = next((language for language in spoken if language in offered), "default")
    return tk.h.url_for("privacy.withdraw", token=token, qualified=True, locale=locale)


def said_already(package_id: str) -> Json:
    """Return what the description of a dataset says already of an agreement, and more that a form can start with."""
    package = freeze.working_package(package_id)
    notice = {"forms": package.get("notice_form") or [], "languages": " ".join(package.get("notice_languages") or ())}
    return {
        **_known(package),
        "notice": {**notice, "url": package.get("notice_url")},
        "purpose": package.get("purpose") or [],
        "personal_data": package.get("personal_data") or [],
    }


def problems(package_id: str, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a record with these answers would lack, as sentences by field; {} when it could be written."""
    given = {name: value for name, value in data.items() if value not in (None, "", [], {})}
    try:
        rules.parse_record({**_known(freeze.working_package(package_id)), **given})
    except rules.InvalidConsent as error:
        return {each.field: [tk._(each.sentence)] for each in error.problems}
    return {}
