"""Whether something held exists is nobody's business: actions and pages answer as for a name that was never used.

No list is kept here: each action that is registered, and each address that takes a parameter, is asked.
"""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from ckan.logic import _actions, get_action
from ckan.tests import factories, helpers
from support.releases import act, add_file, make_dataset, release

#: What an action wants to know before it looks for the object.
REST = {
    "object_type": "package", "capacity": "member", "type": "child_of", "subject": "x", "object": "x", "q": "x",
    "user_id": "reader", "text": "A worry", "reason": "None", "task_type": "x", "key": "x", "fields": [], "records": [],
    "plan": {}, "organization_id": "city-lab", "filters": {}, "order": [], "datasets": [], "org_id": "city-lab",
}  # fmt: skip
#: Parameters of actions whose words tell of none, such as those the gate stands in front of.
UNTOLD = ("name", "package_id", "resource_id")
#: Parameters that may name something.
NAMING = re.compile(r"id$|name|dataset|package|resource|view|subject|object|match")
MOVING = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+|csrf[^>]*>|_token[^>]*>")
#: Headers that differ by the length of a name, or by the session.
APART = frozenset({"Content-Length", "Set-Cookie"})


@pytest.fixture
def people(community, app, monkeypatch):
    """The community, and a member of its organisation who may not edit: nobody who may not know is nearer."""
    for key in ("TESTING", "PROPAGATE_EXCEPTIONS"):  # what fails is an answer to whoever asked
        monkeypatch.setitem(app.flask_app.config, key, False)
    insider = factories.UserWithToken(name="insider")
    helpers.call_action(
        "organization_member_create", {"user": "sysadmin"}, id="city-lab", username="insider", role="member"
    )
    return {**community, "insider": insider}


@pytest.fixture
def held(people):
    """What a held dataset consists of, by kind. Its name is as long as an id, so that both look alike."""
    dataset = make_dataset(name="held-" + "x" * 31)
    resource = dataset["resources"][0]["id"]
    view = factories.ResourceView(resource_id=resource)["id"]
    return {"dataset": dataset["name"], "resource": resource, "view": view}


def told(answer: Any, *asked: str) -> tuple[Any, ...]:
    """All that an answer gives away, without what was asked for and what moves by itself."""
    text = MOVING.sub("", answer.get_data(as_text=True))
    headers = "\n".join(f"{key}: {value}" for key, value in answer.headers if key not in APART)
    for each in asked:
        text, headers = text.replace(each, "ASKED"), headers.replace(each, "ASKED")
    return answer.status_code, headers, text


def questions() -> Iterator[tuple[str, str, str]]:
    """Every action, each of its parameters that may name something, and what that may be."""
    get_action("package_show")  # fills the table
    for action, function in sorted(_actions.items()):
        words = inspect.getdoc(function) or ""
        described = re.findall(r":param (?:\w+ )?(\w+)", words) or UNTOLD
        for parameter in sorted({"id", *filter(NAMING.search, described)}):
            about = f"{action} {words}" if parameter == "id" else parameter
            yield from ((action, parameter, kind) for kind in ("resource", "view") if kind in about)
            if parameter == "id" or about not in ("resource_id", "view_id"):
                yield action, parameter, "dataset"


@pytest.mark.parametrize("user", [None, "insider"])
def test_no_action_tells_whether_something_held_exists(held, app, people, user):
    """Who may not edit cannot tell a held dataset, file or view from one that never was."""
    headers = {"Authorization": people[user]["token"]} if user else {}

    def ask(action: str, parameter: str, name: str) -> tuple[Any, ...]:
        return told(app.post(f"/api/3/action/{action}", json={**REST, parameter: name}, headers=headers), name)

    nowhere, telling = {}, {}
    for action, parameter, kind in questions():
        key = action, parameter
        if user is None and (parameter, kind) != ("id", "dataset"):
            continue  # CKAN stops visitors earlier than members, and in the same way whatever they ask about
        nowhere[key] = nowhere.get(key) or ask(*key, str(uuid.uuid4()))
        if (there := ask(*key, held[kind])) != nowhere[key]:
            telling[f"{action} {parameter} {kind}"] = there, nowhere[key]
    assert telling == {}


@pytest.mark.parametrize("user", [None, "insider"])
def test_no_page_tells_whether_a_held_dataset_exists(held, app, people, user):
    """Who knows or guesses an address learns as much as from one that nobody ever made."""
    headers = {"Authorization": people[user]["token"]} if user else {}

    def ask(rule: Any, *names: str) -> tuple[Any, ...]:
        way = app.get if "GET" in rule.methods else app.post
        return told(way(address(rule, *names), headers=headers, follow_redirects=False), *names)

    telling = {}
    for rule in rules(app):
        names = held["dataset"], held["resource"], held["view"]
        if not any(name in address(rule, *names) for name in names):
            continue
        there, nowhere = ask(rule, *names), ask(rule, *(str(uuid.uuid4()) for _ in names))
        if there != nowhere:
            telling[rule.rule] = there, nowhere
    assert telling == {}


def rules(app: Any) -> Iterator[Any]:
    """Every address that takes a parameter, once for each view behind it."""
    seen = set()
    for rule in app.flask_app.url_map.iter_rules():
        view = app.flask_app.view_functions[rule.endpoint]
        names = (getattr(view, name, None) for name in ("__module__", "__qualname__", "view_class"))
        key = *names, frozenset(rule.arguments)
        if rule.arguments and not rule.rule.startswith("/api/") and key not in seen:
            seen.add(key)
            yield rule


def address(rule: Any, dataset: str, resource: str, view: str) -> str:
    """Fill in an address: with a file where it is about one, else with the dataset."""
    of_file = rule.endpoint.startswith("datastore") or "/resource_data/" in rule.rule
    known = {"resource_id": resource, "view_id": view, "resource_view_id": view, "filename": "x.csv", "_format": "ttl"}
    known["id"] = resource if of_file else dataset
    known |= dict.fromkeys(("package_id", "dataset_id", "_id", "dataset", "name"), dataset)
    return re.sub(r"<(?:[^<>]*:)?([^<>]+)>", lambda part: known.get(part[1], "x"), rule.rule)


WAYS = (
    {"method": "HEAD"},
    {"headers": {"Range": "bytes=0-9"}},
    {"headers": {"If-None-Match": "*"}},
    {"headers": {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}},
)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_no_way_to_download_tells_whether_a_file_exists(held, app, way):
    """Asking for the head only, for a part, or for what is newer gives the same answer as for no file at all."""
    roads = (
        "/dataset/{0}/resource/{1}/download/x.csv",
        "/datastore/dump/{1}",
        *DUMPS,
        "/dataset/{0}",
        "/dataset/{0}.ttl",
    )
    nothing = "never-" + "x" * 30, str(uuid.uuid4())
    for road in roads:
        there, nowhere = (
            told(app.flask_app.test_client().open(road.format(*names), **way), *names)
            for names in ((held["dataset"], held["resource"]), nothing)
        )
        assert there == nowhere, road


DUMPS = tuple(f"/datastore/dump/{{1}}?format={kind}" for kind in ("csv", "tsv", "json", "xml", "none"))


def test_a_dataset_found_by_another_name_or_one_level_down_is_not_told_either(held, anonymous_api, api_as, people):
    """``package_update`` goes by a name, ``package_revise`` by what is in ``match``, a new file by its dataset."""
    for ask in (anonymous_api, api_as(people["insider"])):
        for action, data in (
            ("package_update", {"name": "{}"}),
            ("package_revise", {"match": {"name": "{}"}}),
            ("package_revise", {"match__id": "{}"}),
            ("resource_create", {"package_id": "{}"}),
            ("datastore_create", {"resource": {"package_id": "{}"}}),
        ):
            there, nowhere = (ask(action, **filled(data, name)) for name in (held["dataset"], str(uuid.uuid4())))
            assert there == nowhere, action


def filled(data: Any, name: str) -> Any:
    """Put a name in its place."""
    return {key: filled(each, name) for key, each in data.items()} if isinstance(data, dict) else data.format(name)


def test_what_was_public_is_refused_in_ckans_words(people, anonymous_api, api_as, app):
    """Everybody knows of a released dataset, and of one that was taken down; a name it got since then is not told."""
    dataset = make_dataset()
    made = release(dataset["id"])
    insider = api_as(people["insider"])
    held_file = add_file(dataset["id"], "a,b\n1,2\n", "more.csv")["id"]

    assert insider("package_patch", id=dataset["name"])[0] == 403
    assert anonymous_api("package_patch", id=dataset["id"])[0] == 403
    assert insider("resource_patch", id=dataset["resources"][0]["id"])[0] == 403
    assert insider("resource_patch", id=held_file)[0] == 404

    act("steward1", "privacy_release_withdraw", id=made["id"], reason="Asked for.")
    act("officer", "package_patch", id=dataset["id"], name="renamed-since")
    assert insider("package_patch", id=dataset["id"])[0] == 403
    assert insider("package_patch", id="renamed-since")[0] == 404
    assert app.get(f"/dataset/{dataset['name']}").status_code == 410


def test_who_works_on_a_dataset_hears_what_is_wrong(held, api_as, people, app):
    """Editors get CKAN's own words about their datasets, and about what they call something new."""
    officer = api_as(people["officer"])

    assert officer("package_update", id=held["dataset"], name="no name")[0] == 409
    assert officer("package_create", id=str(uuid.uuid4()), name="no name", owner_org="city-lab")[0] == 409
    assert officer("package_create", name=held["dataset"], owner_org="city-lab")[0] == 409
    whole = {**act("officer", "package_show", id=held["dataset"]), "name": "no name", "subject": "water"}
    assert officer("package_update", **whole)[0] == 409
    assert officer("datastore_search", resource_id=held["resource"])[1]["error"]["message"] != "Not found"
    asked_for = act("officer", "privacy_release_request", id=held["dataset"])["id"]
    assert officer("privacy_release_approve", id=asked_for, snapshot_sha256="")[0] in (403, 409)
    assert api_as(people["insider"])("privacy_release_show", id=asked_for)[0] == 404
    assert api_as(people["insider"])("package_create", name="new", owner_org="city-lab")[0] == 403
    assert api_as(people["insider"])("organization_patch", id="city-lab")[0] == 403


def test_who_is_not_logged_in_is_told_that_a_page_may_need_it(held, app):
    """A steward who follows a link from an e-mail finds the way to the log-in."""
    answer = app.get(f"/dataset/edit/{held['dataset']}")

    assert answer.status_code in (302, 404)
    assert "/user/login" in answer.headers.get("Location", "") + answer.get_data(as_text=True)
