"""What each action accepts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ckan.logic.schema import validator_args
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict, Schema, Validator, ValidatorFactory

from ckanext.privacy.engine.kinds import called
from ckanext.privacy.engine.metadata import reaching_people
from ckanext.privacy.said import said

#: How many releases one call may approve.
MOST_AT_ONCE = 100
#: Characters of a reason or a note.
LONGEST_REASON = 2000

#: The largest number that is taken: the database counts with 64 bits.
MOST = (1 << 62) - 1


def accepts(make_schema: Callable[[], Schema]) -> Callable[[Action], Action]:
    """Check what an action is sent. CKAN puts empty lists back that the schema took out; the action sees none."""

    def decorate(action: Action) -> Action:
        @functools.wraps(action)
        def with_what_was_sent(context: Context, data_dict: DataDict) -> Any:
            return action(context, {name: value for name, value in data_dict.items() if value != []})

        return tk.validate_action_data(make_schema)(with_what_was_sent)

    return decorate


def unless_empty(key: Any, data: Any, errors: Any, context: Any) -> None:
    """Leave out a parameter that holds nothing, an empty object too; 0 and false are something."""
    if data.get(key) in (None, "", [], {}) or data.get(key) is tk.missing:
        data.pop(key, None)
        raise tk.StopOnError


def count(value: Any) -> int:
    """Accept a whole number from 0, as number or text; CKAN's own fails on lists and knows no largest."""
    try:
        found = int(value) if isinstance(value, (int, str)) else -1
    except ValueError:
        found = -1
    if not 0 <= found <= MOST:
        raise tk.Invalid(tk._("Give a whole number from 0 on."))
    return found


def page_of(data_dict: DataDict) -> tuple[int | None, int | None]:
    """Return limit and offset of a call to one of CKAN's lists; what is no natural number is refused."""
    schema: Any = {name: [unless_empty, count] for name in ("limit", "offset")}
    data, errors = tk.navl_validate({key: data_dict[key] for key in schema if key in data_dict}, schema)
    if errors:
        raise tk.ValidationError(errors)
    return data.get("limit"), data.get("offset")


@validator_args
def dataset_id(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One dataset, by id or name."""
    return {"id": [not_empty, unicode_safe]}


@validator_args
def record_id(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One record, by its id."""
    return {"id": [not_empty, unicode_safe]}


@validator_args
def scan_create(unicode_safe: Validator) -> Schema:
    """All files of a dataset, or one file."""
    return {"id": [unless_empty, unicode_safe], "resource_id": [unless_empty, unicode_safe]}


@validator_args
def scan_list(unicode_safe: Validator, boolean_validator: Validator) -> Schema:
    """Scans of a dataset or of one file; ``all`` gives older ones too."""
    return {
        "id": [unless_empty, unicode_safe],
        "resource_id": [unless_empty, unicode_safe],
        "all": [unless_empty, boolean_validator],
    }


@validator_args
def release_request(not_empty: Validator, unicode_safe: Validator, isodate: Validator) -> Schema:
    """A dataset, a note for the stewards, the dates of its public life, and which files, where it is not all."""
    return {
        "id": [not_empty, unicode_safe],
        "note": [unless_empty, unicode_safe],
        **{name: [unless_empty, isodate] for name in ("public_on", "review_by", "expires")},
        "resources": [unless_empty, texts],
    }


@validator_args
def release_approve(not_empty: Validator, unicode_safe: Validator, isodate: Validator) -> Schema:
    """A release, the fingerprint of what the steward saw, a note, and the day from which it is public."""
    return {
        "id": [not_empty, unicode_safe],
        "snapshot_sha256": [not_empty, unicode_safe],
        "note": [unless_empty, unicode_safe, _at_most(LONGEST_REASON), for_everyone],
        "public_on": [unless_empty, isodate],
    }


@validator_args
def release_approve_bulk(not_missing: Validator, unicode_safe: Validator) -> Schema:
    """Releases with their fingerprints, and one note for all."""
    note = [unless_empty, unicode_safe, _at_most(LONGEST_REASON), for_everyone]
    return {"items": [not_missing, approvals], "note": note}


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
    reason = [not_empty, unicode_safe, strip_value, not_empty, _at_most(LONGEST_REASON)]
    return {"id": [not_empty, unicode_safe], "reason": reason}


@validator_args
def with_public_reason(not_empty: Validator, unicode_safe: Validator, strip_value: Validator) -> Schema:
    """A record and the reason for what is done to it, which the public register tells."""
    reason = [not_empty, unicode_safe, strip_value, not_empty, _at_most(LONGEST_REASON), for_everyone]
    return {"id": [not_empty, unicode_safe], "reason": reason}


def for_everyone(value: Any) -> Any:
    """Accept words that everyone will read: with a person's number or address in them they would be a leak by hand."""
    for each in reaching_people({"reason": value}):
        sentence = tk._("Everyone can read this, and it holds {what} ({example}): please say it without.")
        raise tk.Invalid(sentence.format(what=said(called(each.entity)), example=each.example))
    return value


@validator_args
def release_cancel(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A release and, if the person likes, a reason."""
    return {"id": [not_empty, unicode_safe], "reason": [unless_empty, unicode_safe]}


@validator_args
def release_confirm(isodate: Validator) -> Schema:
    """A release, what was looked at, and by when it has to be looked at again."""
    return {**with_public_reason(), "review_by": [unless_empty, isodate]}


@validator_args
def release_withdraw(not_empty: Validator, unicode_safe: Validator, boolean_validator: Validator) -> Schema:
    """A release, the reason, and whether its bytes are erased for good."""
    return {**with_public_reason(), "erase": [unless_empty, boolean_validator]}


@validator_args
def leak_check(boolean_validator: Validator) -> Schema:
    """Whether all pages and files are read as well."""
    return {"whole": [unless_empty, boolean_validator]}


def page() -> Schema:
    """A page of a list."""
    return {"limit": [unless_empty, count, _as_many_as_shown], "offset": [unless_empty, count]}


def _as_many_as_shown(value: Any) -> Any:
    # Validators go on after one that refused, with what it refused.
    return min(value, tk.config["ckan.search.rows_max"]) if isinstance(value, int) else value


@validator_args
def release_list(unicode_safe: Validator, boolean_validator: Validator) -> Schema:
    """Filters of the queue and of the history."""
    names = ("state", "organization", "dataset", "outcome")
    shown = {name: [unless_empty, unicode_safe] for name in names}
    return {**page(), **shown, "overdue": [unless_empty, boolean_validator]}


@validator_args
def register_list(unicode_safe: Validator, isodate: Validator) -> Schema:
    """Filters of the public register."""
    return {
        **page(),
        "event": [unless_empty, unicode_safe],
        "organization": [unless_empty, unicode_safe],
        "since": [unless_empty, isodate],
    }


@validator_args
def audit_list(unicode_safe: Validator) -> Schema:
    """Filters of the audit log."""
    names = ("event", "object_id")
    return {**page(), **{name: [unless_empty, unicode_safe] for name in names}}


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
def consent_show(unicode_safe: Validator, one_of: ValidatorFactory) -> Schema:
    """A record by its id or by the secret of its link, and in which form it is wanted."""
    return {**_named_or_secret(), "format": [unless_empty, unicode_safe, one_of(["jsonld", "receipt"])]}


@validator_args
def consent_list(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """One dataset."""
    return {"dataset_id": [not_empty, unicode_safe]}


@validator_args
def consent_withdraw(unicode_safe: Validator, one_of: ValidatorFactory) -> Schema:
    """A record by its id or by the secret of its link, and who takes it back."""
    return {**_named_or_secret(), "by": [unless_empty, unicode_safe, one_of(["subject", "controller"])]}


@validator_args
def consent_renew(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A record, and for how long it holds now."""
    return {
        "id": [not_empty, unicode_safe],
        "valid_for": [unless_empty, unicode_safe],
        "valid_until": [unless_empty, unicode_safe],
    }


@validator_args
def consent_evidence_create(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """A record, and a file that shows it."""
    return {"id": [not_empty, unicode_safe], "upload": [not_empty]}


@validator_args
def _named_or_secret(unicode_safe: Validator) -> Schema:
    return {"id": [unless_empty, unicode_safe], "token": [unless_empty, unicode_safe]}


@validator_args
def concern_create(not_empty: Validator, unicode_safe: Validator, strip_value: Validator) -> Schema:
    """A dataset, what worries the sender, and how to reach them if they like."""
    return {
        "dataset_id": [not_empty, unicode_safe],
        "text": [not_empty, unicode_safe, strip_value, not_empty, _at_most(5000)],
        "contact": [unless_empty, unicode_safe, _at_most(200)],
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
def concern_list(unicode_safe: Validator) -> Schema:
    """Filters of the stewards' list."""
    return {**page(), **{name: [unless_empty, unicode_safe] for name in ("state", "dataset", "organization")}}


@validator_args
def concern_resolve(unicode_safe: Validator, one_of: ValidatorFactory, boolean_validator: Validator) -> Schema:
    """A concern, the answer to it, what came of it, and whether what was released is erased."""
    return {
        **with_reason(),
        "outcome": [unless_empty, unicode_safe, one_of(["kept", "corrected", "taken_down"])],
        "erase": [unless_empty, boolean_validator],
    }
