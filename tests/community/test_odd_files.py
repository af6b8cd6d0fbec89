"""Forms, exports and packages as the world makes them: understood, or refused in one sentence; nothing lost unsaid."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from support.workbooks import workbook

from ckanext.communitydata.imports import datapackage, kobo, xlsform
from ckanext.communitydata.imports.proposal import ImportRefusedError, Proposal

LABELLED = ["type", "name", "label"]


def archive(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in members.items():
            packed.writestr(f"{name}.csv", text)
    return content.getvalue()


def names(proposal: Proposal) -> list[str]:
    return [column["name"] for column in proposal.columns]


def told(proposal: Proposal) -> set[str]:
    return {remark.where for remark in proposal.device_metadata}


# -- Forms
#: what is odd -> the sheets, the questions with their labels by language, and what phones record
FORMS: dict[str, tuple[dict[str, list[list[Any]]], dict[str, dict[str, str]], set[str]]] = {
    "languages after one colon and after two, no settings": (
        {"survey": [["type", "name", "label::Español (es)", "label:English"], ["text", "a", "Calle", "Street"]]},
        {"a": {"en": "Street", "es": "Calle"}},
        set(),
    ),
    "one colon alone, and one for hints": (
        {"survey": [["type", "name", "label:English", "hint:Français (fr)"], ["text", "a", "Street", "aide"]]},
        {"a": {"en": "Street"}},
        set(),
    ),
    "spaces around the colons": (
        {"survey": [["Type", "Name", "label :: Español (es)", "label::  English (en)"], ["text", "a", "C", "S"]]},
        {"a": {"en": "S", "es": "C"}},
        set(),
    ),
    "choices in a file": (
        {
            "survey": [
                LABELLED,
                ["select_one_from_file wards.csv", "w", "Ward"],
                ["select_multiple_from_file w.geojson", "m", "Wards"],
                ["csv-external", "wards", ""],
            ]
        },
        {"w": {"en": "Ward"}, "m": {"en": "Wards"}},
        set(),
    ),
    "choices on a sheet of their own": (
        {
            "survey": [
                [*LABELLED, "choice_filter"],
                ["text", "s", "State"],
                ["select_one_external c", "c", "City", "s=${s}"],
            ],
            "external_choices": [["list_name", "name", "s"], ["c", "x", "y"]],
        },
        {"s": {"en": "State"}, "c": {"en": "City"}},
        set(),
    ),
    "what is worked out, hidden, or recorded unseen": (
        {
            "survey": [
                [*LABELLED, "calculation"],
                ["calculate", "sum", "", "1+1"],
                ["hidden", "batch"],
                ["start-geopoint", "where"],
                ["background-audio", "sound"],
                ["phonenumber", "phone"],
                ["username", "who"],
                ["today", "day"],
                ["text", "a", "A"],
            ]
        },
        {"sum": {}, "batch": {}, "a": {"en": "A"}},
        {"where", "sound", "phone", "who", "day"},
    ),
    "repeats in groups in repeats": (
        {
            "survey": [
                LABELLED,
                ["begin repeat", "r", "R"],
                ["begin group", "g", "G"],
                ["begin repeat", "s", "S"],
                ["integer", "age", "Age"],
                ["end repeat"],
                ["end group"],
                ["end repeat"],
            ]
        },
        {"age": {"en": "Age"}},
        set(),
    ),
    "one or more of a list, or other": (
        {
            "survey": [LABELLED, ["select_one yn or_other", "w", "W"], ["rank yn", "r", "R"], [], ["text", "घर", "A"]],
            "choices": [["list name", "name", "label"], ["yn", "y", "Y"]],
        },
        {"w": {"en": "W"}, "w_other": {"en": "Specify other."}, "r": {"en": "R"}, "घर": {"en": "A"}},
        set(),
    ),
}


@pytest.mark.parametrize("odd", FORMS)
def test_an_odd_form_is_understood(odd: str) -> None:
    """Every question with its words in each language; what phones record stands apart."""
    sheets, questions, phones = FORMS[odd]
    proposal = xlsform.read("f.xlsx", workbook(**sheets), "en")
    assert {column["name"]: column.get("titles", {}) for column in proposal.columns} == questions
    assert told(proposal) == phones
    assert proposal.not_understood == []


@pytest.mark.parametrize(
    ("survey", "words"),
    [
        ([LABELLED], "no question"),
        ([["name", "label"], ["a", "A"]], "type"),
        ([["type", "label"], ["text", "A"]], "no name"),
        ([LABELLED, ["text", "my name", "A"]], "name"),
        ([LABELLED, ["begin group", "g", "G"], ["text", "a", "A"]], "end_group"),
        ([LABELLED, ["end_group"], ["text", "a", "A"]], "begin_group"),
        ([LABELLED, ["select_one yn", "w", "W"]], "choices"),
        ([[*LABELLED, "relevant"], ["text", "a", "A", "${nope}=1"]], "nope"),
    ],
)
def test_a_form_that_no_tool_takes_is_refused_in_one_sentence(survey: list[list[str]], words: str) -> None:
    """It names the file and what is wrong."""
    with pytest.raises(ImportRefusedError, match=rf"^[^\n]*“f\.xlsx”[^\n]*{words}[^\n]*\.$"):
        xlsform.read("f.xlsx", workbook(survey=survey), "en")


# -- Exports of answers
SHEET: dict[str, Any] = {
    "_id": 1, "formhub/uuid": "f", "start": "2026-01-02T10:00:00", "a/b/c": "x",
    "a/kids": [{"a/kids/age": "3", "a/kids/toys": [{"a/kids/toys/kind": "ball"}]}],
    "_attachments": [{"download_url": "https://kobo.example.org/1"}], "_geolocation": [18.5, 73.8],
    "_submitted_by": "ravi", "_submission_time": "2026-01-05T10:00:00", "_tags": [], "_notes": [],
    "_validation_status": {}, "__version__": "v", "meta/instanceID": "uuid:1",
}  # fmt: skip
ODK: dict[str, Any] = {
    "@odata.context": "https://odk.example.org",
    "value": [
        {
            "__id": "uuid:1",
            "__system": {"submissionDate": "2026-01-05T10:00:00Z", "submitterName": "Ravi", "status": None},
            "meta": {"instanceID": "uuid:1"},
            "a": {"b": "x", "place": {"type": "Point", "coordinates": [73.8, 18.5]}},
            "kids@odata.navigationLink": "Submissions('x')/kids",
        }
    ],
}
REPEATED = {
    "Households": [["start", "_uuid", "a/b", "_index"], ["2026-01-05", "u", "x", 1]],
    "kids": [["age", "_index", "_parent_table_name", "_parent_index", "_submission__id"], [3, 1, "Households", 1, 9]],
}
#: what is odd -> name, content, columns, and some of what phones and tools record
EXPORTS: dict[str, tuple[str, bytes, list[str], set[str]]] = {
    "JSON of Kobo, groups, repeats in repeats, a column in the second sheet alone": (
        "a.json",
        json.dumps({"count": 2, "next": None, "results": [SHEET, {**SHEET, "a/b/d": "late"}]}).encode(),
        ["a/b/c", "a/kids/age", "a/kids/toys/kind", "a/b/d"],
        {*SHEET} - {"a/b/c", "a/kids"},
    ),
    "JSON as a list": (
        "a.json",
        json.dumps([SHEET]).encode(),
        ["a/b/c", "a/kids/age", "a/kids/toys/kind"],
        {"_geolocation", "_submitted_by", "_attachments"},
    ),
    "JSON of ODK": (
        "a.json",
        json.dumps(ODK).encode(),
        ["a/b", "a/place"],
        {"__id", "__system/submissionDate", "__system/submitterName", "__system/status", "meta/instanceID"},
    ),
    "a sheet for each repeat": (
        "a.xlsx",
        workbook(**REPEATED),
        ["a/b", "age"],
        {"start", "_uuid", "_index", "_parent_table_name", "_parent_index", "_submission__id"},
    ),
    "ODK's zip with a file for each repeat": (
        "a.zip",
        archive(
            **{"form-kids": "age,PARENT_KEY,KEY\n3,uuid:1,k\n", "form": "SubmissionDate,KEY,b\n2026-01-05,uuid:1,x\n"}
        ),
        ["b", "age"],
        {"SubmissionDate", "KEY", "PARENT_KEY"},
    ),
    "semicolons, quotes, a line break and a name that stands twice": (
        "a.csv",
        '\ufeff"_uuid";"_submission_time";"One; two";"a\nb";"x";"x"\n"u";"2026-01-05";1;2;3;4\n'.encode(),
        ["One; two", "a\nb", "x"],
        {"_uuid", "_submission_time"},
    ),
}


@pytest.mark.parametrize("odd", EXPORTS)
def test_an_odd_export_is_understood(odd: str) -> None:
    """Every column, also those of repeats; rows are answer sheets; no answer is in the proposal."""
    name, content, expected, phones = EXPORTS[odd]
    proposal = kobo.read(name, content)
    assert names(proposal) == expected
    assert phones <= told(proposal)
    assert proposal.fields["number_of_records"] == ("2" if "second sheet" in odd else "1")
    assert proposal.fields["temporal_coverage"] == [{"start": "2026-01-05", "end": "2026-01-05"}]
    assert [remark.where for remark in proposal.not_understood] == (["x"] if "twice" in odd else [])
    assert not {"ravi", "Ravi", "ball", "late"} & {*json.dumps(proposal.as_dict()).split('"')}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"a": 1}'),
        ("a.json", b'{"results": 5}'),
        ("a.json", b"[]"),
        ("a.json", b'[1, "x", null]'),
        ("a.json", b'{"results": ['),
        ("a.json", b"[" * 100_000),
        ("a.zip", archive()),
        ("a.zip", archive(other="a,b\n1,2\n")),
        ("a.csv", "_uuid,a\n".encode("utf-16")),
        ("a.csv", "_uuid,ñ\n".encode("latin-1")),
        ("a.csv", b"\n"),
        ("a.pdf", b"%PDF-1.7"),
    ],
)
def test_what_is_no_export_is_refused_in_one_sentence(name: str, content: bytes) -> None:
    """It names the file and the way out."""
    with pytest.raises(ImportRefusedError, match=rf"^“{name}” [^\n]*\.$"):
        kobo.read(name, content)


# -- Data Packages
#: what is odd -> the package, its resources as they are proposed, and what is said to be left over
PACKAGES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], set[str]]] = {
    "v2 with a file in parts": (
        {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "licenses": [{"name": "CC-BY-4.0"}],
            "contributors": [{"title": "A", "roles": ["creator"]}],
            "resources": [{"name": "a", "path": ["https://example.org/a1.csv?x=1", "a2.csv"], "dialect": {}}],
        },
        [{"name": "a", "format": "CSV", "url": "https://example.org/a1.csv?x=1"}],
        set(),
    ),
    "data inside": (
        {"resources": [{"name": "a", "data": [{"n": 1}]}, {"name": "b", "data": "n\n1", "format": "csv"}]},
        [{"name": "a"}, {"name": "b", "format": "CSV"}],
        {"a: data", "a", "b: data", "b"},
    ),
    "addresses and paths that lead elsewhere": (
        {
            "resources": [
                {"name": "far", "url": "https://example.org/a.csv"},
                {"name": "up", "path": "../../etc/passwd"},
                {"name": "root", "path": "/etc/passwd"},
                {"name": "js", "path": "javascript:alert(1)"},
            ]
        },
        [
            {"name": "far", "format": "CSV", "url": "https://example.org/a.csv"},
            {"name": "up"},
            {"name": "root"},
            {"name": "js"},
        ],
        {"up", "root", "js"},
    ),
    "v1 with a licence that has no name": (
        {"license": "ODC-By", "licenses": [{"type": "ODC-BY"}], "resources": []},
        [],
        {"license", "licenses"},
    ),
    "a licence that is a text": ({"licenses": "CC-BY", "resources": []}, [], {"licenses"}),
    "no licence, nothing else either": ({"resources": []}, [], set()),
    "columns without names, and in another file": (
        {
            "resources": [
                {"name": "a", "schema": {"fields": [{"type": "string"}, "x"]}},
                {"name": "b", "schema": "schema.json"},
            ]
        },
        [{"name": "a"}, {"name": "b"}],
        {"a", "b"},
    ),
    "values of every wrong kind": (
        {
            "keywords": 5,
            "contributors": {"a": 1},
            "created": 5,
            "resources": [{"name": 3, "mediatype": ["x"], "bytes": "x"}],
        },
        [{"name": "3"}],
        {"3"},
    ),
}


@pytest.mark.parametrize("odd", PACKAGES)
def test_an_odd_package_is_understood(odd: str) -> None:
    """What there is a field for is proposed, everything else is said to be left over, nothing is fetched."""
    package, resources, left = PACKAGES[odd]
    proposal = datapackage.read("datapackage.json", json.dumps(package).encode(), "en")
    assert proposal.resources == resources
    assert {remark.where for remark in proposal.not_understood} == left
