"""The audit log's table. Rows are written by :mod:`ckanext.privacy.workflow.audit` and by nothing else."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import JsonDict, OptionalText, Text

Sequence = Annotated[int, mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)]


class AuditEntry(tk.BaseModel):
    """One thing that happened. ``hash`` covers the entry and the hash before it; a trigger refuses any change."""

    __tablename__ = "privacy_audit"

    #: 1, 2, 3 ... without gaps
    seq: Mapped[Sequence]
    #: ISO 8601 in UTC, as text, so that the hashed bytes and the stored bytes are the same
    at: Mapped[Text]
    actor: Mapped[OptionalText]
    event: Mapped[Text]
    object_type: Mapped[Text]
    object_id: Mapped[Text]
    data: Mapped[JsonDict]
    prev_hash: Mapped[Text]
    hash: Mapped[Text]
