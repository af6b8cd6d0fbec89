"""Consent records and receipts as JSON-LD: DPV 2.3 in the shape of ISO/IEC TS 27560, with the context inside.

A reader needs no network: nothing here refers to a context that lies elsewhere. The secret of the withdrawal link is in
neither document.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ckanext.privacy.engine.consent.record import INDETERMINATE, load_terms
from ckanext.privacy.engine.consent.states import ConsentEvent, status_at

Json = dict[str, Any]
Record = Mapping[str, Any]

RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"
#: Events in which people agreed, in the way that the record names.
_AGREEING = ("give", "renew")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
NOT_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"
_PREFIXES = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True)
class Frame:
    """What a record's document says beside the record: addresses of this catalogue, and what happened.

    ``namespace`` is where our own terms are named. ``principal`` is the random or keyed identifier of whoever agreed.
    """

    id: str
    address: str
    withdrawal: str
    rights: str
    datasets: Sequence[str]
    principal: str
    created: dt.datetime
    events: Sequence[ConsentEvent]
    namespace: str = "https://w3id.org/community-data#"
    evidence: Sequence[str] = ()


def record_document(record: Record, frame: Frame) -> Json:
    """Return a whole consent record as a JSON-LD document."""
    return {
        "@context": _context(frame),
        "@id": frame.address,
        "@type": "dpv:ConsentRecord",
        "dct:identifier": frame.id,
        "dct:conformsTo": _id(RECORD_PROFILE),
        "dct:created": _time(frame.created),
        "dct:accessRights": _id(NOT_PUBLIC),
        "cdg:consentLevel": _term("level", record["level"]),
        "cdg:coversDataset": [{"@id": address, "@type": "dcat:Dataset"} for address in frame.datasets],
        "dpv:hasDataSubject": _principal(record, frame),
        "dpv:hasDataController": _id(_controller_id(frame)),
        "dpv:hasEntity": [_controller(record, frame)],
        "dpv:hasJurisdiction": _id(f"loc:{record['jurisdiction']}"),
        **({"dpv:hasApplicableLaw": _named("dpv:Law", record["law"])} if record["law"] else {}),
        "dpv:hasLegalBasis": _term("legal_basis", record["legal_basis"]),
        "dpv:hasNotice": [_notice(record, frame)],
        "dpv:hasProcess": [_process(each, frame, number) for number, each in enumerate(record["processes"], start=1)],
        **_control_and_rights(record, frame),
        **_meeting(record, frame),
        **({"cdg:evidence": [_checksum(sha256) for sha256 in frame.evidence]} if frame.evidence else {}),
        "dpv:hasConsentStatus": [
            _status(record, frame, number) for number in range(1, len(frame.events) + 1)
        ],
    }  # fmt: skip


def receipt_document(record: Record, frame: Frame, created: dt.datetime) -> Json:
    """Return what whoever agreed takes home: what was agreed, with whom, and how to take it back."""
    return {
        "@context": _context(frame),
        "@id": f"{frame.address}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": f"{frame.id}-receipt",
        "dct:conformsTo": _id(RECEIPT_PROFILE),
        "dct:created": _time(created),
        "dpv:hasRecordOfActivity": _id(frame.address),
        "dpv:hasDataController": _id(_controller_id(frame)),
        "dpv:hasEntity": [_controller(record, frame)],
        "dpv:hasNotice": [_notice(record, frame)],
        "dpv:hasProcess": [_process(each, frame, number) for number, each in enumerate(record["processes"], start=1)],
        **_control_and_rights(record, frame),
        "dpv:hasConsentStatus": [_status(record, frame, len(frame.events))],
    }


# Pieces ---------------------------------------------------------------------------------------------------------


def _context(frame: Frame) -> Json:
    return {**_PREFIXES, "cdg": frame.namespace}


def _id(iri: str) -> Json:
    return {"@id": iri}


def _named(kind: str, text: str) -> Json:
    """Return what a text stands for: the thing at a web address, else one with the text as its title."""
    return _id(text) if WEB_ADDRESS.fullmatch(text) else {"@type": kind, "dct:title": text}


def _time(moment: dt.datetime) -> Json:
    return {"@type": "xsd:dateTime", "@value": moment.astimezone(dt.timezone.utc).isoformat(timespec="seconds")}


def _number(value: int) -> Json:
    return {"@type": "xsd:nonNegativeInteger", "@value": str(value)}


def _term(listname: str, word: str) -> Json:
    return _id(load_terms()[listname][word])


def _terms(listname: str, words: Sequence[str]) -> list[Json]:
    return [_term(listname, word) for word in words]


def _principal(record: Record, frame: Frame) -> Json:
    found: Json = {
        "@id": f"{frame.address}#principal",
        "@type": ["dpv:DataSubject"],
        "dpv:hasIdentifier": frame.principal,
    }
    if record["spoken_by"]["name"]:
        kind = "dpv:GuardianOfDataSubject" if record["level"] == "guardian" else "dpv:Representative"
        spoke = {"@id": _spoke_id(frame), "@type": kind, "dpv:hasName": record["spoken_by"]["name"]}
        mandate = record["spoken_by"]["mandate"]
        found["dpv:hasRepresentative"] = {**spoke, **({"cdg:mandate": mandate} if mandate else {})}
    return found


def _spoke_id(frame: Frame) -> str:
    return f"{frame.address}#spoke"


def _controller_id(frame: Frame) -> str:
    return f"{frame.address}#controller"


def _controller(record: Record, frame: Frame) -> Json:
    known = record["controller"]
    country = known["country"] or record["jurisdiction"][:2]
    address = {"schema:streetAddress": known["address"]} if known["address"] else {}
    return {
        "@id": _controller_id(frame),
        "@type": [load_terms()["controller_kind"][known["kind"]], "dpv:DataController"],
        "dpv:hasName": known["name"],
        "dpv:hasIdentifier": _controller_id(frame),
        "dpv:hasContact": known["contact"],
        "dpv:hasAddress": {"@type": "schema:PostalAddress", "schema:addressCountry": country, **address},
    }


def _notice(record: Record, frame: Frame) -> Json:
    notice = record["notice"]
    forms = [load_terms()["notice_form"][word] for word in notice["forms"]]
    return {
        "@id": f"{frame.address}#notice",
        "@type": ["dpv:ConsentNotice", *forms],
        "dct:language": notice["languages"],
        "dct:date": {"@type": "xsd:date", "@value": notice["date"]},
        **({"dct:description": notice["text"]} if notice["text"] else {}),
        **({"dct:source": _named("dpv:Notice", notice["url"])} if notice["url"] else {}),
    }


def _process(process: Record, frame: Frame, number: int) -> Json:
    return {
        "@id": f"{frame.address}#process-{number}",
        "@type": "dpv:Process",
        "dpv:hasPurpose": _terms("purpose", process["purpose"]),
        **({"dct:description": process["description"]} if process["description"] else {}),
        "dpv:hasProcessing": _terms("processing", process["processing"]),
        "dpv:hasPersonalData": _terms("personal_data", process["personal_data"]),
        "dpv:hasRecipient": [_recipient(word) for word in process["recipients"]],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": _id(f"loc:{process['storage_location']}")},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": _duration(process["retention"])},
        ],
    }


def _recipient(word: str) -> Json:
    known = load_terms()["recipient"].get(word)
    return {"@id": known, "@type": "dpv:Recipient"} if known else {"@type": "dpv:Recipient", "dpv:hasName": word}


def _duration(period: str) -> Json:
    if period == INDETERMINATE:
        return {"@type": "dpv:IndeterminateDuration"}
    return {"@type": "dpv:TemporalDuration", "rdf:value": {"@type": "xsd:duration", "@value": period}}


def _control_and_rights(record: Record, frame: Frame) -> Json:
    return {
        "dpv:hasConsentControl": [
            {
                "@id": f"{frame.address}#withdraw",
                "@type": ["dpv:WithdrawConsent", "dpv:ReaffirmConsent"],
                "dpv:isExercisedAt": _id(frame.withdrawal),
                "dct:description": record["withdrawal_contact"],
            }
        ],
        "dpv:hasRight": [
            {
                "@id": f"{frame.address}#right",
                "@type": "dpv:DataSubjectRight",
                "dct:title": {"@language": "en", "@value": "Take the agreement back"},
                "dpv:isExercisedAt": _id(frame.rights),
            }
        ],
    }


def _meeting(record: Record, frame: Frame) -> Json:
    meeting = record["meeting"]
    if not meeting["decision_rule"]:
        return {}
    counts = {"attendance": "cdg:attendanceTotal", "attendance_women": "cdg:attendanceWomen"}
    return {
        "dpv:hasOrganisationalMeasure": [
            {
                "@id": f"{frame.address}#meeting",
                "@type": "dpv:ConsultationWithDataSubjectRepresentative",
                "dct:date": {"@type": "xsd:date", "@value": meeting["date"]},
                **{term: _number(meeting[name]) for name, term in counts.items() if meeting[name] is not None},
                "cdg:decisionRule": meeting["decision_rule"],
            }
        ]
    }


def _checksum(sha256: str) -> Json:
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": _id("spdx:checksumAlgorithm_sha256"),
        "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": sha256},
    }


def _status(record: Record, frame: Frame, number: int) -> Json:
    """Return one event: its status, when, by whom, how, and for how long."""
    events = list(frame.events)[:number]
    event = events[-1]
    status = status_at(events, event.at)
    found: Json = {
        "@id": f"{frame.address}#event-{number}",
        "@type": f"dpv:{status}",
        "dpv:isIndicatedAtTime": _time(event.at),
        "dpv:isIndicatedBy": _id(_indicated_by(record, frame, event)),
    }
    if event.event.value in _AGREEING:
        # How the others were told, nobody wrote down.
        found["dpv:hasIndicationMethod"] = _term("method", record["method"])
        found["dpv:hasDuration"] = _period(event)
    return found


def _indicated_by(record: Record, frame: Frame, event: ConsentEvent) -> str:
    if event.event.value in ("request", "revoke", "expire", "invalidate"):
        return _controller_id(frame)
    return _spoke_id(frame) if record["spoken_by"]["name"] else f"{frame.address}#principal"


def _period(event: ConsentEvent) -> Json:
    if event.until is None:
        return {"@type": "dpv:IndeterminateDuration"}
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": _time(event.until)}
