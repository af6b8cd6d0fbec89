"""What the parameters of the actions must be."""

from __future__ import annotations

from ckan.logic.schema import validator_args
from ckan.types import Schema, Validator, ValidatorFactory


@validator_args
def source_add(not_empty: Validator, unicode_safe: Validator) -> Schema:
    return {"city": [not_empty, unicode_safe], "organization": [not_empty, unicode_safe]}


@validator_args
def preview(not_empty: Validator, unicode_safe: Validator, ignore_missing: Validator) -> Schema:
    return {
        "source_type": [not_empty, unicode_safe],
        "url": [not_empty, unicode_safe],
        "config": [ignore_missing],
    }


@validator_args
def run(
    not_empty: Validator, unicode_safe: Validator, default: ValidatorFactory, boolean_validator: Validator
) -> Schema:
    return {
        "id": [not_empty, unicode_safe],
        "wait": [default(False), boolean_validator],
        "accept_loss": [default(False), boolean_validator],
    }


@validator_args
def source(not_empty: Validator, unicode_safe: Validator) -> Schema:
    return {"id": [not_empty, unicode_safe]}


@validator_args
def approve(
    not_empty: Validator,
    unicode_safe: Validator,
    ignore_missing: Validator,
    default: ValidatorFactory,
    boolean_validator: Validator,
) -> Schema:
    return {
        "id": [not_empty, unicode_safe],
        "note": [ignore_missing, unicode_safe],
        "members_sha256": [ignore_missing, unicode_safe],
        "automatic_release": [default(False), boolean_validator],
    }


@validator_args
def listing(
    not_empty: Validator, unicode_safe: Validator, default: ValidatorFactory, natural_number_validator: Validator
) -> Schema:
    return {"id": [not_empty, unicode_safe], "limit": [default(50), natural_number_validator]}


@validator_args
def purge(not_empty: Validator, unicode_safe: Validator) -> Schema:
    return {
        "id": [not_empty, unicode_safe],
        "name": [not_empty, unicode_safe],
        "reason": [not_empty, unicode_safe],
    }


@validator_args
def conflict_resolve(
    not_empty: Validator, unicode_safe: Validator, ignore_missing: Validator, one_of: ValidatorFactory
) -> Schema:
    return {
        "id": [not_empty, unicode_safe],
        "field": [not_empty, unicode_safe],
        "take": [not_empty, one_of(["remote", "local"])],
        "at": [ignore_missing, unicode_safe],
    }
