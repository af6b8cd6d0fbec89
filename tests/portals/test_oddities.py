"""What portals do that no standard foresees: every record is read, mapped and told from the others all the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals import identity, mapping
from ckanext.cityportals.client import Client, Manners, PortalError
from ckanext.cityportals.languages import tag_of
from ckanext.cityportals.mapping import Taker
from ckanext.cityportals.portals import PORTALS, base

CATALOGUE = {"dataset": [records.data_json(number, title=f"Árboles {number}") for number in range(1, 4)]}
TEXT = json.dumps(CATALOGUE, ensure_ascii=False)
ACCESS = "http://publications.europa.eu/resource/authority/access-right"
GZIP = {"Content-Encoding": "gzip"}


def read(source_type: str, site: Replay, **manners: Any) -> list[dict[str, Any]]:
    client = Client(Manners(pause=0, retries=0, timeout=2, allowed_hosts={"127.0.0.1"}, **manners))
    pages = base.read(PORTALS[source_type], client, site.url, {}, {})
    return [record for page in pages for record in page.records]


# -- documents
@pytest.mark.parametrize(
    "answer",
    [
        Answer(TEXT.encode("utf-8-sig")),
        Answer(TEXT.encode("utf-16")),
        Answer(TEXT.encode("latin-1")),
        Answer(TEXT.encode("iso-8859-15"), headers={"Content-Type": "application/json; charset=ISO-8859-15"}),
        Answer(TEXT.encode("latin-1"), headers={"Content-Type": 'application/json; charset="utf-8"'}),
        Answer(TEXT.encode(), headers={"Content-Type": "text/html"}),
        Answer(f"\n\n {TEXT}\n<!-- served by cache 7 -->".encode()),
        Answer(TEXT.replace("Cared for", "Cared\tfor\nand more").encode()),
        Answer(TEXT.replace('"trees"', "NaN").encode()),
        Answer(gzip.compress(TEXT.encode())),
        Answer(gzip.compress(TEXT.encode()), headers=GZIP),
        Answer(gzip.compress(gzip.compress(TEXT.encode())), headers=GZIP),
        Answer(TEXT.encode(), headers=GZIP),
    ],
    ids=["byte order mark", "UTF-16", "Latin-1", "as it says", "not as it says", "called a web page", "words around it",
         "raw line breaks", "not a number", "packed, not said", "packed and said", "packed twice", "not packed, said"],
)  # fmt: skip
def test_a_catalogue_is_read_however_it_is_sent(answer: Answer):
    with replay() as site:
        site.answers["/data.json"] = answer
        titles = [each["title"] for each in read("dcat-us", site)]
        assert titles == ["Árboles 1", "Árboles 2", "Árboles 3"]
        site.answers["/data.json"] = Answer(answer.content[:-200], headers=answer.headers)
        with pytest.raises(PortalError):
            read("dcat-us", site)


def test_a_packed_answer_is_not_unpacked_beyond_the_limit():
    with replay() as site:
        site.answers["/data.json"] = Answer(gzip.compress(b" " * 5_000_000))
        with pytest.raises(PortalError, match="larger than 100,000 bytes"):
            read("dcat-us", site, max_bytes=100_000)


def as_result(found: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "result": found}


@pytest.mark.parametrize(
    ("source_type", "path", "member", "record", "envelope"),
    [
        ("city-ckan", "/api/3/action/package_search", "results", records.ckan, as_result),
        ("opendatasoft", "/api/explore/v2.1/catalog/datasets", "results", records.opendatasoft, dict),
        ("udata", "/api/1/datasets/", "data", records.udata, dict),
        ("ogd-india", "/lists", "records", records.ogd_india, dict),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "announced", [{}, {"count": "7", "total": "7", "total_count": "7"}, {"count": None, "total": None}]
)
def test_a_portal_that_announces_oddly_is_read_to_its_end(
    source_type: str, path: str, member: str, record: Callable[..., Any], envelope: Callable[..., Any], announced: Any
):
    """Pages shorter than asked for, and a number of records that is missing or written as a text."""
    found = [record(number) for number in range(1, 8)]

    def page(query: dict[str, str]) -> Answer:
        start = int(query.get("start", query.get("offset", (int(query.get("page", 1)) - 1) * 3)))
        return Answer(envelope({member: found[start : start + 3], **announced}))

    with replay() as site:
        site.answers[path] = page
        assert len(read(source_type, site)) == 7


# -- records
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
@settings(max_examples=200)
def test_every_record_can_be_kept(value: Any):
    """A database takes neither NUL characters nor halves of characters nor numbers that are none."""
    kept = base.storable({"title": "Árboles", "odd": value, "half": "a\ud800b", "nul": "a\0b", "endless": 1e999})
    text = json.dumps(kept, ensure_ascii=False, allow_nan=False)
    assert text.encode()
    assert "\\u0000" not in text
    assert (kept["title"], kept["nul"], kept["endless"]) == ("Árboles", "ab", None)


def mapped(record: dict[str, Any], source_type: str = "dcat-us") -> tuple[dict[str, Any], str]:
    found = base.mapped(PORTALS[source_type], record)
    return found.dataset, " ".join(found.warnings)


def test_titles_are_one_plain_line_and_never_missing():
    assert mapped(records.data_json(title=" Parks &amp;amp; <b>trees</b>\n2019 "))[0]["title"] == "Parks & trees 2019"
    dataset, said = mapped(records.data_json(title="x" * 40_000))
    assert len(dataset["title"]) == 500
    assert "was cut" in said
    dataset, said = mapped(records.data_json(title=None))
    assert dataset["title"] == records.data_json()["identifier"]
    assert "no title" in said
    multilingual = records.ckan(title={"es": "<p>Árboles</p>", "ca": "", "see the notes": "?"})
    assert mapped(multilingual, "city-ckan")[0]["title_translated"] == {"es": "Árboles"}


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/a.csv", "https://example.org/a.csv"),
        ("HTTPS://Example.org/a.csv", "HTTPS://Example.org/a.csv"),
        ("www.example.org/a.csv", "http://www.example.org/a.csv"),
        ("ftp://example.org/a.csv", "ftp://example.org/a.csv"),
        (" https://example.org/a b.csv\n", "https://example.org/a b.csv"),
        ("javascript:alert(1)", ""),
        ("data:text/csv,a,b", ""),
        ("C:\\data\\a.csv", ""),
        ("N/A", ""),
        ("https://", ""),
        ("https://example.org/?q=" + "x" * 40_000, ""),
    ],
)
def test_files_that_lead_nowhere_are_left_out_with_a_sentence(address: str, kept: str):
    record = records.data_json(distribution=[{"downloadURL": address}, {"accessURL": "https://example.org/b.csv"}])
    dataset, said = mapped(record)
    found = [each["url"] for each in dataset["resources"]]
    assert found == [*filter(None, [kept]), "https://example.org/b.csv"]
    assert ("The address of a file" in said) == (not kept)


@pytest.mark.parametrize(
    ("size", "number"), [("12", 12), (12.0, 12), ("1.2 MB", None), (-1, None), ("", None), ([], None), (10**30, None)]
)
def test_sizes_of_files_are_numbers_or_nothing(size: Any, number: int | None):
    for source_type, record in (
        (
            "city-ckan",
            records.ckan(resources=[{"url": "https://example.org/a", "size": size, "last_modified": "2019"}]),
        ),
        ("udata", records.udata(resources=[{"url": "https://example.org/a", "filesize": size}])),
    ):
        file = mapped(record, source_type)[0]["resources"][0]
        assert file.get("size") == number
        assert "last_modified" not in file, "CKAN takes whole days only"


@pytest.mark.parametrize(
    "keywords",
    [
        ["trees", "Parks & Recreation"],
        "trees; Parks & Recreation",
        "trees, Parks &amp; Recreation".replace("&amp;", "&"),
        ["trees, Parks & Recreation"],
        [["trees"], [["Parks & Recreation"]]],
        [{"name": "trees"}, {"title": "Parks & Recreation"}],
        {"en": ["trees", "Parks & Recreation"]},
        ["trees", "TREES", " trees ", "Parks & Recreation", None, "", {}],
    ],
)
def test_keywords_are_found_whatever_they_are_nested_in(keywords: Any):
    dataset, _ = mapped(records.data_json(keyword=keywords))
    assert [each["name"] for each in dataset["tags"]] == ["trees", "Parks and Recreation"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-05-01 12:00:00 UTC", "2020-05-01"),
        ("2021/03/04 10:00:00+00", "2021-03-04"),
        ("2020-1-5", "2020-01-05"),
        ("31/12/2019", "2019-12-31"),
        ("12 de marzo de 2019", "2019-03-12"),
        ("5. März 2021", "2021-03-05"),
        ("1 août 2018", "2018-08-01"),
        ("17 Agustus 2020", "2020-08-17"),
        ("Mié, 10/21/2015 - 15:35", "2015-10-21"),
        ("2019年3月2日", "2019-03-02"),
        ("٢٠٢٠-٠٣-١٢", "2020-03-12"),
        ("May 2020", "2020-05"),
        ("1418940000", "2014-12-18"),
        ("1418940000000", "2014-12-18"),
        ("20190402", "2019-04-02"),
        ("2019-04-02T10:00:00.1234567+02:00", "2019-04-02"),
        ("12", ""),
        ("Monday", ""),
        ("0001-01-01T00:00:00", ""),
        ("0000-00-00", ""),
        ("-1", ""),
    ],
)
def test_dates_are_understood_as_places_write_them(text: str, day: str):
    taker = Taker({})
    assert mapping.date(text, taker) == day
    assert bool(taker.warnings) == (not day)


@given(st.text() | st.dates().map(str) | st.integers().map(str))
def test_whatever_stands_for_a_date_is_one_or_is_left_out(text: str):
    found = mapping.date(text, Taker({}))
    assert not found or (found[:4].isascii() and found[:4].isdigit() and len(found) in (4, 7, 10))


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("CC_BY_4_0", "cc-by"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYSA_4_0", "cc-by-sa"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYNCND_4_0", "cc-nc"),
        ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "other-at"),
        ("https://www.dati.gov.it/content/italian-open-data-license-v20", "other-at"),
        ("Licence Ouverte / Open Licence version 2.0", "other-at"),
        ("Open Government Licence - Canada", "other-at"),
        ("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "uk-ogl"),
        ("http://opendatacommons.org/licenses/by/1-0/", "odc-by"),
        ("Open Data Commons Open Database License (ODbL)", "odc-odbl"),
        ("Creative Commons CCZero", "cc-zero"),
        ("Creative Commons Atribución-CompartirIgual 4.0", "cc-by-sa"),
        ("Creative Commons Namensnennung 4.0 (CC BY 4.0)", "cc-by"),
        ("https://creativecommons.org/licenses/by/4.0/deed.es", "cc-by"),
        ("None", "notspecified"),
        # what forbids is never taken for what allows
        ("cc-by-nd", "other-closed"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "other-closed"),
        ("Creative Commons Attribution-NoDerivatives 4.0", "other-closed"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", "cc-nc"),
        ("Creative Commons Attribution-NonCommercial", "cc-nc"),
        ("https://opendata.swiss/terms-of-use#terms_by_ask", "other-closed"),
        ("All rights reserved", "other-closed"),
    ],
)
def test_licences_are_recognised_by_name_title_and_address(text: str, licence: str):
    taker = Taker({})
    assert mapping.licence(text, taker) == licence
    assert not taker.warnings


@pytest.mark.parametrize(
    "text",
    [
        "The data may not be used under CC BY without permission of the city",
        "Public domain except for commercial use",
        "Everything but the photographs, which only the museum may use, is CC0",
    ],
)
def test_conditions_that_name_a_licence_are_for_a_person(text: str):
    taker = Taker({})
    assert mapping.licence(text, taker) == "notspecified"
    assert taker.warnings


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("http://id.loc.gov/vocabulary/iso639-2/spa", "es"),
        ("http://publications.europa.eu/resource/authority/language/DEU", "de"),
        ("English", "en"),
        ("español", "es"),
        ("Català", "ca"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("und", ""),
        ("see the notes", ""),
        ("", ""),
    ],
)
def test_languages_are_recognised_by_code_address_and_name(text: str, tag: str):
    assert tag_of(text) == tag


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Täglich", "DAILY"),
        ("Anualmente", "ANNUAL"),
        ("mensile", "MONTHLY"),
        ("R/P10Y", "DECENNIAL"),
        ("http://publications.europa.eu/resource/authority/frequency/DAILY_2", "DAILY_2"),
        ("http://inspire.ec.europa.eu/metadata-codelist/MaintenanceFrequencyCode/asNeeded", "IRREG"),
        ("每年", "ANNUAL"),
    ],
)
def test_frequencies_are_recognised_in_words_and_codes(text: str, code: str):
    assert mapping.frequency(text, Taker({})).rpartition("/")[2] == code


# -- what is news
def changed(record: dict[str, Any], path: str) -> dict[str, Any]:
    """The record with another value at a path."""
    copy = json.loads(json.dumps(record))
    *outer, last = path.split(".")
    inner = copy
    for name in outer:
        inner = inner.setdefault(name, {}) if isinstance(inner, dict) else inner[0].setdefault(name, {})
    (inner if isinstance(inner, dict) else inner[0])[last] = "2031-01-01T00:00:00"
    return copy


@pytest.mark.parametrize(
    ("source_type", "record", "path", "news"),
    [
        ("city-ckan", records.ckan(), "metadata_modified", False),
        ("city-ckan", records.ckan(), "resources.tracking_summary", False),
        ("city-ckan", records.ckan(), "resources.metadata_modified", False),
        ("city-ckan", records.ckan(), "resources.url", True),
        ("dcat-us", records.data_json(), "modified", False),
        ("dcat-us", records.data_json(), "distribution.downloadURL", True),
        ("opendatasoft", records.opendatasoft(), "metas.default.data_processed", False),
        ("opendatasoft", records.opendatasoft(), "metas.default.modified", False),
        ("opendatasoft", records.opendatasoft(), "metas.explore.popularity_score", False),
        ("opendatasoft", records.opendatasoft(), "metas.default.title", True),
        ("socrata", records.discovered(), "resource.page_views", False),
        ("socrata", records.discovered(), "resource.updatedAt", False),
        ("socrata", records.discovered(), "resource.description", True),
        ("arcgis-hub", records.found_at_hub(), "properties.modified", False),
        ("arcgis-hub", records.found_at_hub(), "properties.recordCount", False),
        ("arcgis-hub", records.found_at_hub(), "properties.description", True),
        ("udata", records.udata(), "resources.extras.check:date", False),
        ("udata", records.udata(), "last_modified", False),
        ("udata", records.udata(), "resources.title", True),
        ("dcat-ap", records.dcat_ap(), "dct:modified", False),
        ("dcat-ap", records.dcat_ap(), "dct:title", True),
    ],
)
def test_visits_and_clocks_are_no_news_and_words_are(source_type: str, record: dict[str, Any], path: str, news: bool):
    """Otherwise every run would write every dataset anew."""
    noise = PORTALS[source_type].noise
    assert (identity.digest(record, noise) != identity.digest(changed(record, path), noise)) == news


# -- identifiers
@pytest.mark.parametrize(
    ("members", "identifier"),
    [
        ({"identifier": ["a-1", "b"]}, "a-1"),
        ({"identifier": {"@id": "https://example.org/1"}}, "https://example.org/1"),
        ({"identifier": 7}, "7"),
        ({"identifier": 0}, "0"),
        ({"identifier": " ", "landingPage": "https://example.org/p"}, "https://example.org/p"),
        ({"identifier": None, "landingPage": None}, "https://data.example.org/api/views/abcd-0001/rows.csv"),
        ({"identifier": None, "landingPage": None, "distribution": []}, ""),
    ],
)
def test_a_record_without_a_proper_identifier_is_known_by_what_it_has(members: dict[str, Any], identifier: str):
    assert base.identifier(PORTALS["dcat-us"], records.data_json(**members)) == identifier


TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://example.org/> a dcat:Catalog ; dcat:dataset <http://example.org/1>, <http://example.org/elsewhere>, [
    a dcat:Dataset ; dct:title "Without an address" ; dct:issued "31.12.2019" ;
    dcat:distribution [ dcat:downloadURL <files/a.csv> ] ] .
<http://example.org/1> a dcat:Dataset ; dct:title "Alberi"@it, "Trees"@eng ; dct:language "ITA" ;
    dct:license [ dct:title "CC BY 4.0" ] ; dcat:keyword "alberi; parchi" .
"""


def test_a_catalogue_in_rdf_is_read_with_blank_nodes_relative_addresses_and_mere_mentions():
    with replay() as site:
        site.answers["/"] = Answer(TURTLE.encode(), headers={"Content-Type": "text/plain"})
        client = Client(Manners(pause=0, allowed_hosts={"127.0.0.1"}))
        url = f"{site.url}/"
        found = [each for page in base.read(PORTALS["dcat-ap"], client, url, {}, {}) for each in page.records]
    by_title = {mapped(each, "dcat-ap")[0]["title"]: each for each in found}
    assert by_title.keys() == {"Without an address", "Trees"}
    blank = by_title["Without an address"]
    assert base.identifier(PORTALS["dcat-ap"], blank) == f"{site.url}/files/a.csv"
    assert mapped(blank, "dcat-ap")[0]["issued"] == "2019-12-31"
    named = mapped(by_title["Trees"], "dcat-ap")[0]
    assert named["title_translated"] == {"it": "Alberi", "en": "Trees"}
    assert (named["license_id"], named["language"]) == ("cc-by", ["it"])
    assert [each["name"] for each in named["tags"]] == ["alberi", "parchi"]


# -- what is not for everybody
@pytest.mark.parametrize(
    ("source_type", "record", "public"),
    [
        ("city-ckan", records.ckan(), True),
        ("city-ckan", records.ckan(private=True), False),
        ("dcat-us", records.data_json(), True),
        ("dcat-us", records.data_json(accessLevel="restricted public"), False),
        ("dcat-us", records.data_json(accessLevel="non-public"), False),
        ("udata", records.udata(private=True), False),
        ("dcat-ap", records.dcat_ap(), True),
        ("dcat-ap", records.dcat_ap(**{"dct:accessRights": [{"uri": f"{ACCESS}/PUBLIC"}]}), True),
        ("dcat-ap", records.dcat_ap(**{"dct:accessRights": [{"uri": f"{ACCESS}/RESTRICTED"}]}), False),
    ],
)
def test_a_record_that_a_portal_keeps_from_the_public_is_no_public_one(
    source_type: str, record: dict[str, Any], public: bool
):
    found = base.mapped(PORTALS[source_type], record)
    assert found.public == public
    assert any("only a person releases it" in each for each in found.warnings) == (not public)


def test_a_key_opens_private_datasets_of_a_ckan_site_and_goes_nowhere_else():
    tables = [{"id": "t1", "datastore_active": True, "url": "_datastore_only_resource"}]
    found = records.ckan(private=True, resources=tables)
    with replay() as site:
        site.serve_ckan([found])
        assert len(read("city-ckan", site)) == 1
        assert "Authorization" not in site.requests[-1][1]
        host = site.url.removeprefix("http://")
        kept = read("city-ckan", site, credentials={host: "secret"})
        assert site.requests[-1][1]["Authorization"] == "secret"
    file = base.mapped(PORTALS["city-ckan"], kept[0]).dataset["resources"][0]
    assert (file["url"], file["format"]) == (f"{site.url}/datastore/dump/t1", "CSV")
