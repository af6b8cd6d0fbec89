"""Sentences in the language of whoever asks: stored ones are English, as in reports."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import has_request_context

from ckanext.privacy.said import said

#: what stands between a record and what is said of it, and how many of these are tried
_AFTER_THE_RECORD, _MOST = ": ", 5


def spoken(sentence: str) -> str:
    """A sentence in the language of the request; as it is where nobody asks, as on the command line and from cron."""
    return said(sentence) if has_request_context() and tk.h.lang() else sentence


def spoken_of_record(message: str) -> str:
    """The same of a message that may begin with the record it is about, which stays as it is."""
    whole = spoken(message)
    if whole != message:
        return whole
    parts = message.split(_AFTER_THE_RECORD, _MOST)
    for place in range(1, len(parts)):
        record, reason = _AFTER_THE_RECORD.join(parts[:place]), _AFTER_THE_RECORD.join(parts[place:])
        if spoken(reason) != reason:
            return f"{record}{_AFTER_THE_RECORD}{spoken(reason)}"
    return message
