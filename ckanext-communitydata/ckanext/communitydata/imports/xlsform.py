"""An XLSForm, as Kobo and ODK use it, read by pyxform: who is asked what, in which languages, with which tool.

Source: XLSForm specification (xlsform.org/en/ref-table) as pyxform 4.5 implements it. Formulas are not worked out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from ckanext.communitydata.fields import _

from . import columns, devices, languages, safety
from .proposal import ImportRefusedError, Proposal, Remark

#: Kobo's own question types, which no other tool knows.
KOBO_ONLY = (
    "begin_score",
    "end_score",
    "score__row",
    "begin_rank",
    "end_rank",
    "rank__level",
    "begin_kobomatrix",
    "end_kobomatrix",
)
#: What pyxform calls the kinds of question that it takes apart before it looks them up.
KNOWN_TYPES = {*QUESTION_TYPE_DICT, "select one", "select all that apply", "rank", "select one external"}
UNSAID = "default"
#: BCP 47 for a language that nobody named.
UNKNOWN = "und"
#: The colon after which a heading names its language.
ONE_COLON = re.compile(r"(?i)(?<=^label)\s*::?\s*(?=\S)|(?<=^hint)\s*::?\s*(?=\S)")
#: How spreadsheets begin: zip archives, and the compound files of old Excel.
SPREADSHEETS = (b"PK", b"\xd0\xcf\x11\xe0")

_NO_SPREADSHEET = _("“{name}” cannot be opened as a spreadsheet. Save it as .xlsx and try again.")


def read(name: str, content: bytes, default_language: str) -> Proposal:
    """Read a form into a proposal. ``default_language`` is that of labels which do not say theirs."""
    safety.check(name, content, safety.LARGEST_FORM)
    if not content.startswith(SPREADSHEETS):
        raise ImportRefusedError(_NO_SPREADSHEET, name=name)
    proposal = Proposal()
    form = _parsed(name, content, proposal)
    reader = _Form(form, proposal, default_language)
    reader.fill()
    return proposal


def _parsed(name: str, content: bytes, proposal: Proposal) -> dict[str, Any]:
    workbook = _opened(name, content)
    if not workbook.survey:
        raise ImportRefusedError(
            _("“{name}” has no question in a sheet called survey, so it is no XLSForm."), name=name
        )
    for sheet in ("survey", "survey_header", "choices", "choices_header"):
        setattr(workbook, sheet, _with_languages(getattr(workbook, sheet)))
    _without_kobo_types(workbook, proposal)
    try:
        return workbook_to_json(workbook, fallback_form_name="data")
    except PyXFormError as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise ImportRefusedError(
            _("“{name}” is not an XLSForm that can be used: {reason}."), name=name, reason=reason
        ) from None


def _opened(name: str, content: bytes) -> DefinitionData:
    ending = name.rpartition(".")[2].lower()
    if ending not in ("xlsx", "xls"):
        raise ImportRefusedError(_("“{name}” is not a spreadsheet. An XLSForm ends in .xlsx or .xls."), name=name)
    try:
        return get_xlsform(io.BytesIO(content))
    except Exception:  # noqa: BLE001 - a damaged workbook can fail anywhere inside the readers
        raise ImportRefusedError(_NO_SPREADSHEET, name=name) from None


def _with_languages(rows: Any) -> Any:
    """The rows of a sheet with ``label:English`` as ``label::English``: pyxform reads only one way in a sheet."""
    return rows and [{ONE_COLON.sub("::", heading): value for heading, value in row.items()} for row in rows]


def _without_kobo_types(workbook: DefinitionData, proposal: Proposal) -> None:
    kept: list[dict[str, str]] = []
    for row in workbook.survey or ():
        kind = str(row.get("type") or "").split(" ", maxsplit=1)[0]
        if kind in KOBO_ONLY:
            where = str(row.get("name") or kind)
            proposal.not_understood.append(Remark(where, _("Only Kobo knows this kind of question.")))
        else:
            kept.append(row)
    workbook.survey = kept


class _Form:
    """Goes through a form that pyxform has read."""

    def __init__(self, form: dict[str, Any], proposal: Proposal, default_language: str) -> None:
        self.form = form
        self.proposal = proposal
        self.default = languages.find(str(form.get("default_language") or "")) or default_language
        self.tags: dict[str, str] = {}
        self.groups = 0

    def fill(self) -> None:
        """Put everything that was understood into the proposal."""
        for question in self._questions(self.form.get("children", []), inside=()):
            self._add(question)
        proposal = self.proposal
        names = [column["name"] for column in proposal.columns]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            proposal.not_understood.append(Remark(twice, _("This name stands twice; only the first question is kept.")))
        proposal.columns = list({column["name"]: column for column in reversed(proposal.columns)}.values())[::-1]
        title = self.form.get("title")
        if title and title != self.form.get("name"):
            proposal.fields["title_translated"] = {self.default: str(title)}
        proposal.fields |= {
            "instrument": ["xlsform"],
            "instrument_languages": sorted({*self.tags.values()} - {UNKNOWN} or {self.default}),
            "methodology": self._method(),
        }
        if not any(remark.values["advice"] == devices.REMOVE for remark in proposal.device_metadata):
            proposal.fields["device_metadata_removed"] = "not-collected"
        if kinds := columns.kinds_of_people(proposal.columns):
            proposal.fields["personal_data"] = kinds
        if proposal.columns:
            proposal.fields["instrument_questions"] = {"fields": proposal.columns}

    def _method(self) -> str:
        facts = [f"Questionnaire: {self.form.get('title') or self.form.get('id_string')}"]
        if self.form.get("version"):
            facts.append(f"version {self.form['version']}")
        asked = sum(1 for column in self.proposal.columns if "title" in column)
        return f"{', '.join(facts)} (XLSForm, {asked} questions, {self.groups} groups)."

    def _questions(self, children: list[dict[str, Any]], inside: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for child in children:
            if child.get("type") in ("group", "repeat"):
                if child.get("name") == "meta" and not inside:
                    yield from (part for part in child["children"] if part.get("type") == "audit")
                    continue
                self.groups += 1
                yield from self._questions(child.get("children", []), (*inside, str(child.get("name", ""))))
            elif child.get("name"):
                yield {**child, "inside": inside}

    def _add(self, question: dict[str, Any]) -> None:
        kind, name = str(question.get("type")), str(question["name"])
        if remark := devices.of_question(name, kind):
            self.proposal.device_metadata.append(remark)
            return
        if kind in columns.NO_ANSWER:
            return
        if kind not in KNOWN_TYPES:
            self.proposal.not_understood.append(
                Remark(name, _("No tool knows a question of the kind {kind}."), {"kind": kind})
            )
        choices = [
            {
                "value": str(choice["name"]),
                "label": next(iter(self._texts(choice.get("label")).values()), str(choice["name"])),
            }
            for choice in question.get("choices") or []
        ]
        column = columns.column(name, kind, self._texts(question.get("label")), choices)
        if question["inside"]:
            column["xlsform:group"] = "/".join(question["inside"])
        self.proposal.columns.append(column)

    def _texts(self, label: Any) -> dict[str, str]:
        """A label as texts by language, the form's own language first."""
        given = label if isinstance(label, dict) else {UNSAID: label} if label else {}
        texts = {self._tag(str(heading)): " ".join(str(text).split()) for heading, text in given.items() if text}
        return dict(sorted(texts.items(), key=lambda pair: pair[0] != self.default))

    def _tag(self, heading: str) -> str:
        if heading == UNSAID:
            return self.default
        if heading not in self.tags:
            tag = languages.find(heading)
            if tag is None:
                self.proposal.not_understood.append(
                    Remark(heading, _("Which language is this? Write its code in brackets, such as Hindi (hi)."))
                )
            self.tags[heading] = tag or UNKNOWN
        return self.tags[heading]
