"""An export of answers from Kobo or ODK: its columns, how many rows, over which days.

Only headings, counts and days leave this module: no answer is kept or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ckanext.communitydata.fields import _

from . import answers, columns, devices, safety
from .proposal import ImportRefusedError, Proposal, Remark

#: Headings that only a form tool writes, in lower case.
MARKS = {
    "_uuid",
    "_submission_time",
    "_id",
    "_submitted_by",
    "_geolocation",
    "_xform_id_string",
    "__version__",
    "key",
    "instanceid",
    "meta/instanceid",
    "meta-instanceid",
    "submissiondate",
    "__system/submissiondate",
    "meta/rootuuid",
}
WHEN = (
    "_submission_time",
    "submissiondate",
    "__system/submissiondate",
    "end",
    "endtime",
    "start",
    "starttime",
    "today",
)
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")
#: Kobo cuts an answer with a place into these.
PLACE_PARTS = re.compile(r"^_(?P<name>.+)_(latitude|longitude|altitude|precision)$")

#: How Kobo begins the headings by which the rows of a repeat know their answer sheet.
SHEET = "_submission_"


def read(name: str, content: bytes, form: Proposal | None = None) -> Proposal:
    """Read an export into a proposal; with the ``form`` it came from, headings get the questions' labels."""
    safety.check(name, content, safety.LARGEST_EXPORT)
    (headings, rows), *repeats = answers.tables(name, content)
    if not MARKS & {heading.strip().lower() for heading in headings}:
        raise ImportRefusedError(
            _("“{name}” has none of the columns that Kobo and ODK write, such as _uuid."), name=name
        )
    proposal = Proposal(fields={"instrument": ["xlsform"]})
    known = _Questions(form.columns if form else [])
    repeated = [heading for table in repeats for heading in table.headings if heading.strip()]
    for heading in dict.fromkeys([*headings, *repeated]):
        _add(proposal, heading, known, has_form=form is not None)
    for twice in sorted({heading for heading in headings if heading.strip() and headings.count(heading) > 1}):
        proposal.not_understood.append(Remark(twice, _("This name stands twice; only the first column is kept.")))
    count, days = _survey(headings, rows)
    proposal.fields["number_of_records"] = str(count)
    if days:
        proposal.fields["temporal_coverage"] = [{"start": min(days), "end": max(days)}]
    if kinds := columns.kinds_of_people(proposal.columns):
        proposal.fields["personal_data"] = kinds
    if any(remark.values["advice"] == devices.REMOVE for remark in proposal.device_metadata):
        proposal.fields["device_metadata_removed"] = "kept"
    if proposal.columns:
        proposal.fields["instrument_questions"] = {"fields": proposal.columns}
    return proposal


class _Questions:
    """A form's questions by every heading under which an export may show them."""

    def __init__(self, questions: Iterable[dict[str, Any]]) -> None:
        self.by_heading: dict[str, dict[str, Any]] = {}
        for question in questions:
            group, name = question.get("xlsform:group"), question["name"]
            paths = [
                name,
                *(f"{group}/{name}" for _ in [group] if group),
                *(f"{str(group).replace('/', '-')}-{name}" for _ in [group] if group),
            ]
            for heading in (*paths, *question.get("titles", {}).values()):
                self.by_heading.setdefault(heading.lower(), question)

    def find(self, heading: str) -> dict[str, Any] | None:
        """The question that a heading means: its name, its path, its label, or one choice of it (``q/yes``)."""
        plain = heading.strip().lower()
        parent, _slash, _choice = plain.rpartition("/")
        return self.by_heading.get(plain) or self.by_heading.get(parent)


def _add(proposal: Proposal, heading: str, known: _Questions, *, has_form: bool) -> None:
    if not heading.strip():
        proposal.not_understood.append(Remark("", _("A column has no heading.")))
        return
    remark = devices.of_column(heading) or devices.of_column(heading.removeprefix(SHEET))
    if remark:
        proposal.device_metadata.append(replace(remark, where=heading))
        return
    place = PLACE_PARTS.match(heading)
    question = known.find(place["name"] if place else heading)
    if question:
        proposal.columns.append({**question, "name": heading})
        return
    if has_form:
        proposal.not_understood.append(Remark(heading, _("The form has no such question.")))
    proposal.columns.append(columns.column(heading, columns.GEOPOINT if place else "text", {}))


def _survey(headings: answers.Row, rows: Iterable[answers.Row]) -> tuple[int, list[str]]:
    """Count rows and collect the days of the first column that tells when."""
    plain = [heading.strip().lower() for heading in headings]
    place = next((plain.index(name) for name in WHEN if name in plain), None)
    count, days = 0, set()
    for row in rows:
        if not any(row):
            continue
        count += 1
        if place is not None and place < len(row) and (found := DAY.match(row[place])):
            days.add(found.group(1))
    return count, sorted(days)
