"""CKAN sites."""

from __future__ import annotations

from portals import records
from portals.replay import replay
from portals.standard import Case, Standard

from ckanext.cityportals.client import Client, Manners
from ckanext.cityportals.portals import PORTALS

PORTAL = PORTALS["city-ckan"]


class TestCkan(Standard):
    case = Case("city-ckan", records.ckan, "/api/3/action/package_search", lambda site, found: site.serve_ckan(found))


def _client() -> Client:
    return Client(Manners(pause=0, retries=0, allowed_hosts={"127.0.0.1"}))


def test_a_site_below_a_path_is_read_below_that_path():
    """Barcelona's API stands at /data/api/3/action."""
    with replay() as site:
        site.serve_ckan([records.ckan()], path="/data")
        pages = list(PORTAL.pages(_client(), f"{site.url}/data/", {}, {}))
    assert [page.announced for page in pages] == [1]


def test_the_address_of_the_api_itself_is_understood():
    with replay() as site:
        site.serve_ckan([records.ckan()])
        assert len(list(PORTAL.pages(_client(), f"{site.url}/api/3/action/package_search?q=a", {}, {}))) == 1


def test_reading_ends_when_a_site_announces_more_than_it_gives():
    """No endless paging; the announced number shows that something is missing."""
    with replay() as site:
        site.serve_ckan([records.ckan()], announced=7)
        pages = list(PORTAL.pages(_client(), site.url, {}, {}))
    assert sum(len(page.records) for page in pages) == 1
    assert pages[-1].announced == 7


def test_multilingual_texts_keep_every_language():
    mapped = PORTAL.to_dataset(records.ckan(title={"es": "Árboles", "cat": "Arbres", "en": ""}))
    assert mapped.dataset["title_translated"] == {"es": "Árboles", "ca": "Arbres"}
    assert mapped.dataset["title"] == "Árboles"


def test_extras_are_understood_like_members_and_the_rest_is_reported():
    mapped = PORTAL.to_dataset(records.ckan())
    assert mapped.dataset["frequency"].endswith("/MONTHLY")
    assert mapped.leftovers == ["area_tecnica"]


def test_a_renamed_dataset_keeps_its_id_as_alias_and_the_new_name_as_another():
    before, after = PORTAL.aliases(records.ckan()), PORTAL.aliases(records.ckan(name="arboles-de-la-ciudad"))
    assert before[0] == after[0]
    assert "id:arboles-de-la-ciudad" in after
