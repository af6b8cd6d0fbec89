"""What an import understood, what it did not, and what should go before anybody else sees the data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ckanext.communitydata.fields import FieldError


class ImportRefusedError(FieldError):
    """A file that cannot be read at all; one sentence that names the file and the way out."""


@dataclass(frozen=True)
class Remark:
    """Something to know about one place of a file: ``where`` it is and one English sentence with ``{named}`` gaps."""

    where: str
    message: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Proposal:
    """Fields as ``package_create`` takes them, and remarks for the person who decides.

    ``columns`` is a Table Schema of the questions or columns; ``resources`` describe files that are not uploaded.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    columns: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    device_metadata: list[Remark] = field(default_factory=list)
    not_understood: list[Remark] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return asdict(self)
