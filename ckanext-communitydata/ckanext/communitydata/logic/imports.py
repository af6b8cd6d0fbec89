"""Reads files that people bring into proposals for the form: see ``imports/``. Nothing is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.communitydata import config
from ckanext.communitydata.imports import safety
from ckanext.communitydata.imports.proposal import ImportRefusedError, Proposal, Remark


def _file(data_dict: dict[str, Any], key: str, largest: int) -> tuple[str, bytes]:
    """Name and bytes of an uploaded file; one byte more than allowed is read, so that too much can be told."""
    upload: Any = data_dict.get(key)
    if not hasattr(upload, "read"):
        raise tk.ValidationError({key: [tk._("Choose a file.")]})
    return str(getattr(upload, "filename", "") or key), upload.read(largest + 1)


def _answer(read: Callable[[], Proposal]) -> dict[str, Any]:
    try:
        proposal = read()
    except ImportRefusedError as error:
        raise tk.ValidationError({"upload": [tk._(error.message).format(**error.values)]}) from None
    return {
        **proposal.as_dict(),
        "device_metadata": [_told(remark) for remark in proposal.device_metadata],
        "not_understood": [_told(remark) for remark in proposal.not_understood],
    }


def _told(remark: Remark) -> dict[str, str]:
    values = {k: tk._(v) if k == "label" else v for k, v in remark.values.items()}
    return {
        "where": remark.where,
        "message": tk._(remark.message).format(**values),
        "advice": str(values.get("advice", "")),
    }


def xlsform(data_dict: dict[str, Any]) -> dict[str, Any]:
    """The proposal that a form makes."""
    from ckanext.communitydata.imports import xlsform as reader

    name, content = _file(data_dict, "upload", safety.LARGEST_FORM)
    return _answer(lambda: reader.read(name, content, config.default_language()))


def answers(data_dict: dict[str, Any]) -> dict[str, Any]:
    """The proposal that an export makes, with the labels of its form where that is given too."""
    from ckanext.communitydata.imports import kobo
    from ckanext.communitydata.imports import xlsform as reader

    name, content = _file(data_dict, "upload", safety.LARGEST_EXPORT)
    form = _file(data_dict, "form", safety.LARGEST_FORM) if data_dict.get("form") else None

    def read() -> Proposal:
        asked = reader.read(*form, config.default_language()) if form else None
        found = kobo.read(name, content, asked)
        return Proposal(
            fields={**(asked.fields if asked else {}), **found.fields},
            columns=found.columns,
            device_metadata=found.device_metadata,
            not_understood=[*(asked.not_understood if asked else []), *found.not_understood],
        )

    return _answer(read)


def datapackage(data_dict: dict[str, Any]) -> dict[str, Any]:
    """The proposal that a Data Package makes."""
    from ckanext.communitydata.imports import datapackage as reader

    name, content = _file(data_dict, "upload", safety.LARGEST_EXPORT)
    return _answer(lambda: reader.read(name, content, config.default_language()))
