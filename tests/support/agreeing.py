"""Agreements of made-up people, as an officer would write them down."""

from __future__ import annotations

from typing import Any

from support.releases import act, make_dataset

#: What people agreed to: the city uses it, and everyone sees the counted table.
FOR_EVERYONE = {
    "purpose": ["policy-making"],
    "processing": ["make-available"],
    "personal_data": ["anonymised"],
    "recipients": ["public"],
    "storage_location": "IN",
}
FOR_THE_CITY = {
    "purpose": ["public-services"],
    "processing": ["collect", "store", "use"],
    "personal_data": ["household"],
    "recipients": ["city"],
    "storage_location": "IN",
    "retention": "P3Y",
}
RECORD = {
    "level": "collective",
    "controller": {"name": "City lab", "contact": "data-desk@example.org", "kind": "government"},
    "jurisdiction": "IN",
    "notice": {"forms": ["oral"], "languages": ["qu", "es"], "date": "2026-02-20", "text": "Read aloud."},
    "processes": [FOR_THE_CITY, FOR_EVERYONE],
    "spoken_by": {"name": "Residents' committee"},
    "meeting": {"date": "2026-02-22", "attendance": 61, "attendance_women": 38, "decision_rule": "majority"},
    "words": "Count us, do not name us.",
    "withdrawal_contact": "The committee's room",
}


def community_dataset(**fields: Any) -> Any:
    """A dataset whose description says that a community agreed to its release."""
    return make_dataset(**{"consent_level": "collective", **fields})


def agree(dataset_id: str, user: str = "officer", **changes: Any) -> Any:
    """Write an agreement down; return it with its token."""
    return act(user, "privacy_consent_create", dataset_id=dataset_id, **{**RECORD, **changes})
