"""DCAT-US documents, and the two platforms that are read through them."""

from __future__ import annotations

from portals import records
from portals.replay import replay
from portals.standard import Case, Standard

from ckanext.cityportals.client import Client, Manners
from ckanext.cityportals.portals import PORTALS


class TestDcatUs(Standard):
    case = Case("dcat-us", records.data_json, "/data.json", lambda site, found: site.serve_catalogue(found))


class TestSocrata(Standard):
    case = Case("socrata", records.data_json, "/data.json", lambda site, found: site.serve_catalogue(found))

    def test_the_view_id_is_an_alias_wherever_the_record_stands(self, portal):
        moved = records.data_json(identifier="https://opendata.example.net/d/abcd-0001")
        assert "4x4:abcd-0001" in portal.aliases(moved)
        assert "4x4:abcd-0001" in portal.aliases(records.data_json(1))


class TestArcgisHub(Standard):
    case = Case(
        "arcgis-hub",
        records.hub,
        "/data.json",
        lambda site, found: site.serve_catalogue(found, "/api/feed/dcat-us/1.1.json"),
    )

    def test_an_older_hub_is_read_at_its_older_address(self, portal):
        with replay() as site:
            site.serve_catalogue([records.hub()])
            client = Client(Manners(pause=0, retries=0, allowed_hosts={"127.0.0.1"}))
            assert len(next(portal.pages(client, site.url, {}, {})).records) == 1

    def test_the_three_ways_a_hub_writes_one_identifier_share_an_alias(self, portal):
        """http to https, then a page name, then another folder: the same dataset."""
        item = records.HUB_ITEM
        addresses = [
            f"http://hub.example.org/datasets/{item}_1",
            f"https://www.arcgis.com/home/item.html?id={item}&sublayer=1",
        ]
        assert all(f"hub:{item}_1" in portal.aliases(records.hub(identifier=each)) for each in addresses)
        folders = ["datasets", "maps"]
        pages = [f"https://hub.example.org/{each}/city::street-trees" for each in folders]
        assert all("slug:city::street-trees" in portal.aliases(records.hub(identifier=each)) for each in pages)

    def test_the_page_a_hub_gives_instead_of_a_licence_is_no_licence(self, portal):
        mapped = portal.to_dataset(records.hub())
        assert mapped.dataset["license_id"] == "notspecified"
        assert not any("licence" in warning for warning in mapped.warnings)


def test_a_document_at_any_address_is_read_as_it_is():
    with replay() as site:
        site.serve_catalogue([records.data_json()], "/open/catalogue.json")
        client = Client(Manners(pause=0, retries=0, allowed_hosts={"127.0.0.1"}))
        pages = list(PORTALS["dcat-us"].pages(client, f"{site.url}/open/catalogue.json", {}, {}))
    assert len(pages[0].records) == 1


def test_no_keyword_loses_the_record():
    """Stock harvesting loses 7 to 10 % of a city's records to keywords such as this one."""
    mapped = PORTALS["dcat-us"].to_dataset(records.data_json(keyword=["Parks & Recreation", "a" * 130, "&", "311/x"]))
    assert [tag["name"] for tag in mapped.dataset["tags"]] == ["Parks and Recreation", "a" * 100, "311 x"]
    assert len(mapped.warnings) == 4
