"""Fields that were changed here and at the source wait for a person, and stay decided."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from portals import records
from portals.replay import Replay, replay

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
