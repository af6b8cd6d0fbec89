"""The gate's own tables. Findings, consent and decisions live here and nowhere else: extras, activity and the search
index are public with the dataset."""

from __future__ import annotations

from ckanext.privacy.model.audit import AuditEntry
from ckanext.privacy.model.cleaning import Cleaning
from ckanext.privacy.model.concern import Concern
from ckanext.privacy.model.consent import Consent, ConsentChange, ConsentEvidence
from ckanext.privacy.model.edit import Edit
from ckanext.privacy.model.release import Decision, Release
from ckanext.privacy.model.reminder import Reminder
from ckanext.privacy.model.removal import Removal
from ckanext.privacy.model.scan import Scan
from ckanext.privacy.model.steward import Steward

__all__ = [
    "AuditEntry",
    "Cleaning",
    "Concern",
    "Consent",
    "ConsentChange",
    "ConsentEvidence",
    "Decision",
    "Edit",
    "Release",
    "Reminder",
    "Removal",
    "Scan",
    "Steward",
]
