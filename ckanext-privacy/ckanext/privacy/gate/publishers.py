"""What organisations and groups say of themselves is public at once: nobody approves it.

So numbers that nobody may publish (identities, accounts) are refused when they are saved; what reaches a single person
is pointed at, since an office may have such an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.description import texts_of
from ckanext.privacy.engine.findings import MetadataFinding, Sensitivity
from ckanext.privacy.engine.metadata import reaching_people, scan_metadata
from ckanext.privacy.said import said

#: What may be sent and is not theirs to say.
_LEFT_OUT = frozenset({"packages", "users", "groups", "id", "state", "type", "tags"})


def texts(group: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of an organisation or group by their place, fields that the site added as well."""
    return texts_of({name: value for name, value in group.items() if name not in _LEFT_OUT})


def grave(said_of_it: Mapping[str, str]) -> list[MetadataFinding]:
    """Return what nobody may publish."""
    return _grave(scan_metadata(said_of_it))


def check(group: Mapping[str, Any]) -> list[str]:
    """Return the fields whose texts reach a single person, such as a telephone number.

    Texts with what nobody may publish in them are refused: a ``ValidationError`` names each field, in one sentence.
    """
    found = reaching_people(texts(group))
    refused = {each.field: each for each in _grave(found)}
    if refused:
        raise tk.ValidationError({field: [_sentence(each)] for field, each in refused.items()})
    return sorted({each.field for each in found})


def _grave(found: Iterable[MetadataFinding]) -> list[MetadataFinding]:
    return [each for each in found if each.sensitivity.rank >= Sensitivity.HIGH.rank]


def _sentence(found: MetadataFinding) -> str:
    told = {"reason": said(found.reason), "example": found.example}
    return tk._("{reason} ({example}) Everybody sees this text as soon as it is saved.").format(**told)
