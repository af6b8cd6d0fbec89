"""What went wrong with a record, in the language of whoever asks: it is stored in English, as reports are."""

from __future__ import annotations

from ckanext.privacy.said import said

#: what stands between a record and what is said of it, and how many of these are tried
_AFTER_THE_RECORD, _MOST = ": ", 5


def said_of_record(message: str) -> str:
    """A message in the reader's language; the record that it may begin with stays as it is."""
    whole = said(message)
    if whole != message:
        return whole
    parts = message.split(_AFTER_THE_RECORD, _MOST)
    for place in range(1, len(parts)):
        record, reason = _AFTER_THE_RECORD.join(parts[:place]), _AFTER_THE_RECORD.join(parts[place:])
        if said(reason) != reason:
            return f"{record}{_AFTER_THE_RECORD}{said(reason)}"
    return message
