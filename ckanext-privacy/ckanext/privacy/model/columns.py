"""Column types that all tables of the gate share."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column


def clock() -> dt.datetime:
    """The machine's time in UTC; tests put a clock of their own here."""
    return dt.datetime.now(dt.timezone.utc)


def now() -> dt.datetime:
    """The present moment in UTC; every time the gate stores carries its zone."""
    return clock()


def new_id() -> str:
    """A random identifier that says nothing about what it names."""
    return str(uuid.uuid4())


Id = Annotated[str, mapped_column(sa.Text, primary_key=True, default=new_id)]
Text = Annotated[str, mapped_column(sa.Text)]
IndexedText = Annotated[str, mapped_column(sa.Text, index=True)]
OptionalText = Annotated[str | None, mapped_column(sa.Text)]
Created = Annotated[dt.datetime, mapped_column(sa.DateTime(timezone=True), default=now)]
OptionalTime = Annotated[dt.datetime | None, mapped_column(sa.DateTime(timezone=True))]
JsonDict = Annotated[dict[str, Any], mapped_column(JSONB, default=dict)]
JsonList = Annotated[list[Any], mapped_column(JSONB, default=list)]
OptionalJson = Annotated[dict[str, Any] | None, mapped_column(JSONB)]
