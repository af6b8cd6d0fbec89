"""Files that people bring: what is in them becomes a proposal, nothing is saved, and nothing in them is carried out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from ckan.tests import factories, helpers
from lxml import html
from support.workbooks import workbook
from werkzeug.datastructures import FileStorage

from ckanext.communitydata import starts, vocabularies
from ckanext.communitydata.imports import datapackage, kobo, languages, safety, xlsform
from ckanext.communitydata.imports.proposal import ImportRefusedError

SURVEY = [
    ["type", "name", "label::English (en)", "label::मराठी (mr)", "label::Elvish"],
    ["start", "start"],
    ["deviceid", "deviceid"],
    ["audit", "audit"],
    ["begin_group", "hh", "Household", "घर"],
    ["text", "occupation", "Work", "काम"],
    ["select_one yn", "water", "Water at home?", "पाणी?", "x"],
    ["integer", "age", "Age"],
    ["select_one caste", "caste", "Caste"],
    ["end_group"],
    ["geopoint", "place", "Where"],
    ["note", "thanks", "Thank you"],
    ["begin_repeat", "children", "Children"],
    ["text", "school", "School"],
    ["end_repeat"],
    ["begin_score", "score", "Score"],
]
CHOICES = [
    ["list_name", "name", "label::English (en)"],
    ["yn", "yes", "Yes"],
    ["yn", "no", "No"],
    ["caste", "a", "=1+1"],
]
SETTINGS = [["form_title", "form_id", "version", "default_language"], ["Households", "hh1", "3", "English (en)"]]
EXPORT = (
    "start,_uuid,hh/occupation,hh/water,_place_latitude,odd,_submission_time,_geolocation\n"
    "2026-01-02T10:00,u1,tailor,yes,18.5,1,2026-01-05T10:00:00,18 73\n"
    "2026-02-02T10:00,u2,potter,no,18.5,2,2026-02-05T10:00:00,18 73\n"
)
PACKAGE: dict[str, Any] = {
    "name": "taps", "title": "Taps", "description": "Where\n\nthey are", "keywords": ["water", "a, b"],
    "colour": "blue",
    "contributors": [{"title": "Desk", "roles": ["author"]}, {"title": "Press", "role": "publisher"}, "x"],
    "resources": [
        {"name": "taps", "path": "data/taps.csv", "schema": {"fields": [{"name": "age", "type": "integer"}]}},
        {"name": "far", "path": "https://example.org/far.csv", "schema": "https://example.org/never-fetched.json"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def form() -> bytes:
    return workbook(survey=SURVEY, choices=CHOICES, settings=SETTINGS)


# -- What is understood
def test_a_form_tells_method_languages_questions_and_phones(form):
    """Labels in each language, groups, choices; what phones record is set apart; the rest is said to be left over."""
    proposal = xlsform.read("form.xlsx", form, "en")
    assert proposal.fields["title_translated"] == {"en": "Households"}
    assert proposal.fields["instrument_languages"] == ["en", "mr"]
    assert "device_metadata_removed" not in proposal.fields
    questions = {column["name"]: column for column in proposal.columns}
    assert [*questions] == ["occupation", "water", "age", "caste", "place", "school"]
    assert questions["water"]["titles"] == {"en": "Water at home?", "mr": "पाणी?", "und": "x"}
    assert questions["water"]["categories"] == [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    assert questions["age"]["type"] == "integer"
    assert questions["caste"]["dpv:hasPersonalData"] == vocabularies.find("personal-data", "caste").iri()
    assert questions["caste"]["categories"] == [{"value": "a", "label": "a"}]  # a formula is not worked out
    assert {"age", "caste", "home-location"} <= set(proposal.fields["personal_data"])
    found = {remark.where: remark.values["advice"] for remark in proposal.device_metadata}
    assert found == {"start": "think", "deviceid": "remove", "audit": "remove"}
    assert {remark.where for remark in proposal.not_understood} == {"Elvish", "score"}


def test_a_form_that_records_no_phone_says_so():
    """Then nobody needs to take anything out."""
    content = workbook(survey=[["type", "name", "label"], ["text", "street", "Street"]])
    assert xlsform.read("f.xlsx", content, "es").fields["device_metadata_removed"] == "not-collected"
    assert xlsform.read("f.xlsx", content, "es").columns[0]["titles"] == {"es": "Street"}


@pytest.mark.parametrize("name", ["answers.csv", "answers.xlsx"])
def test_an_export_gets_the_words_of_its_form(name, form):
    """By name, by path, and for the parts that Kobo cuts a place into; answers themselves are nowhere."""
    rows = [line.split(",") for line in EXPORT.splitlines()]
    content = EXPORT.encode() if name.endswith("csv") else workbook(Sheet1=rows)
    proposal = kobo.read(name, content, xlsform.read("form.xlsx", form, "en"))
    titles = {column["name"]: column.get("title") for column in proposal.columns}
    assert titles == {"hh/occupation": "Work", "hh/water": "Water at home?", "_place_latitude": "Where", "odd": None}
    assert proposal.fields["number_of_records"] == "2"
    assert proposal.fields["temporal_coverage"] == [{"start": "2026-01-05", "end": "2026-02-05"}]
    assert proposal.fields["device_metadata_removed"] == "kept"
    assert {remark.where for remark in proposal.device_metadata} == {
        "start",
        "_uuid",
        "_submission_time",
        "_geolocation",
    }
    assert [remark.where for remark in proposal.not_understood] == ["odd"]
    assert "tailor" not in json.dumps(proposal.as_dict())


def test_a_package_tells_its_description_and_the_columns_of_its_files():
    """As JSON and in a zip alike; an address in it is kept and not fetched."""
    text = json.dumps(PACKAGE)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("taps/datapackage.json", text)
    plain, packed = datapackage.read("a.json", text.encode(), "en"), datapackage.read("a.zip", zipped.getvalue(), "en")
    assert plain == packed
    assert plain.fields["title_translated"] == {"en": "Taps"}
    assert plain.fields["tag_string"] == "water, a b"
    assert plain.fields["creator"] == [{"name": "Desk"}]
    assert plain.fields["contact"] == [{"name": "Press"}]
    assert plain.resources[0]["schema"]["fields"][0]["dpv:hasPersonalData"] == "https://w3id.org/dpv/pd#Age"
    assert plain.resources[1] == {"name": "far", "format": "CSV", "url": "https://example.org/far.csv"}
    assert {remark.where for remark in plain.not_understood} == {"colour", "taps", "far"}


@pytest.mark.parametrize(
    ("text", "tag"),
    [("English (en)", "en"), ("मराठी (mr)", "mr"), ("Spanish", "es"), ("pt-BR", None), ("fr", "fr"), ("Elvish", None)],
)
def test_languages_are_known_by_code_and_by_name(text, tag):
    """A heading that names none that is known gets none."""
    assert languages.find(text) == tag


# -- What cannot be read is refused
def _bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(31):
            archive.writestr(f"xl/{number}.xml", b"0" * 10_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 and then nothing",
        b"hello",
        b"\xd0\xcf\x11\xe0 old excel",
        b"\xff\xfe\x00",
        workbook(Other=[["a"]]),
    ],
    ids=["empty", "damaged", "text", "old", "bytes", "another workbook"],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda content: xlsform.read("it.xlsx", content, "en"),
        lambda content: kobo.read("it.csv", content),
        lambda content: datapackage.read("it.json", content, "en"),
    ],
    ids=["form", "answers", "package"],
)
def test_a_file_that_is_something_else_is_refused_in_one_sentence(read, content):
    """Which file, and what to do; never a trace."""
    with pytest.raises(ImportRefusedError, match=r"^[^\n]*“it\.[^\n]*\.$") as refusal:
        read(content)
    assert len(str(refusal.value)) < 400


def test_an_archive_that_would_fill_the_memory_is_not_opened():
    """A small file that unpacks to 310 MB."""
    with pytest.raises(ImportRefusedError, match="unpack to too much"):
        safety.check("bomb.xlsx", _bomb(), safety.LARGEST_FORM)


def test_what_is_wrong_inside_a_form_is_named():
    """A question of an unknown kind is kept as text; a group that is never closed makes the form useless."""
    proposal = xlsform.read("f.xlsx", workbook(survey=[["type", "name", "label"], ["bogus", "q", "Q"]]), "en")
    assert proposal.columns[0]["type"] == "string"
    assert proposal.not_understood[0].values == {"kind": "bogus"}
    with pytest.raises(ImportRefusedError, match="group"):
        xlsform.read("f.xlsx", workbook(survey=[["type", "name", "label"], ["begin_group", "g", "G"]]), "en")


# -- The way to the form
@pytest.fixture
def officer(clean_site) -> dict[str, Any]:
    user = factories.UserWithToken()
    factories.Organization(users=[{"name": user["name"], "capacity": "editor"}])
    return user


def test_a_file_leads_over_a_preview_to_a_form_that_is_filled_in(app, officer, form):
    """Nothing is saved on the way; what is wrong with a file is said above the choices."""
    headers = {"Authorization": officer["token"]}
    sent = {"upload": (io.BytesIO(form), "form.xlsx")}
    page = html.fromstring(app.post("/describe/preview/xlsform", data=sent, headers=headers, status=200).body)
    text = page.text_content()
    for words in ("deviceid", "Take it out before you share the data", "Water at home?", "Elvish"):
        assert words in text
    payload = page.xpath("//input[@name='fields']/@value")[0]
    page = html.fromstring(app.post("/describe/form", data={"fields": payload}, headers=headers, status=200).body)
    edit = page.get_element_by_id("dataset-edit")
    typed = dict(edit.form_values())
    assert edit.get("action").endswith("/dataset/new")
    assert typed["title_translated-en"] == "Households"
    assert typed["instrument"] == "xlsform"
    assert json.loads(typed["instrument_questions"])["fields"][1]["titles"]["mr"] == "पाणी?"
    assert helpers.call_action("package_search", include_private=True, include_drafts=True)["count"] == 0
    refused = app.post("/describe/preview/xlsform", data={"upload": (io.BytesIO(b"no"), "no.xlsx")}, headers=headers)
    assert "cannot be opened" in html.fromstring(refused.body).xpath("//*[@role='alert']")[0].text_content()


def test_every_action_answers_with_a_proposal(officer, form):
    """Over the API as over the page."""
    context = {"user": officer["name"], "ignore_auth": False}

    def upload(content: bytes, name: str) -> FileStorage:
        return FileStorage(io.BytesIO(content), filename=name)

    answers = helpers.call_action(
        "communitydata_import_answers", context, upload=upload(EXPORT.encode(), "a.csv"), form=upload(form, "f.xlsx")
    )
    assert answers["fields"]["title_translated"] == {"en": "Households"}
    assert answers["fields"]["number_of_records"] == "2"
    package = helpers.call_action(
        "communitydata_import_datapackage", context, upload=upload(json.dumps(PACKAGE).encode(), "p.json")
    )
    assert package["fields"]["title_translated"] == {"en": "Taps"}


def test_strangers_have_nothing_read_for_them(app, anonymous_api, form):
    """Neither over the page nor over the API."""
    app.post("/describe/preview/xlsform", data={"upload": (io.BytesIO(form), "f.xlsx")}, status=403)
    assert anonymous_api("communitydata_import_xlsform")[0] == 403


@pytest.mark.parametrize("name", [*starts.starts()])
def test_an_example_opens_the_form_with_values_that_can_be_kept(name, app, officer):
    """And never says who agreed, what was checked or which danger there is: only the people there know."""
    found = starts.starts()[name]
    headers = {"Authorization": officer["token"]}
    assert not {"consent_level", "verification", "exposure_risk", "legal_basis", "notice_form"} & set(found.fields)
    page = html.fromstring(app.get(f"/describe/example/{name}", headers=headers, status=200).body)
    typed = dict(page.get_element_by_id("dataset-edit").form_values())
    assert typed["community_data_kind"] == found.fields["community_data_kind"]
    organization = helpers.call_action("organization_list_for_user", {"user": officer["name"]})[0]["id"]
    made = helpers.call_action(
        "package_create", {"user": officer["name"]}, owner_org=organization, title="T", **found.fields
    )
    assert {key: made[key] for key in found.fields} == found.fields
