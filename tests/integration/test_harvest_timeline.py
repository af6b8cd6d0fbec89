"""Recorded feeds of cities, harvested for real in the order of their days: what truly changed, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from portals import recordings
from portals.replay import replay
from support import timeline

pytestmark = [
    pytest.mark.usefixtures("clean_site"),
    pytest.mark.skipif(not recordings.present(), reason="the recorded feeds are not here"),
]


def act(action: str, **data: Any) -> Any:
    return tk.get_action(action)({"user": "sysadmin", "auth_user_obj": model.User.get("sysadmin")}, data)


@pytest.mark.parametrize("city", ["carlton-county-EMPTY", "st-paul"])
def test_a_city_is_replayed_without_a_loss(community: dict[str, Any], city: str):
    """One that was emptied for good, and one that changed nearly every record at once."""
    feeds = [feed for feed in recordings.feeds() if feed.city == city]
    with replay() as portal:
        source = act(
            "harvest_source_create",
            name=city.lower(),
            title=city,
            url=f"{portal.url}/data.json",
            source_type=feeds[0].source_type,
            owner_org=community["organization"]["id"],
            frequency="MANUAL",
        )
        found = timeline.harvest_city(
            feeds, recordings.truth(), portal, source["id"], lambda: act("cityportals_run", id=source["id"], wait=True)
        )
    assert found.steps == len(feeds)
    assert found.added >= len(feeds[0].records)
    assert found.wrong == []
