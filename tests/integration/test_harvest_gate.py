"""Harvested datasets behind the privacy gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from portals import records
from portals.replay import Replay, replay

pytestmark = pytest.mark.usefixtures("clean_site")


@pytest.fixture
def site() -> Iterator[Replay]:
    with replay() as portal:
        portal.serve_catalogue([records.hub(number, title=f"Layer {number}") for number in (1, 2)])
        yield portal


@pytest.fixture
def released(site: Replay, community: dict[str, Any]) -> dict[str, Any]:
    """A source of two datasets of which the second is released."""
    if not plugin_loaded("privacy"):
        pytest.skip("there is no gate on this site")
    from support import releasing

    source = tk.get_action("harvest_source_create")(
        {"user": "officer"},
        {"name": "hub", "title": "Hub", "url": site.url, "source_type": "arcgis-hub", "frequency": "MANUAL",
         "owner_org": community["organization"]["id"]},
    )  # fmt: skip
    tk.get_action("cityportals_source_approve")({"user": "editor"}, {"id": source["id"]})
    run(source)
    dataset_id = model.Session.query(model.Package.id).filter_by(title="Layer 2").scalar()
    releasing.release(dataset_id)
    return {"source": source, "dataset_id": dataset_id}


def run(source: dict[str, Any]) -> dict[str, Any]:
    return tk.get_action("cityportals_run")({"user": "officer"}, {"id": source["id"], "wait": True})


def test_a_released_harvested_dataset_is_no_leak(released):
    """ckanext-harvest adds to the index where a dataset came from: the leak check knows that this is no content."""
    from ckanext.privacy.gate import leak_check

    assert leak_check.find_leaks() == []


def test_a_change_at_the_source_is_not_public_before_it_is_released(site, released, anonymous_api):
    assert anonymous_api("package_show", id=released["dataset_id"])[1]["result"]["title"] == "Layer 2"
    site.serve_catalogue([records.hub(1, title="Layer 1"), records.hub(2, title="Leaked title", description="Leaked")])
    assert run(released["source"])["changed"] == 1
    status, answer = anonymous_api("package_show", id=released["dataset_id"])
    assert status == 200
    assert "Leaked" not in str(answer)
    found = anonymous_api("package_search", q="Leaked")[1]["result"]
    assert found["count"] == 0
    assert "Leaked" not in str(anonymous_api("package_search", q="Layer")[1])


def test_a_released_dataset_whose_record_is_gone_is_withdrawn_not_deleted(
    site, released, anonymous_api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_days", 0)
    monkeypatch.setitem(tk.config, "ckanext.cityportals.grace_runs", 2)
    site.serve_catalogue([records.hub(1, title="Layer 1")])
    assert run(released["source"])["missing"] == 1
    assert anonymous_api("package_show", id=released["dataset_id"])[0] == 200, "one look never decides"
    assert run(released["source"])["withdrawn"] == 1
    assert anonymous_api("package_show", id=released["dataset_id"])[0] in (403, 404)
    model.Session.expire_all()
    assert model.Package.get(released["dataset_id"]).state == "active"
