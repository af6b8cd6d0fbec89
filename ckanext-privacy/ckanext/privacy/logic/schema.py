"""What each action accepts."""

from __future__ import annotations

from typing import Any

from ckan.logic.schema import validator_args
from ckan.plugins import toolkit as tk
from ckan.types import Schema, Validator, ValidatorFactory

#: How many releases one call may approve.
MOST_AT_ONCE = 100


@validator_args
def dataset_id(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One dataset, by id or name."""
    return {"id": [not_empty, unicode_safe]}


@validator_args
def record_id(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One record, by its id."""
    return {"id": [not_empty, unicode_safe]}


@validator_args
def scan_create(ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """All files of a dataset, or one file."""
    return {"id": [ignore_empty, unicode_safe], "resource_id": [ignore_empty, unicode_safe]}


@validator_args
def scan_list(ignore_empty: Validator, unicode_safe: Validator, boolean_validator: Validator) -> Schema:
    """Scans of a dataset or of one file; ``all`` gives older ones too."""
    return {
        "id": [ignore_empty, unicode_safe],
        "resource_id": [ignore_empty, unicode_safe],
        "all": [ignore_empty, boolean_validator],
    }


@validator_args
def release_request(
    not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator, isodate: Validator
) -> Schema:
    """A dataset, a note for the stewards, the dates of its public life, and which files, where it is not all."""
    return {
        "id": [not_empty, unicode_safe],
        "note": [ignore_empty, unicode_safe],
        **{name: [ignore_empty, isodate] for name in ("public_on", "review_by", "expires")},
        "resources": [ignore_empty, texts],
    }


@validator_args
def release_approve(
    not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator, isodate: Validator
) -> Schema:
    """A release, the fingerprint of what the steward saw, a note, and the day from which it is public."""
    return {
        "id": [not_empty, unicode_safe],
        "snapshot_sha256": [not_empty, unicode_safe],
        "note": [ignore_empty, unicode_safe],
        "public_on": [ignore_empty, isodate],
    }


@validator_args
def release_approve_bulk(not_missing: Validator, ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """Releases with their fingerprints, and one note for all."""
    return {"items": [not_missing, approvals], "note": [ignore_empty, unicode_safe]}


@validator_args
def release_narrow(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A release, the fingerprint of what the steward saw, and the files that may go."""
    return {
        "id": [not_empty, unicode_safe],
        "snapshot_sha256": [not_empty, unicode_safe],
        "resources": [not_empty, texts],
    }


def texts(value: Any) -> list[str]:
    """Accept one text or a list of them."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise tk.Invalid(tk._("Give a list of ids."))
    return found


def approvals(value: Any) -> list[dict[str, str]]:
    """Accept at most a hundred releases, each with the fingerprint that was looked at."""
    keys = ("id", "snapshot_sha256")
    is_list = isinstance(value, list) and 0 < len(value) <= MOST_AT_ONCE
    if not is_list or not all(isinstance(each, dict) and all(map(each.get, keys)) for each in value):
        raise tk.Invalid(tk._("Give 1 to {n} releases, each with id and snapshot_sha256.").format(n=MOST_AT_ONCE))
    return [{key: str(each[key]) for key in keys} for each in value]


@validator_args
def with_reason(not_empty: Validator, unicode_safe: Validator, strip_value: Validator) -> Schema:
    """A record and the reason for what is done to it."""
    return {"id": [not_empty, unicode_safe], "reason": [not_empty, unicode_safe, strip_value, not_empty]}


@validator_args
def release_cancel(not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """A release and, if the person likes, a reason."""
    return {"id": [not_empty, unicode_safe], "reason": [ignore_empty, unicode_safe]}


@validator_args
def release_withdraw(
    not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator, boolean_validator: Validator
) -> Schema:
    """A release, the reason, and whether its bytes are erased for good."""
    return {**with_reason(), "erase": [ignore_empty, boolean_validator]}


@validator_args
def page(
    ignore_empty: Validator, natural_number_validator: Validator, limit_to_configured_maximum: ValidatorFactory
) -> Schema:
    """A page of a list."""
    return {
        "limit": [ignore_empty, natural_number_validator, limit_to_configured_maximum("ckan.search.rows_max", 1000)],
        "offset": [ignore_empty, natural_number_validator],
    }


@validator_args
def release_list(ignore_empty: Validator, unicode_safe: Validator, boolean_validator: Validator) -> Schema:
    """Filters of the queue and of the history."""
    names = ("state", "organization", "dataset", "outcome")
    shown = {name: [ignore_empty, unicode_safe] for name in names}
    return {**page(), **shown, "overdue": [ignore_empty, boolean_validator]}


@validator_args
def register_list(ignore_empty: Validator, unicode_safe: Validator, isodate: Validator) -> Schema:
    """Filters of the public register."""
    return {
        **page(),
        "event": [ignore_empty, unicode_safe],
        "organization": [ignore_empty, unicode_safe],
        "since": [ignore_empty, isodate],
    }


@validator_args
def audit_list(ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """Filters of the audit log."""
    names = ("event", "object_id")
    return {**page(), **{name: [ignore_empty, unicode_safe] for name in names}}


@validator_args
def steward(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A person and an organisation."""
    return {"username": [not_empty, unicode_safe], "organization": [not_empty, unicode_safe]}


@validator_args
def steward_list(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """An organisation."""
    return {"organization": [not_empty, unicode_safe]}


@validator_args
def remediation_suggest(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One file."""
    return {"resource_id": [not_empty, unicode_safe]}


@validator_args
def remediation(
    not_empty: Validator, unicode_safe: Validator, convert_to_json_if_string: Validator, dict_only: Validator
) -> Schema:
    """One file and a plan, as an object or as its JSON."""
    return {"resource_id": [not_empty, unicode_safe], "plan": [not_empty, convert_to_json_if_string, dict_only]}


@validator_args
def consent_show(ignore_empty: Validator, unicode_safe: Validator, one_of: ValidatorFactory) -> Schema:
    """A record by its id or by the secret of its link, and in which form it is wanted."""
    return {**_named_or_secret(), "format": [ignore_empty, unicode_safe, one_of(["jsonld", "receipt"])]}


@validator_args
def consent_list(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One dataset."""
    return {"dataset_id": [not_empty, unicode_safe]}


@validator_args
def consent_withdraw(ignore_empty: Validator, unicode_safe: Validator, one_of: ValidatorFactory) -> Schema:
    """A record by its id or by the secret of its link, and who takes it back."""
    return {**_named_or_secret(), "by": [ignore_empty, unicode_safe, one_of(["subject", "controller"])]}


@validator_args
def consent_renew(not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """A record, and for how long it holds now."""
    return {
        "id": [not_empty, unicode_safe],
        "valid_for": [ignore_empty, unicode_safe],
        "valid_until": [ignore_empty, unicode_safe],
    }


@validator_args
def consent_evidence_create(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A record, and a file that shows it."""
    return {"id": [not_empty, unicode_safe], "upload": [not_empty]}


@validator_args
def _named_or_secret(ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    return {"id": [ignore_empty, unicode_safe], "token": [ignore_empty, unicode_safe]}


@validator_args
def concern_create(
    not_empty: Validator, ignore_empty: Validator, unicode_safe: Validator, strip_value: Validator
) -> Schema:
    """A dataset, what worries the sender, and how to reach them if they like."""
    return {
        "dataset_id": [not_empty, unicode_safe],
        "text": [not_empty, unicode_safe, strip_value, not_empty, _at_most(5000)],
        "contact": [ignore_empty, unicode_safe, _at_most(200)],
    }


def _at_most(length: int) -> Validator:
    def check(value: Any) -> Any:
        if len(value) > length:
            raise tk.Invalid(tk._("Please use at most {n} characters.").format(n=length))
        return value

    return check


@validator_args
def concern_show() -> Schema:
    """A concern by its id or by the secret on its receipt."""
    return _named_or_secret()


@validator_args
def concern_list(ignore_empty: Validator, unicode_safe: Validator) -> Schema:
    """Filters of the stewards' list."""
    return {**page(), **{name: [ignore_empty, unicode_safe] for name in ("state", "dataset", "organization")}}


@validator_args
def concern_resolve(
    ignore_empty: Validator, unicode_safe: Validator, one_of: ValidatorFactory, boolean_validator: Validator
) -> Schema:
    """A concern, the answer to it, what came of it, and whether what was released is erased."""
    return {
        **with_reason(),
        "outcome": [ignore_empty, unicode_safe, one_of(["kept", "corrected", "taken_down"])],
        "erase": [ignore_empty, boolean_validator],
    }
