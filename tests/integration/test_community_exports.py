"""A record in other standards' words, a catalogue in a folder, and labels that only communities give."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from click.testing import CliRunner
from frictionless import Package
from hypothesis import HealthCheck, Phase, given, settings
from lxml import html
from pyld import jsonld as pyld
from rdflib import Graph
from rdflib.compare import isomorphic
from support import descriptions

from ckanext.communitydata import cli, facets, local_contexts
from ckanext.communitydata.exports import catalogue, datapackage, jsonld

FEW = settings(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)
ADDRESS = "https://catalogue.example.org/dataset/survey"
SITE = {"title": "Catalogue", "url": "https://catalogue.example.org"}
COLUMNS = {
    "fields": [
        {"name": "age", "type": "integer", "title": "Age", "hxl:tag": "#affected+age", "dpv:hasPersonalData": "pd:Age"},
        {"name": "water", "type": "string", "rdfType": "https://example.org/water"},
    ]
}
RECORD: dict[str, Any] = {
    "id": "0c1d", "name": "survey", "type": "dataset", "title_translated": {"en": "Survey", "mr": "पाहणी"},
    "notes_translated": {"en": "All lanes"}, "license_id": "cc-by", "license_url": "https://example.org/by",
    "metadata_created": "2026-01-02T10:00:00.1", "tags": [{"name": "water"}], "organization": {"title": "Lab"},
    "allowed_use": ["no-reidentification"], "release_decision": "open", "methodology": "Door to door",
    "limitations": "Two lanes",     "personal_data": ["health"], "purpose": ["statistics"],
    "temporal_coverage": [{"start": "2026-01", "end": "2026-02"}],
    "instrument_questions": COLUMNS,
    "resources": [
        {
            "id": "r1", "url": "https://example.org/a.csv", "name": "Homes", "format": "CSV", "size": 12,
            "hash": "a" * 64,
        },
        {"id": "r2", "url": "https://example.org/b.pdf", "name": "Homes", "format": "PDF"},
    ],
}  # fmt: skip


# -- Croissant and schema.org
def test_croissant_says_what_the_format_wants():
    """Every property that Croissant 1.1 requires, on the dataset, its files, its columns; the offer under usageInfo."""
    said = jsonld.dataset(RECORD, ADDRESS, SITE, "en")
    assert said["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert {"@context", "@type", "name", "description", "license", "url", "creator", "datePublished"} <= set(said)
    for file in said["distribution"]:
        assert {"@type", "@id", "name", "contentUrl", "encodingFormat"} <= set(file)
    assert said["distribution"][0]["sha256"] == "a" * 64
    (rows,) = said["recordSet"]
    assert [column["name"] for column in rows["field"]] == ["age", "water"]
    for column in rows["field"]:
        assert column["source"]["fileObject"]["@id"] in {file["@id"] for file in said["distribution"]}
        assert column["source"]["extract"] == {"column": column["name"]}
    assert rows["field"][0]["dataType"] == ["sc:Integer", "pd:Age"]
    assert said["rai:personalSensitiveInformation"] == ["Health"]
    assert "prohibition" in json.dumps(said["usageInfo"])


@FEW
@given(descriptions.descriptions("dataset"), descriptions.descriptions("dataset", "resource_fields"))
def test_whatever_is_said_becomes_json_ld_without_loose_ends(description, file):
    """Every key means something, and nothing that nobody said is there; no address is fetched."""
    record = {**RECORD, **description, "resources": [{**RECORD["resources"][0], **file}]}
    said = jsonld.dataset(record, ADDRESS, SITE, "en")
    (node,) = pyld.expand(json.loads(json.dumps(said)))
    assert node["@id"] == ADDRESS
    assert all(key.startswith(("http", "@")) for key in node)
    assert None not in said.values()


@FEW
@given(descriptions.descriptions("city-practice"))
def test_a_practice_is_a_creative_work(description):
    """In schema.org as in DCAT: it is no dataset."""
    said = jsonld.practice({**RECORD, **description}, ADDRESS, "en")
    (node,) = pyld.expand(json.loads(json.dumps(said)))
    assert "https://schema.org/CreativeWork" in node["@type"]
    assert "Dataset" not in json.dumps(said)


# -- Data Package
@FEW
@given(descriptions.descriptions("dataset"), descriptions.descriptions("dataset", "resource_fields"))
def test_a_data_package_is_valid_and_carries_what_is_known_of_columns(description, file):
    """Frictionless accepts it; names are unique; DPV and HXL stay on the columns."""
    files = [{**RECORD["resources"][0], **file}, RECORD["resources"][1]]
    told = datapackage.descriptor({**RECORD, **description, "resources": files}, ADDRESS, "en")
    package = Package.from_descriptor(json.loads(json.dumps(told)))
    assert package.resource_names == ["homes", "homes-2"]
    columns = told["resources"][0].get("schema", {}).get("fields")
    assert columns == (file.get("schema") or description["instrument_questions"])["fields"]


def test_a_file_that_is_no_table_has_no_columns():
    """The questions describe the one table, not the report beside it."""
    told = datapackage.descriptor(RECORD, ADDRESS, "en")
    assert [resource.get("type") for resource in told["resources"]] == ["table", None]
    assert told["resources"][0]["hash"] == f"sha256:{'a' * 64}"
    assert told["dpv:hasPersonalData"] == ["https://w3id.org/dpv/pd#MedicalHealth"]


# -- Pages
@pytest.fixture
def editor(clean_site) -> dict[str, Any]:
    user = factories.SysadminWithToken()
    return {**user, "organization": factories.Organization(user=user)["id"]}


def create(editor: dict[str, Any], **values: Any) -> dict[str, Any]:
    return helpers.call_action("package_create", {"user": editor["name"]}, owner_org=editor["organization"], **values)


def test_exports_show_no_more_than_the_page_does(app, editor):
    """Whoever may see the record gets them, linked from its page; for everybody else there is nothing."""
    create(
        editor, name="held", title="Held", notes="N", resources=[{"url": "https://example.org/a.csv", "format": "CSV"}]
    )
    create(editor, type="city-practice", name="tap", title="Tap by tap")
    headers = {"Authorization": editor["token"]}
    page = html.fromstring(app.get("/dataset/held", headers=headers).body)
    links = page.xpath("//p[@class='cd-also']/a/@href")
    assert [link.rpartition("/")[2].partition("?")[0] for link in links] == [
        *("offline", "held.ttl", "held.jsonld", "croissant.json", "datapackage.json")
    ]
    for address in (*links, "/city-practice/tap/schema-org.json"):
        assert app.get(address, headers=headers, status=200).data
        app.get(address, status=404)
    app.get("/dataset/tap/croissant.json", headers=headers, status=404)
    graph = Graph().parse(data=app.get(links[2], headers=headers).data, format="json-ld")
    assert any("dcat-us" in str(predicate) or "org/ns/org#" in str(o) for _, predicate, o in graph)


def test_practices_are_found_by_challenge_and_by_group_served(app, editor):
    """Filters with names in words, and none about files."""
    create(
        editor, type="city-practice", name="tap", title="Tap", topics=["water-sanitation"], groups_served=["tenants"]
    )
    create(editor, type="city-practice", name="bus", title="Bus", topics=["mobility"], groups_served=["youth"])
    headers = {"Authorization": editor["token"]}
    page = html.fromstring(app.get("/city-practice/?vocab_groups_served=tenants", headers=headers).body)
    text = page.text_content()
    for words in ("Challenge", "Water and sanitation", "Groups served", "Tenants"):
        assert words in text
    assert "Formats" not in text
    found = {href for href in page.xpath("//a/@href") if href.endswith(("/city-practice/tap", "/city-practice/bus"))}
    assert found == {"/city-practice/tap"}


def test_a_practice_is_no_dataset(app, editor):
    """Neither in the list of data nor in words; who looks for both is told of the practice."""
    create(editor, name="taps", title="Water taps", notes="N")
    create(editor, type="city-practice", name="tap", title="Water by those who drink it", city="Pune", country="IN-MH")
    headers = {"Authorization": editor["token"]}

    def page(path: str) -> Any:
        return html.fromstring(app.get(path, headers=headers).body)

    data = page("/dataset/?q=water")
    assert "1 dataset found" in data.text_content()
    assert data.xpath("//a[@href='/city-practice/?q=water'][contains(., '1 city practice')]")
    assert "city practice speaks" not in app.get("/dataset/?q=water").body  # nobody released it
    found = page("/city-practice/?q=water")
    assert found.xpath("string(//h1[contains(., 'found')])").strip() == "1 city practice found"
    assert found.xpath("//input[@placeholder='Search city practices…']")
    record = page("/city-practice/tap")
    assert record.xpath("//li[@class='active']/a[contains(., 'City practice')]")
    assert "Pune, India (IN-MH)" in record.text_content()
    assert "Pune, Inde (IN-MH)" in page("/fr/city-practice/tap").text_content()


def test_a_filter_names_every_list_that_it_shows():
    """Each entry of a filter is found in the list that names it."""
    found = {
        "vocab_stage": {
            "items": [{"name": "running", "display_name": "running"}, {"name": "odd", "display_name": "odd"}]
        }
    }
    facets.name_entries(found, str)
    assert [item["display_name"] for item in found["vocab_stage"]["items"]] == ["Running", "odd"]


# -- A catalogue in a folder
def _full(kind: str) -> dict[str, Any]:
    """One description with every field filled."""
    made: list[dict[str, Any]] = []

    @settings(FEW, max_examples=1)
    @given(descriptions.descriptions(kind))
    def collect(description: dict[str, Any]) -> None:
        made.append(description)

    collect()
    return {**{k: v for k, v in made[0].items() if k != "spatial_precision"}, "type": kind, "name": f"{kind}-1"}


def test_a_catalogue_comes_back_whole(editor, tmp_path):
    """Out, into an empty catalogue, out again: the same graph; a changed or foreign folder is refused."""
    dataset, practice = _full("dataset"), _full("city-practice")
    files = [{"url": "https://example.org/a.csv", "format": "CSV", "name": "Homes", "schema": COLUMNS}]
    create(editor, **dataset, spatial_precision="none", license_id="cc-by", tags=[{"name": "water"}], resources=files)
    create(editor, **practice)
    run = CliRunner()
    out = run.invoke(cli.communitydata, ["export", str(tmp_path / "one"), "--everything"])
    assert out.output.endswith("2 records, 1 organisations\n"), out.output
    before = Graph().parse(tmp_path / "one/catalogue.ttl")
    assert not list((tmp_path / "one").rglob("*user*"))

    from support import cleaning

    cleaning.empty_database()
    assert model.Session.query(model.Package).count() == 0
    again = run.invoke(cli.communitydata, ["import", str(tmp_path / "one")])
    assert again.exit_code == 0, again.output
    assert (
        run.invoke(cli.communitydata, ["import", str(tmp_path / "one")]).output
        == "created 0 records, 0 organisations\n"
    )
    run.invoke(cli.communitydata, ["export", str(tmp_path / "two"), "--everything"])
    assert isomorphic(before, Graph().parse(tmp_path / "two/catalogue.ttl"))

    assert run.invoke(cli.communitydata, ["export", str(tmp_path / "two")]).exit_code == 1
    (tmp_path / "one/organizations.json").write_text("[]")
    with pytest.raises(ValueError, match=r"organizations\.json .*was changed"):
        catalogue.check(tmp_path / "one")
    with pytest.raises(ValueError, match="no export"):
        catalogue.check(tmp_path)


def test_what_is_held_leaves_only_when_asked_for(editor, tmp_path):
    """The plain export holds what a visitor could read."""
    create(editor, name="held", title="Held secret")
    counts = catalogue.export(tmp_path / "public", everything=False)
    assert counts["records"] == 0
    assert "Held secret" not in "".join(path.read_text() for path in (tmp_path / "public").rglob("*.*"))


def test_agreements_leave_without_anything_that_tells_who_agreed(community, tmp_path):
    """Level, state and dates; neither names, words, numbers of people nor the secret of the link."""
    from support import agreeing

    dataset = agreeing.community_dataset()
    record = agreeing.agree(dataset["id"])
    catalogue.export(tmp_path / "all", everything=True)
    text = (tmp_path / "all/agreements.json").read_text()
    (kept,) = json.loads(text)
    assert (kept["dataset"], kept["level"], kept["status"]) == (dataset["id"], "collective", "ConsentGiven")
    assert [event["status"] for event in kept["events"]][-1] == "ConsentGiven"
    told = re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "", text.replace(dataset["id"], ""))  # a moment may hold any figure
    for secret in (record["token"], record["id"], "committee", "Count us", "data-desk", "61"):
        assert secret not in told


# -- Local Contexts
PROJECT = "1f0e2d3c-0000-4000-8000-000000000000"
TOLD = {
    "title": "River stories", "project_page": "javascript:alert(1)", "project_privacy": "Public",
    "project_contact": {"email": "person@example.org"}, "contributors": {"others": [{"name": "Somebody"}]},
    "tk_labels": [{
        "name": "TK Community Use Only", "label_type": "community_use_only", "language_tag": "en",
        "label_text": "Ask us", "community": "River people",
        "translations": [{"language_tag": "es", "translated_name": "Uso", "translated_text": "Pida"}],
    }],
    "notice": [{"notice_type": "open_to_collaborate", "name": "Open to collaborate", "default_text": "Write to us"}],
}  # fmt: skip


@pytest.fixture
def hub():
    """A Hub on this machine: `hub.answers` holds (status, body); `hub.asked` what was asked of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, self.headers.get("X-Api-Key")))
            status, body = server.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_labels_come_from_the_hub_alone_and_stay_when_it_is_silent(hub, app, editor, ckan_config, monkeypatch):
    """Off by default; fetched by a command; no person of the project is kept; what is private is forgotten."""
    create(editor, name="stories", title="Stories", local_contexts_project=PROJECT)
    assert local_contexts.refresh(PROJECT) is None
    assert CliRunner().invoke(cli.communitydata, ["labels"]).exit_code == 1
    monkeypatch.setitem(ckan_config, "ckanext.communitydata.local_contexts_hub", f"http://127.0.0.1:{hub.server_port}/")
    monkeypatch.setitem(ckan_config, "ckanext.communitydata.local_contexts_key", "key-1")
    hub.answers = [
        (200, json.dumps(TOLD).encode()),
        (500, b""),
        (200, b"<html>"),
        (200, json.dumps({**TOLD, "project_privacy": "Private"}).encode()),
    ]
    assert "1 labels, 1 notices" in CliRunner().invoke(cli.communitydata, ["labels"]).output
    assert hub.asked == [(f"/api/v2/projects/{PROJECT}/", "key-1")]
    kept = local_contexts.kept(PROJECT)
    assert kept["labels"][0]["name"] == {"en": "TK Community Use Only", "es": "Uso"}
    assert kept["page"] == ""
    assert "person@example.org" not in json.dumps(kept)
    assert "Somebody" not in json.dumps(kept)
    page = app.get("/dataset/stories", headers={"Authorization": editor["token"]}).body
    assert "River people" in page
    assert "Ask us" in page
    for _silence in range(2):
        with pytest.raises(requests.RequestException):
            local_contexts.refresh(PROJECT)
        assert local_contexts.kept(PROJECT) == kept
    assert local_contexts.refresh(PROJECT) == {}
    assert local_contexts.kept(PROJECT) == {}


def test_nobody_can_type_a_label(editor):
    """There are notices to choose from, and no labels."""
    with pytest.raises(tk.ValidationError):
        create(editor, name="x", title="X", local_contexts_notice=["tk-attribution"])
