"""Further platforms: OpenDataSoft, udata, DKAN, Junar, India's OGD platform, Kobo and ODK."""

from __future__ import annotations

from functools import partial

import pytest
from portals import records
from portals.replay import Answer, Replay, replay
from portals.standard import BROKEN_JSON, Case, Standard

from ckanext.cityportals.client import Client, Manners, PortalError
from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.portals.ogd_india import api_of

ODS = "/api/explore/v2.1/catalog/datasets"
EXPORT = "/api/explore/v2.1/catalog/exports/json"
HELD = frozenset({"title", "notes", "tags", "publisher", "issued", "modified"})


def client(**manners) -> Client:
    return Client(Manners(pause=0, retries=0, timeout=2, allowed_hosts={"127.0.0.1"}, **manners))


def read(source_type: str, site: Replay, settings=None, **manners) -> list[dict]:
    pages = PORTALS[source_type].pages(client(**manners), site.url, settings or {}, {})
    return [record for page in pages for record in page.records]


def read_to_the_end(source_type: str, site: Replay) -> tuple[int, str]:
    """How many records arrived, and the sentence reading ended with."""
    arrived = 0
    try:
        for page in PORTALS[source_type].pages(client(), site.url, {}, {}):
            arrived += len(page.records)
    except PortalError as error:
        return arrived, str(error)
    return arrived, ""


def serve_slices(path: str, member: str, total: str, site: Replay, found: list[dict]) -> None:
    """A list in slices by ``offset`` and ``limit``, with its whole length."""

    def answer(query: dict[str, str]) -> Answer:
        start = int(query["offset"])
        return Answer({member: found[start : start + int(query["limit"])], total: len(found)})

    site.answers[path] = answer


def serve_numbered(site: Replay, found: list[dict]) -> None:
    """udata's pages."""

    def answer(query: dict[str, str]) -> Answer:
        size = int(query["page_size"])
        start = (int(query["page"]) - 1) * size
        return Answer({"data": found[start : start + size], "total": len(found)})

    site.answers["/api/1/datasets/"] = answer


def serve_junar(site: Replay, found: list[dict]) -> None:
    serve_slices("/api/v2/datasets.json", "results", "count", site, found)
    site.answers["/api/v2/datastreams.json"] = Answer({"results": [], "count": 0})


class TestOpendatasoft(Standard):
    case = Case(
        "opendatasoft",
        records.opendatasoft,
        ODS,
        partial(serve_slices, ODS, "results", "total_count"),
        person=lambda name, mail: {"metas": {"default": {}, "dcat": {"contact_name": name, "contact_email": mail}}},
    )

    def test_a_table_comes_as_files_of_the_portal_it_was_read_from(self):
        """A map as GeoJSON too; a dataset without rows as none."""
        with replay() as site:
            self.case.serve(site, [records.opendatasoft(1), records.opendatasoft(2, has_records=False)])
            found = [PORTALS["opendatasoft"].to_dataset(each).dataset for each in read("opendatasoft", site)]
        assert [each["format"] for each in found[0]["resources"]] == ["CSV", "JSON", "XLSX", "GeoJSON"]
        assert found[0]["resources"][0]["url"] == f"{site.url}{ODS}/arbres-1/exports/csv"
        assert "resources" not in found[1]

    def test_more_datasets_than_its_pages_show_come_as_one_document(self):
        """Pages end at 10,000 records; the export of the catalogue does not, and is narrowed down in the same way."""
        asked: list[dict[str, str]] = []
        with replay() as site:
            site.answers[ODS] = Answer({"results": [records.opendatasoft(1)], "total_count": 10_001})
            whole = Answer([records.opendatasoft(number) for number in range(10_001)])
            site.answers[EXPORT] = lambda query: asked.append(query) or whole
            pages = list(PORTALS["opendatasoft"].pages(client(), site.url, {"where": "publisher='Parks'"}, {}))
        assert sum(len(page.records) for page in pages) == pages[0].announced == 10_001
        assert asked == [{"where": "publisher='Parks'"}]
        assert all(record["portal_url"] == site.url for page in pages for record in page.records)

    @pytest.mark.parametrize("answer", [Answer(b"Gone", 410), Answer({"error": "no"}), Answer(b"<html>")])
    def test_where_there_is_no_such_document_its_pages_come_and_a_sentence(self, answer: Answer):
        page = Answer({"results": [records.opendatasoft(number) for number in range(100)], "total_count": 10_001})
        with replay() as site:
            site.answers |= {ODS: page, EXPORT: answer}
            arrived, sentence = read_to_the_end("opendatasoft", site)
        assert arrived == 10_000
        assert "narrow it down" in sentence

    def test_a_document_that_breaks_off_gives_what_came_before(self):
        body = Answer([records.opendatasoft(number) for number in range(1_000)]).content
        page = Answer({"results": [records.opendatasoft(1)], "total_count": 10_001})
        with replay() as site:
            site.answers |= {ODS: page, EXPORT: Answer(body[: len(body) // 2])}
            arrived, sentence = read_to_the_end("opendatasoft", site)
        assert 490 < arrived < 510
        assert "cut off" in sentence

    @pytest.fixture
    def portal(self):
        return AtExample(PORTALS["opendatasoft"])


class AtExample:
    """A portal whose records were read from https://example.org."""

    def __init__(self, portal):
        self._portal = portal

    def __getattr__(self, name):
        return getattr(self._portal, name)

    def to_dataset(self, record):
        return self._portal.to_dataset({**record, "portal_url": "https://example.org"} if record else record)


class TestSocrataDiscovery:
    """The other way to read a Socrata domain."""

    def test_finds_what_the_domain_s_document_finds(self):
        """Sources may change from one way to the other without a record losing its dataset."""
        with replay() as site:
            serve_slices(
                "/api/catalog/v1", "results", "resultSetSize", site, [records.discovered(n) for n in range(150)]
            )
            pages = PORTALS["socrata"].pages(client(), f"{site.url}/api/catalog/v1?domains=data.example.org", {}, {})
            found = [each for page in pages for each in page.records]
        assert len(found) == 150
        assert PORTALS["socrata"].aliases(found[1])[0] == PORTALS["socrata"].aliases(records.data_json(1))[0]

    def test_a_record_is_mapped_whole(self):
        mapped = PORTALS["socrata"].to_dataset(records.discovered())
        assert mapped.leftovers == []
        assert mapped.dataset["title"] == "Permits 1"
        assert mapped.dataset["license_id"] == "cc-by"
        assert mapped.dataset["resources"][0]["url"].startswith("https://data.example.org/api/views/abcd-0001/rows.csv")


class TestHubSearch:
    """The other way to read an ArcGIS Hub."""

    def test_finds_what_the_feed_finds(self):
        with replay() as site:
            features = [records.found_at_hub(number) for number in range(1, 4)]
            site.answers["/api/search/v1/collections/dataset/items"] = lambda query: Answer(
                {"features": features[int(query["startindex"]) - 1 :][:2], "numberMatched": 3}
            )
            pages = PORTALS["arcgis-hub"].pages(client(), f"{site.url}/api/search/v1", {}, {})
            found = [each for page in pages for each in page.records]
        assert len(found) == 3
        shared = set(PORTALS["arcgis-hub"].aliases(found[0])) & set(PORTALS["arcgis-hub"].aliases(records.hub(1)))
        assert {alias.partition(":")[0] for alias in shared} >= {"hub", "service"}

    def test_a_record_is_mapped_whole(self):
        dataset = (
            PORTALS["arcgis-hub"]
            .to_dataset({**records.found_at_hub(), "portal_url": "https://hub.example.org"})
            .dataset
        )
        assert dataset["title"] == "Street trees, part 1"
        assert dataset["license_id"] == "cc-by"
        assert [each["format"] for each in dataset["resources"]] == ["CSV", "GeoJSON", "Esri REST"]


class TestUdata(Standard):
    case = Case(
        "udata",
        records.udata,
        "/api/1/datasets/",
        serve_numbered,
        person=lambda name, mail: {"contact_points": [{"name": name, "email": mail}]},
    )

    def test_a_dataset_that_belongs_to_a_person_is_pointed_out(self, portal):
        owner = {"first_name": "Gwendolyn", "last_name": "Marsh"}
        mapped = portal.to_dataset(records.udata(contact_points=[], organization=None, owner=owner))
        assert any("looks like a person's" in warning for warning in mapped.warnings)

    def test_the_french_open_licence_asks_for_attribution(self, portal):
        assert portal.to_dataset(records.udata()).dataset["license_id"] == "other-at"


class TestDkan(Standard):
    case = Case("dkan", records.data_json, "/data.json", lambda site, found: site.serve_catalogue(found))

    def test_the_second_version_is_read_from_its_metastore(self):
        with replay() as site:
            site.answers["/api/1/metastore/schemas/dataset/items"] = Answer([records.data_json()])
            assert read("dkan", site) == [records.data_json()]

    def test_the_first_version_is_read_by_its_list_within_a_list(self):
        """DKAN 1 answers like CKAN, with one list too many."""
        with replay() as site:
            site.answers["/api/3/action/current_package_list_with_resources"] = Answer(
                {"success": True, "result": [[records.ckan(1), records.ckan(2)]]}
            )
            found = read("dkan", site)
        assert [PORTALS["dkan"].to_dataset(each).dataset["title"] for each in found] == [
            "Arbolado urbano 1",
            "Arbolado urbano 2",
        ]


class TestJunar(Standard):
    case = Case(
        "junar",
        records.junar,
        "/api/v2/datasets.json",
        serve_junar,
        person=lambda name, mail: {"mbox": mail},
    )

    def test_the_site_s_key_goes_with_the_question_and_into_no_address(self):
        asked = []
        with replay() as site:
            site.answers["/api/v2/datastreams.json"] = Answer({"results": []})
            site.answers["/api/v2/datasets.json"] = lambda query: (
                asked.append(query.get("auth_key")) or Answer({"results": [records.junar(endpoint="file://1/2")]})
            )
            host = site.url.partition("//")[2]
            found = read("junar", site, credentials={host: "key-of-ours"})
        mapped = PORTALS["junar"].to_dataset(found[0])
        assert asked == ["key-of-ours"]
        assert "key-of-ours" not in str(found) + str(mapped)
        assert mapped.dataset["resources"][0]["url"].endswith("/api/v2/datastreams/ARBOL-URBAN-1/data.csv")


class TestOgdIndia(Standard):
    case = Case(
        "ogd-india",
        records.ogd_india,
        "/lists",
        partial(serve_slices, "/lists", "records", "total"),
        required=frozenset({"title", "notes", "tags", "publisher", "issued", "modified"}),
        person=None,
    )

    @pytest.fixture
    def portal(self):
        return AtExample(PORTALS["ogd-india"])

    def test_every_state_portal_is_read_at_the_platform_s_api(self):
        assert api_of("https://maharashtra.data.gov.in") == "https://api.data.gov.in"
        assert api_of("https://notdata.gov.in.example.org") == "https://notdata.gov.in.example.org"

    def test_a_source_is_narrowed_down_by_its_settings(self):
        asked = []
        with replay() as site:
            site.answers["/lists"] = lambda query: asked.append(query) or Answer({"records": [], "total": 0})
            read("ogd-india", site, {"organization": "Delhi"})
        assert asked[0]["filters[org]"] == "Delhi"


class TestKobo(Standard):
    case = Case(
        "kobo",
        records.kobo,
        "/api/v2/assets.json",
        partial(serve_slices, "/api/v2/assets.json", "results", "count"),
        broken={name: each for name, each in BROKEN_JSON.items() if name != "wrong shape"},
        required=HELD,
        person=None,
    )

    @pytest.fixture
    def portal(self):
        return AtExample(PORTALS["kobo"])

    def test_templates_and_drafts_are_no_data(self):
        with replay() as site:
            self.case.serve(site, [records.kobo(1, asset_type="template"), records.kobo(2, has_deployment=False)])
            assert read("kobo", site) == []

    def test_what_the_project_says_of_its_data_is_pointed_out(self, portal):
        mapped = portal.to_dataset(records.kobo())
        assert any("identifiable people" in warning for warning in mapped.warnings)
        assert "somebody" not in str(mapped)
        assert mapped.dataset["language"] == ["mr", "en"]
        assert not PORTALS["kobo"].public_at_source

    def test_an_odk_server_is_read_project_by_project(self):
        form = {"projectId": 4, "xmlFormId": "lanes", "name": "Lanes", "publishedAt": "2026-01-05T09:00:00Z"}
        with replay() as site:
            site.answers["/v1/projects"] = Answer([{"id": 4, "name": "Lane Committee"}])
            site.answers["/v1/projects/4/forms"] = Answer([form, {"xmlFormId": "draft", "publishedAt": None}])
            (found,) = read("kobo", site)
        dataset = PORTALS["kobo"].to_dataset(found).dataset
        assert dataset["publisher"] == [{"name": "Lane Committee"}]
        assert dataset["resources"][0]["url"].endswith("/v1/projects/4/forms/lanes/submissions.csv")

    def test_a_server_that_is_neither_says_what_was_wrong_at_first(self):
        with replay() as site, pytest.raises(PortalError, match="404"):
            read("kobo", site)
