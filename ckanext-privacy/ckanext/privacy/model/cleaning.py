"""What was done to a file before it was released."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped

from ckanext.privacy.model.columns import Created, Id, IndexedText, JsonDict, Text


class Cleaning(tk.BaseModel):
    """One de-identification of one file: the plan, what it did, and the Table Schemas with the measures taken.

    None of it holds a cell of the file.
    """

    __tablename__ = "privacy_cleaning"

    id: Mapped[Id]
    package_id: Mapped[IndexedText]
    resource_id: Mapped[IndexedText]
    #: The bytes before and after.
    sha256_before: Mapped[Text]
    sha256_after: Mapped[Text]
    plan: Mapped[JsonDict]
    result: Mapped[JsonDict]
    #: File name -> Table Schema.
    table_schemas: Mapped[JsonDict]
    cleaned_by: Mapped[Text]
    created: Mapped[Created]
