"""Fields that were changed here and at the source wait for a person, and stay decided."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from portals import records
from portals.replay import Replay, replay

from ckanext.cityportals.mapping import Mapped
from ckanext.cityportals.portals import PORTALS

pytestmark = pytest.mark.usefixtures("clean_site")


def act(action: str, user: str = "officer", **data: Any) -> Any:
    return tk.get_action(action)({"user": user, "auth_user_obj": model.User.get(user)}, data)


class City:
    """A source with one dataset, whose title changes at the portal and here."""

    def __init__(self, portal: Replay, organization: str) -> None:
        self.portal = portal
        self.says("Trees")
        members = {"name": "a-city", "title": "A city", "url": portal.url, "source_type": "arcgis-hub"}
        self.source = act("harvest_source_create", **members, owner_org=organization, frequency="MANUAL")["id"]
        act("cityportals_source_approve", "editor", id=self.source)
        self.run()
        self.dataset = model.Session.query(model.Package).filter_by(type="dataset").one().id

    def says(self, title: str, **members: Any) -> None:
        self.portal.serve_catalogue([records.hub(1, title=title, **members)])

    def run(self) -> dict[str, Any]:
        return act("cityportals_run", id=self.source, wait=True)

    def edit(self, title: str) -> None:
        act("package_patch", "editor", id=self.dataset, title=title, title_translated={"en": title})

    def title(self) -> str:
        return act("package_show", id=self.dataset)["title"]

    def conflicts(self, id: str | None = None) -> list[tuple[Any, ...]]:
        listed = act("cityportals_conflict_list", id=id or self.source)
        return [tuple(each[part]["en"] for part in ("last", "remote", "local")) for each in listed]

    def decide(self, take: str, **data: Any) -> Any:
        wanted = {"id": self.dataset, "field": "title_translated", "take": take, **data}
        return act("cityportals_conflict_resolve", **wanted)


@pytest.fixture
def city(community: dict[str, Any]) -> Iterator[City]:
    with replay() as portal:
        yield City(portal, community["organization"]["id"])


@pytest.fixture
def conflict(city: City) -> City:
    """A city that calls its trees otherwise since they were renamed here."""
    city.edit("Street trees")
    city.says("City trees")
    city.run()
    return city


def test_a_conflict_waits_with_all_three_versions_until_it_is_decided(conflict: City):
    for each in (conflict.source, conflict.dataset):
        assert conflict.conflicts(each) == [("Trees", "City trees", "Street trees")]
    conflict.run()
    assert conflict.conflicts(), "a run that changes nothing decides nothing"
    conflict.says("Trees of the city")
    conflict.run()
    assert conflict.conflicts() == [("Trees", "Trees of the city", "Street trees")]
    assert conflict.decide("local") == []
    conflict.says("Urban trees")
    conflict.run()
    assert conflict.conflicts() == [("Trees of the city", "Urban trees", "Street trees")]
    conflict.says("Trees of the city")
    conflict.run()
    assert conflict.conflicts() == [], "what was declined is not asked about again"
    assert conflict.title() == "Street trees"


def test_only_an_editor_decides_and_only_what_is_there(conflict: City, api_as, anonymous_api, community):
    for call in (api_as(community["reader"]), anonymous_api):
        for each in (conflict.source, conflict.dataset):
            assert call("cityportals_conflict_list", id=each)[0] in (403, 404)
        wanted = {"id": conflict.dataset, "field": "title_translated", "take": "remote"}
        assert call("cityportals_conflict_resolve", **wanted)[0] in (403, 404)
    for data in ({"field": "notes"}, {"at": "2001-01-01T00:00:00"}, {"take": "both"}):
        with pytest.raises(tk.ValidationError):
            conflict.decide(**{"take": "remote", **data})
    assert conflict.title() == "Street trees"
    conflict.edit("City trees")
    assert conflict.conflicts() == [], "what has become equal needs no decision"


def test_the_pages_show_it_and_what_is_taken_from_the_source_is_an_edit(
    conflict: City, app: Any, community: dict[str, Any]
):
    officer = {"Authorization": community["officer"]["token"]}
    page = "/harvest-portals/source/a-city"
    assert f'href="{page}/conflicts"' in app.get(page, headers=officer).text
    text = html.unescape(app.get(f"{page}/conflicts", headers=officer).text)
    assert text.count("<h1") == 1
    for value in ("Trees", "City trees", "Street trees", "Keep what stands here", "<caption>"):
        assert value in text
    assert (
        f'href="{page.replace("a-city", conflict.source)}/conflicts#'
        in app.get(f"/dataset/{conflict.dataset}", headers=officer).text
    )
    at = act("cityportals_conflict_list", id=conflict.dataset)[0]["at"]
    form = {"dataset_id": conflict.dataset, "field": "title_translated", "take": "remote", "at": at}
    reader = {"Authorization": community["reader"]["token"]}
    assert app.get(f"{page}/conflicts", headers=reader).status_code in (403, 404)
    assert app.post(f"{page}/conflicts", data=form, headers=reader).status_code in (403, 404)
    assert "Nothing waits for a decision" in app.post(f"{page}/conflicts", data=form, headers=officer).text
    assert conflict.title() == "City trees"
    assert act("package_activity_list", id=conflict.dataset)[0]["user_id"] == model.User.get("officer").id
    assert act("package_show", id=conflict.dataset)["private"], "it is held like any edit"
    conflict.says("Trees of the city")
    conflict.run()
    assert (conflict.title(), conflict.conflicts()) == ("Trees of the city", []), "nobody edits it any more"


def files(*names: str, **descriptions: str) -> list[dict[str, Any]]:
    """Files of a record, by their names."""
    return [
        {"title": name, "mediaType": "text/csv", "downloadURL": f"https://example.org/{name}.csv",
         "description": descriptions.get(name, "")}
        for name in names
    ]  # fmt: skip


def resources(city: City) -> dict[str, str]:
    """The dataset's files: name and address."""
    return {each["name"]: each["url"] for each in act("package_show", id=city.dataset)["resources"]}


@pytest.mark.parametrize(("take", "left"), [("local", ["north", "south"]), ("remote", ["north"])])
def test_a_file_that_was_described_here_and_removed_at_the_source_waits(city: City, take: str, left: list[str]):
    city.says("Trees", distribution=files("north", "south"))
    city.run()
    held = act("package_show", id=city.dataset)["resources"]
    held[1]["description"] = "Counted by the wards"
    act("package_patch", "editor", id=city.dataset, resources=held)
    city.says("Trees", distribution=files("north"))
    city.run()
    assert list(resources(city)) == ["north", "south"], "an edit is not thrown away"
    waiting = act("cityportals_conflict_list", id=city.dataset)
    assert [(each["field"], len(each["last"]), len(each["remote"]), len(each["local"])) for each in waiting] == [
        ("resources", 2, 1, 2)
    ]
    assert city.decide(take, field="resources") == []
    city.run()
    assert list(resources(city)) == left


def test_a_file_that_was_replaced_here_and_at_the_source_waits(city: City):
    """The cleaned file stays: what the source says now is for a person to look at."""
    city.says("Trees", distribution=files("north"))
    city.run()
    held = act("package_show", id=city.dataset)["resources"]
    held[0]["url"] = "https://example.org/cleaned.csv"
    act("package_patch", "editor", id=city.dataset, resources=held)
    moved = [{**files("north")[0], "downloadURL": "https://example.org/2026/north.csv"}]
    city.says("Trees", distribution=moved)
    city.run()
    assert resources(city) == {"north": "https://example.org/cleaned.csv"}
    city.decide("remote", field="resources")
    shown = act("package_show", id=city.dataset)["resources"]
    assert [(each["id"], each["url"]) for each in shown] == [(held[0]["id"], "https://example.org/2026/north.csv")]


def test_a_field_that_only_the_extras_can_hold_waits_like_any_other(city: City, monkeypatch: pytest.MonkeyPatch):
    portal = PORTALS["arcgis-hub"]
    mapped = portal.to_dataset

    def with_a_programme(record: dict[str, Any]) -> Mapped:
        found = mapped(record)
        return replace(found, dataset={**found.dataset, "programme": record.get("programme", [])})

    def extras() -> dict[str, str]:
        return {each["key"]: each["value"] for each in act("package_show", id=city.dataset)["extras"]}

    monkeypatch.setattr(portal, "to_dataset", with_a_programme)
    city.says("Trees", programme=["parks"])
    city.run()
    ours = [{"key": key, "value": value} for key, value in {**extras(), "programme": '["nature"]'}.items()]
    act("package_patch", "editor", id=city.dataset, extras=ours)
    city.says("Trees", programme=["streets"])
    city.run()
    waiting = act("cityportals_conflict_list", id=city.dataset)
    assert [(each["field"], each["last"], each["remote"], each["local"]) for each in waiting] == [
        ("programme", ["parks"], ["streets"], ["nature"])
    ]
    city.decide("remote", field="programme")
    assert extras()["programme"] == '["streets"]'


def test_a_conflict_in_a_released_dataset_changes_nothing_that_is_public(city: City, anonymous_api: Any):
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releasing

    from ckanext.privacy.gate import leak_check

    releasing.release(city.dataset)
    city.edit("Street trees")
    city.says("City trees")
    city.run()
    assert city.conflicts() == [("Trees", "City trees", "Street trees")]
    city.decide("remote")
    assert city.title() == "City trees"
    assert anonymous_api("package_show", id=city.dataset)[1]["result"]["title"] == "Trees"
    assert act("privacy_status_show", id=city.dataset)["pending"]
    assert leak_check.find_leaks() == []
