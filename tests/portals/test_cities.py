"""Cities are data: what a file says must be usable, and honest about what nobody checked."""

from __future__ import annotations

import pytest

from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.portals.base import COMMON_SETTINGS
from ckanext.cityportals.presets import cities

FOUNDING_CITIES = {
    *(
        "mexico-city",
        "bangalore",
        "barcelona",
        "milan",
        "amsterdam",
        "new-york-city",
        "bogota",
        "lima",
        "delhi",
        "dubai",
    ),
    *("maharashtra", "xian", "ramallah", "buenos-aires", "sao-paulo", "montreal", "berlin", "nairobi", "cape-town"),
    *("kathmandu", "jakarta", "medellin", "un-habitat", "cities-for-global-health"),
}


def test_the_cities_the_suite_was_made_for_are_there():
    assert set(cities()) >= FOUNDING_CITIES


@pytest.mark.parametrize("name", sorted(cities()))
def test_a_city_is_ready_to_be_added(name: str):
    """Its kind of portal exists, takes its settings, and somebody wrote down what was never verified."""
    city = cities()[name]
    portal = PORTALS[city["source_type"]]
    settings = {**COMMON_SETTINGS, **portal.settings}

    assert city["title"]
    assert city["place"]
    assert city["url"].startswith(("http://", "https://"))
    assert city["known"]
    assert city["not_verified"]
    assert all(isinstance(value, settings[key]) for key, value in city.get("config", {}).items())
