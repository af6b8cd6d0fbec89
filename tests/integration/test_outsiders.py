"""What an outsider tries beside the usual roads: odd names, methods and headers, old addresses, errors, the log."""

from __future__ import annotations

import json
import logging
import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from ckan import logic, model
from ckanext.datastore.backend.postgres import get_write_engine
from sqlalchemy.exc import DataError
from support.releases import WATER, act, add_file, make_dataset, release, request, upload

pytestmark = pytest.mark.usefixtures("community")

WORD = "canaryzulu"
SECRET = WATER.replace("W1,", f"{WORD},")

#: What is asked of a file: ``{id}`` and ``{name}`` are the dataset, ``{rid}`` the file.
OF_A_FILE = (
    "/dataset/{id}/resource/{rid}/download",
    "/dataset/{id}/resource/{rid}/download/water.csv",
    "/dataset/{name}/resource/{rid}/download/any-name.txt",
    "/dataset/{id}/resource/{rid}/download/..%2f..%2f{rid}",
    "/dataset/{name}/look/{rid}.csv",
    "/dataset/{name}/look/{rid}?sort=point&q=canary",
    "/dataset/{name}/look/{rid}.csv?columns=point&limit=1000",
    "/dataset/{id}/resource/{rid}/view",
    "/dataset/{id}/resource/{rid}/edit",
    "/dataset/{id}/resource/{rid}/clean",
    "/dataset/{id}/resource/{rid}/privacy",
    "/dataset/{id}/dictionary/{rid}",
    "/datastore/dictionary_download/{rid}",
    "/api/3/action/resource_show?id={rid}&callback=cb",
    "/api/3/action/datastore_info?id={rid}&callback=cb",
    "/api/2/util/snippet/api_info.html?resource_id={rid}",
)
OF_A_DATASET = (
    "/dataset/{name}/offline",
    "/dataset/{name}/map",
    "/dataset/{name}/croissant.jsonld",
    "/dataset/{id}/datapackage.json",
    "/dataset/{name}.jsonld?profiles=schemaorg",
    "/dataset/{name}/privacy/progress",
    "/dataset/{name}/concern",
    "/dataset/followers/{name}",
    "/dataset/edit/{name}",
    "/api/3/action/package_show?id={id}&callback=cb",
    "/api/3/action/dataset_follower_list?id={id}",
    "/api/3/action/package_search?q=id:{id}&hl=true&hl.fl=*&debugQuery=true",
)
OF_THE_SITE = (
    "/api/3/action/status_show",
    "/api/3/action/help_show?name=package_show",
    "/api/3/action/vocabulary_list",
    "/api/3/action/tag_list?all_fields=true",
    "/api/3/action/resource_search?query=description:canary",
    "/api/3/action/user_list?q=off",
    "/api/2/util/dataset/autocomplete?incomplete=canary",
    "/api/2/util/tag/autocomplete?incomplete=canary",
    "/api/2/util/resource/format_autocomplete?incomplete=canary",
    "/robots.txt",
    "/sitemap.xml",
    "/stats",
    "/dashboard",
    "/user/followers/officer",
    "/organization/followers/city-lab",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Range": "bytes=0-400"},
    {"If-None-Match": "*"},
    {"If-Range": '"x"', "Range": "bytes=5-90"},
    {"X-HTTP-Method-Override": "PUT"},
)


@pytest.fixture
def datasets():
    """One that is held, and a public one whose pending change replaces its file and adds another; both say the word."""
    held = make_dataset(SECRET, url=f"https://example.org/{WORD}")
    changed = make_dataset()
    release(changed["id"])
    file = changed["resources"][0]["id"]
    act("officer", "package_patch", id=changed["id"], url=f"https://example.org/{WORD}")
    act("officer", "resource_patch", id=file, description=WORD, upload=upload(SECRET, "water.csv"))
    add_file(changed["id"], SECRET, "more.csv")
    for file in (held["resources"][0]["id"], changed["resources"][0]["id"]):
        view = {"title": f"Text {WORD}", "view_type": "text_view", "description": WORD}
        act("officer", "resource_view_create", resource_id=file, **view)
    return [act("officer", "package_show", id=each["id"]) for each in (held, changed)]


def told(answer) -> str:
    """Everything that an answer says, its headers too."""
    return answer.get_data(as_text=True) + json.dumps(list(answer.headers.items()))


def test_no_odd_way_of_asking_shows_what_is_held_or_pending(datasets, app, community, caplog):
    """As a visitor and as a user who belongs to nothing; no answer is a traceback, and the log holds none of it."""
    caplog.set_level(logging.INFO)
    reader = {"Authorization": community["reader"]["token"]}
    addresses = list(OF_THE_SITE)
    for dataset in datasets:
        facts = {"id": dataset["id"], "name": dataset["name"]}
        addresses += [address.format(**facts) for address in OF_A_DATASET]
        for file in dataset["resources"]:
            addresses += [address.format(**facts, rid=file["id"]) for address in OF_A_FILE]
    for address in addresses:
        for headers in HEADERS if "/download" in address else HEADERS[:1]:
            for who in ({}, reader):
                answer = app.get(address, headers={**headers, **who}, follow_redirects=False)
                assert WORD not in told(answer).replace(address, ""), address
                assert "Traceback" not in told(answer), address
    assert WORD not in caplog.text


def test_no_odd_method_shows_it_either(datasets, app):
    """HEAD, POST with what an upload would bring, and OPTIONS of each download; what is released keeps its answers."""
    for dataset in datasets:
        for file in dataset["resources"]:
            address = f"/dataset/{dataset['id']}/resource/{file['id']}/download/water.csv"
            form = {"upload": "x", "clear_upload": "true"}
            answers = [app.client.open(address, method=method) for method in ("HEAD", "OPTIONS", "PUT")]
            answers.append(app.client.post(address, data=form))
            assert [each for each in answers if WORD in told(each)] == []
    released = datasets[1]["resources"][0]["id"]
    answer = app.get(f"/dataset/{datasets[1]['id']}/resource/{released}/download/another-name.csv")
    assert answer.get_data(as_text=True) == WATER


#: What an action of the suite may be sent in the place of anything.
ODD = ([], {}, [[]], [{"a": 1}], -1, 10**30, True, "no such thing")
OWN = ("privacy_", "cityportals_", "communitydata_")
#: Walks through the whole catalogue, or calls others.
_LONG = {"privacy_leak_check", "cityportals_preview"}


def own_actions() -> dict[str, list[str]]:
    """The suite's actions, each with the parameters that it documents."""
    logic.get_action("package_show")
    found = {name: action.__doc__ or "" for name, action in logic._actions.items() if name.startswith(OWN)}
    return {name: re.findall(r":param (\w+):", text) for name, text in found.items() if name not in _LONG}


@pytest.mark.parametrize("who", ["visitor", "officer", "steward1"])
def test_no_action_fails_on_what_it_is_sent(community, app, who):
    """Whatever stands in the place of a parameter is refused in words, or not found."""
    headers = {} if who == "visitor" else {"Authorization": community[who]["token"]}
    failed = []
    for action, names in own_actions().items():
        sent = [dict.fromkeys(names or ["id"], odd) for odd in ODD]
        for data in sent if who == "steward1" else sent[2:6]:
            answer = app.post(f"/api/3/action/{action}", json=data, headers=headers)
            if answer.status_code >= 500 and answer.status_code != 503:
                failed.append((action, data))
    assert failed == []


#: What may stand behind an address.
ODD_QUERY = "?page=99999999999999999999&limit=x&state=%27&since=x&lat=nan&lon=inf&bbox=nan,nan,nan,nan"
#: What may come with a form.
ODD_FORM = {
    "step": "x",
    "reason": "",
    "items": "a:b",
    "resources": "x",
    "username": "x",
    "public_on": "2026-99-99",
    "area": '{"type":',
    "plan": "[",
    "processes": "[[[",
    "level": "x",
    "datasets": "{}",
}
_PAGES = ("privacy.", "communitydata", "cityportals.")


def test_no_page_fails_on_its_address_or_form(dataset_of_one, community, app):
    """Names that are none, numbers that are none, forms of something else; asked by somebody who sees most pages."""
    headers = {"Authorization": community["steward1"]["token"]}
    known = {"id": dataset_of_one["id"], "package_id": dataset_of_one["id"], "dataset_type": "dataset"}
    known["resource_id"] = dataset_of_one["resources"][0]["id"]
    failed = []
    for rule in app.flask_app.url_map.iter_rules():
        if rule.endpoint.startswith(_PAGES):
            path = _filled(rule.rule, known, "none")
            asked = [("GET", _filled(rule.rule, {}, "%ff"), None), ("GET", path + ODD_QUERY, None)]
            asked.append(("POST", path, ODD_FORM))
            failed += [each for each in asked if each[0] in rule.methods and _fails(app, *each, headers)]
    assert failed == []


def _fails(app, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str]) -> bool:
    try:
        return app.client.open(path, method=method, data=form, headers=headers).status_code >= 500
    except Exception:  # noqa: BLE001 - the client lets through what a reader gets as an error 500
        return True


def _filled(rule: str, known: dict[str, str], otherwise: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: known.get(part[1], otherwise), rule)


@pytest.mark.parametrize("chosen", ["[1]", "1", "null", '"drop"', "["])
def test_a_choice_that_is_no_step_is_refused_in_words(dataset_of_one, community, app, chosen):
    """The page of cleaning keeps a step as JSON in a field of its form."""
    work_on = f"/dataset/{dataset_of_one['id']}/resource/{dataset_of_one['resources'][0]['id']}/clean"
    request(dataset_of_one["id"])
    form = {"table-0": "water", "step-0-0": chosen, "column-0-0": "point"}
    answer = app.post(work_on, data=form, headers={"Authorization": community["officer"]["token"]})
    assert (answer.status_code, "A choice could not be read" in answer.get_data(as_text=True)) == (400, True)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udfff."])
def test_what_no_database_keeps_is_refused_before_anything_looks_at_it(community, app, text):
    """NUL and half a character, in JSON, in a form, in an address: even a refusal could not be noted else."""
    headers = {"Authorization": community["officer"]["token"]}
    calls = [{"id": text}, {"id": "x", "reason": [{"deep": text}]}, {text: "x"}]
    for data in calls:
        answer = app.post("/api/3/action/privacy_release_reject", json=data, headers=headers)
        assert (answer.status_code, "cannot be stored" in str(answer.get_json()["error"])) == (409, True)
    if "\x00" in text:
        assert app.get(f"/dataset/{quote(text)}").status_code == 400
        assert app.get("/dataset/", query_string={"q": text}).status_code == 400
        assert app.post("/dataset/any/concern", data={"text": text}).status_code == 400


def test_a_whole_character_outside_of_the_basic_plane_passes(dataset_of_one, community, app):
    """JSON spells it as a pair of halves."""
    headers = {"Authorization": community["officer"]["token"]}
    body = json.dumps({"id": dataset_of_one["id"], "note": "Water \U0001f4a7"})
    assert "\\ud83d" in body
    answer = app.post(
        "/api/3/action/privacy_release_request", data=body, headers=headers, content_type="application/json"
    )
    assert (answer.status_code, answer.get_json()["result"]["note"]) == (200, "Water \U0001f4a7")


@pytest.fixture
def dataset_of_one():
    """A dataset with a file, never released."""
    return make_dataset()


@pytest.mark.parametrize("engine_of", [model.ensure_engine, get_write_engine])
def test_a_statement_that_fails_quotes_nothing_of_what_it_was_to_write(engine_of):
    """Its error goes into the log: for the catalogue's database and for the rows of its tables."""
    with engine_of().connect() as connection, pytest.raises(DataError) as failed:
        connection.execute(sa.text("SELECT length(:value) / 0"), {"value": "Asha Patil"})
    assert "division by zero" in str(failed.value)
    assert "Asha" not in str(failed.value)
