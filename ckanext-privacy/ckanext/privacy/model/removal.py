"""What is to be erased from the stores for good, and is not gone yet."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped

from ckanext.privacy.model.columns import Created
from ckanext.privacy.model.steward import KeyText


class Removal(tk.BaseModel):
    """One thing to erase, written in the transaction that decided it; the row goes when the thing is gone."""

    __tablename__ = "privacy_removal"

    #: ``bytes``, ``rows``, ``evidence`` or ``incoming``.
    kind: Mapped[KeyText]
    #: SHA-256, name of a copy of rows, or name of a file.
    name: Mapped[KeyText]
    created: Mapped[Created]
