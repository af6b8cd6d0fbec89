"""Whole runs against portals that do what no standard foresees: no record is lost, doubled or taken for gone."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals import showing
from ckanext.cityportals.portals import base

pytestmark = pytest.mark.usefixtures("clean_site")

WORDS = "x" * 40_000
#: members of a record that something on its way into the catalogue would refuse
ODD: dict[str, dict[str, Any]] = {
    "nul": {"title": "Nul\0 trees", "description": "a\0b", "keyword": ["a\0b"]},
    "half a character": {"title": "Half \ud800", "description": "\udfff", "extra\ud800": "\ud800"},
    "no number": {"title": "No number", "spatial": float("nan"), "rating": float("inf")},
    "no title": {"title": None},
    "long title": {"title": f"Long {WORDS}"},
    "long address": {"title": "Long address", "distribution": [{"downloadURL": f"https://example.org/?{WORDS}"}],
                     "landingPage": f"https://example.org/{WORDS}"},
    "long words": {"title": "Long words", "publisher": {"name": WORDS}, "keyword": [WORDS], "theme": [WORDS],
                   "license": WORDS, "temporal": WORDS, "spatial": WORDS, "accrualPeriodicity": WORDS},
    "many": {"title": "Many", "keyword": [f"word {number}" for number in range(200)],
             "distribution": [{"downloadURL": f"https://example.org/{number}"} for number in range(60)]},
    "dates": {"title": "Dates", "issued": "0000-00-00", "modified": "12 de marzo de 2019", "temporal": "soon/never"},
    "places": {"title": "Places", "spatial": {"type": "Polygon", "coordinates": [[[1, 2]]]}},
    "far away": {"title": "Far away", "spatial": "-7000000,100,-6900000,200"},
    "files": {"title": "Files", "distribution": [{"downloadURL": "javascript:alert(1)"}, "text", None, {}]},
    "two at once": {"title": "Two at once", "contactPoint": [{"fn": "Desk"}], "publisher": ["A", {"name": "B"}],
                    "language": ["spa", "zz-ZZ-zz", "English"]},
}  # fmt: skip


def act(action: str, user: str = "officer", **data: Any) -> Any:
    return tk.get_action(action)({"user": user, "auth_user_obj": model.User.get(user)}, data)


def titles() -> list[str]:
    model.Session.expire_all()
    return sorted(each.title for each in model.Session.query(model.Package).filter_by(type="dataset"))


class Source:
    """A source and its portal."""

    def __init__(self, portal: Replay, organization: str, source_type: str) -> None:
        members = {"name": source_type, "title": "A city", "url": portal.url, "source_type": source_type}
        self.id = act("harvest_source_create", **members, owner_org=organization, frequency="MANUAL")["id"]
        act("cityportals_source_approve", "editor", id=self.id)

    def run(self) -> dict[str, Any]:
        return act("cityportals_run", id=self.id, wait=True)


def figures(report: dict[str, Any]) -> dict[str, int]:
    names = ("added", "changed", "renamed", "unchanged", "missing")
    return {name: report[name] for name in names if report[name]}


def test_no_record_is_lost_to_what_it_holds(community: dict[str, Any]):
    """Neither in the database nor in the search index, and none of its neighbours either."""
    found = [records.data_json(number, **members) for number, members in enumerate(ODD.values(), 1)]
    found.append(records.data_json(99, title="Neighbour"))
    with replay() as portal:
        portal.serve_catalogue(found)
        source = Source(portal, community["organization"]["id"], "dcat-us")
        report = source.run()
        assert (report["errors"], figures(report)) == ([], {"added": len(found)})
        assert {"Nul trees", "No number", "Neighbour"} <= set(titles())
        found_by_search = act("package_search", q="title:*", include_private=True, rows=0)["count"]
        assert found_by_search == len(found)
        assert figures(source.run()) == {"unchanged": len(found)}
        portal.serve_catalogue([{**each, "description": "Other words"} for each in found])
        report = source.run()
        assert (report["errors"], figures(report)) == ([], {"changed": len(found)})


def test_a_record_that_the_search_index_refuses_costs_only_itself(
    community: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    documents = showing.documents

    def with_a_long_word(*arguments: Any) -> list[dict[str, Any]]:
        made = documents(*arguments)
        return [each | {"vocab_odd": WORDS} if each["title"] == "Odd" else each for each in made]

    monkeypatch.setattr(showing, "documents", with_a_long_word)
    with replay() as portal:
        portal.serve_catalogue(
            [records.data_json(number, title=title) for number, title in enumerate(("A", "Odd", "B"))]
        )
        report = Source(portal, community["organization"]["id"], "dcat-us").run()
    assert titles() == ["A", "B"]
    assert [each["reason"] for each in report["errors"]] == [
        "The search index does not take this record; something in it is too long."
    ]


def test_records_under_one_identifier_do_not_take_turns(community: dict[str, Any]):
    """Portals list some identifiers twice, today in this order and tomorrow in that."""
    one, other = records.data_json(1, title="One"), records.data_json(1, title="Other", description="Another")
    third = records.data_json(3, title="Third")
    with replay() as portal:
        source = Source(portal, community["organization"]["id"], "dcat-us")
        for served in ([one, other, third], [other, one, third], [third, other, one], [one, third, other]):
            portal.serve_catalogue(served)
            report = source.run()
            assert titles() == ["One", "Third"]
            assert [each["record"] for each in report["errors"]] == [one["identifier"]]
            assert report["complete"]
            assert report["missing"] == 0


def test_a_portal_that_shuffles_its_pages_shows_nothing_as_gone(community: dict[str, Any]):
    """It sends as many records as it announced, but some of them twice and others not at all."""
    found = [records.ckan(number, title=f"Layer {number}") for number in range(1, 9)]
    pages = [found[:4], found[2:6]]

    def page(query: dict[str, str]) -> Answer:
        part = pages[int(query["start"]) // 4] if int(query["start"]) < 8 else []
        return Answer({"success": True, "result": {"count": 8, "results": part}})

    with replay() as portal:
        portal.serve_ckan(found)
        source = Source(portal, community["organization"]["id"], "city-ckan")
        assert figures(source.run()) == {"added": 8}
        portal.answers["/api/3/action/package_search"] = page
        report = source.run()
        assert not report["complete"]
        assert report["missing"] == 0
        portal.serve_ckan(found[:6])
        assert figures(source.run()) == {"unchanged": 6, "missing": 2}, "a true removal is found"


def test_a_feed_that_lists_everything_twice_is_read_once(community: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(base, "PAGE_SIZE", 4)
    found = [records.data_json(number) for number in range(1, 5)]
    with replay() as portal:
        portal.serve_catalogue(found + found)
        source = Source(portal, community["organization"]["id"], "dcat-us")
        report = source.run()
        assert report["added"] == 4
        assert report["complete"]
        portal.serve_catalogue((found + found)[2:])
        assert figures(source.run()) == {"unchanged": 4}


def test_clocks_and_counters_change_nothing(community: dict[str, Any]):
    """A portal whose records are always of this minute, and count their visits."""
    with replay() as portal:
        source = Source(portal, community["organization"]["id"], "opendatasoft")
        for minute in range(3):
            found = [records.opendatasoft(number) for number in range(1, 4)]
            for each in found:
                each["metas"]["default"] |= {"modified": f"2026-01-01T00:0{minute}:00Z", "records_count": minute}
                each["metas"]["explore"] = {"popularity_score": minute, "download_count": minute}
            portal.answers["/api/explore/v2.1/catalog/datasets"] = Answer({"total_count": 3, "results": found})
            assert figures(source.run()) == ({"unchanged": 3} if minute else {"added": 3})
