"""Consent as data: what a record must say, which events may follow which, whether it holds at a moment, its JSON-LD.

Plain Python. Records have the shape of ISO/IEC TS 27560 with the terms of the Data Privacy Vocabulary (DPV) 2.3; where
DPV has no term (collective consent, the public as a recipient) the community-data namespace has one.
"""

from __future__ import annotations

from ckanext.privacy.engine.consent.export import Frame, receipt_document, record_document
from ckanext.privacy.engine.consent.record import (
    DEFAULT_PERIOD,
    InvalidConsent,
    Problem,
    allows_release,
    load_terms,
    parse_record,
    period_end,
)
from ckanext.privacy.engine.consent.states import (
    OBJECTIONS,
    TRANSITIONS,
    VALID,
    ConsentEvent,
    Event,
    ImpossibleEventError,
    Status,
    advance,
    holds_until,
    status_at,
)

__all__ = [
    "DEFAULT_PERIOD",
    "OBJECTIONS",
    "TRANSITIONS",
    "VALID",
    "ConsentEvent",
    "Event",
    "Frame",
    "ImpossibleEventError",
    "InvalidConsent",
    "Problem",
    "Status",
    "advance",
    "allows_release",
    "holds_until",
    "load_terms",
    "parse_record",
    "period_end",
    "receipt_document",
    "record_document",
    "status_at",
]
