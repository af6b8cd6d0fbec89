"""The tables of ckanext-harvest, as far as this suite uses them: the package itself carries no types."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Mapped

_Self = TypeVar("_Self", bound="_Row")

class _Row:
    id: Mapped[str]
    def __init__(self, **members: Any) -> None: ...
    @classmethod
    def get(cls: type[_Self], key: Any, default: Any = ..., attr: str | None = ...) -> _Self: ...
    def save(self) -> None: ...

class HarvestSource(_Row):
    url: Mapped[str]
    type: Mapped[str]
    config: Mapped[str | None]

class HarvestJob(_Row):
    created: Mapped[datetime]
    gather_started: Mapped[datetime | None]
    gather_finished: Mapped[datetime | None]
    status: Mapped[str]
    source_id: Mapped[str]
    source: HarvestSource

class HarvestObject(_Row):
    guid: Mapped[str]
    current: Mapped[bool]
    content: Mapped[str | None]
    state: Mapped[str]
    report_status: Mapped[str | None]
    import_finished: Mapped[datetime | None]
    harvest_job_id: Mapped[str]
    harvest_source_id: Mapped[str]
    package_id: Mapped[str | None]
    source: HarvestSource
    extras: list[HarvestObjectExtra]

class HarvestObjectExtra(_Row):
    harvest_object_id: Mapped[str]
    key: Mapped[str]
    value: Mapped[str]

class HarvestGatherError(_Row):
    @classmethod
    def create(cls, message: str, job: HarvestJob) -> None: ...

class HarvestObjectError(_Row):
    message: Mapped[str]
    harvest_object_id: Mapped[str]
