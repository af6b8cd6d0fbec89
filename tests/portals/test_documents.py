"""Catalogues that are documents: RDF, lists, sitemaps and web pages."""

from __future__ import annotations

import csv
import html
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from portals import records
from portals.replay import Answer, Replay, replay
from portals.standard import Case, Standard
from rdflib import Graph

from ckanext.cityportals.client import Client, Manners, PortalError
from ckanext.cityportals.portals import PORTALS
from ckanext.cityportals.portals.dcat_ap import PREFIXES

WEB_PAGE = Answer(b"<!DOCTYPE html><title>Sorry</title>")
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>"""
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def client() -> Client:
    return Client(Manners(pause=0, retries=0, timeout=2, allowed_hosts={"127.0.0.1"}))


def read(source_type: str, url: str, settings: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [each for page in PORTALS[source_type].pages(client(), url, settings or {}, {}) for each in page.records]


def json_ld(value: Any) -> Any:
    """A record of the DCAT-AP adapter as JSON-LD."""
    if isinstance(value, list):
        return [json_ld(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "text" in value:
        return {"@value": value["text"], "@language": value["language"]}
    return {("@id" if name == "uri" else name): json_ld(member) for name, member in value.items() if name != "uri"} | (
        {"@id": value["uri"]} if "uri" in value else {}
    )


def graph_of(found: list[dict[str, Any]], **more: Any) -> Graph:
    catalogue = {"@id": "https://dati.example.org/", "@type": "dcat:Catalog", **more}
    described = [{**json_ld(each), "@type": "dcat:Dataset"} for each in found]
    return Graph().parse(data=json.dumps({"@context": PREFIXES, "@graph": [catalogue, *described]}), format="json-ld")


def serve_turtle(site: Replay, found: list[dict[str, Any]]) -> None:
    body = graph_of(found).serialize(format="turtle").encode()
    site.answers["/"] = Answer(body, headers={"Content-Type": "text/turtle"})


class TestDcatAp(Standard):
    case = Case(
        "dcat-ap",
        lambda number=1, **members: records.dcat_ap(number, **members),
        "/",
        serve_turtle,
        broken={
            "web page": (WEB_PAGE, "web page"),
            "error 500": (Answer(b"Oops", 500), "500"),
            "nothing": (Answer(b""), "nothing"),
            "cut off": (Answer(b"@prefix dcat: <http://www.w3.org/ns/dcat#> . <a> a dcat:"), "cut off"),
            "cut off XML": (
                Answer(b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'),
                "cut off",
            ),
            "entities": (Answer(BOMB), "entities"),
            "a context elsewhere": (Answer({"@context": "https://example.org/c", "@graph": []}), "not fetched"),
            "another graph": (Answer(b"<https://example.org/a> <https://example.org/b> 1 ."), "no catalogue"),
            "deep nesting": (Answer(b"[" * 100_000), "nested too deeply"),
        },
        person=lambda name, mail: {"dcat:contactPoint": [{"vcard:fn": [name], "vcard:hasEmail": [f"mailto:{mail}"]}]},
    )

    def read(self, site: Replay, **manners: Any) -> Any:
        records = super().read(site, **manners)
        for page in records:
            page.records.sort(key=lambda record: int(record["uri"].rpartition("/")[2]))
        return records

    @pytest.mark.parametrize("kind", ["xml", "nt", "json-ld", "n3"])
    def test_every_way_to_write_rdf_gives_the_same_records(self, kind: str):
        with replay() as site:
            site.answers["/catalog"] = Answer(graph_of([records.dcat_ap()]).serialize(format=kind).encode())
            assert read("dcat-ap", f"{site.url}/catalog") == [records.dcat_ap()]

    def test_pages_are_followed_and_a_circle_ends(self):
        with replay() as site:
            pages = [graph_of([records.dcat_ap(number)]) for number in (1, 2)]
            for number, graph in enumerate(pages):
                following = f"<x> <http://www.w3.org/ns/hydra/core#next> <{site.url}/page{(number + 1) % 2}> ."
                body = graph.serialize(format="turtle").encode() + following.encode()
                site.answers[f"/page{number}"] = Answer(body, headers={"Content-Type": "text/turtle"})
            assert len(read("dcat-ap", f"{site.url}/page0")) == 2

    def test_a_licence_of_the_files_is_the_dataset_s(self, portal: Any):
        assert portal.to_dataset(records.dcat_ap()).dataset["license_id"] == "cc-by"


class TestDcatd:
    """Amsterdam's own catalogue service."""

    def serve(self, site: Replay, listed: list[int]) -> None:
        answers = {
            "/dcatd/datasets": ([records.dcatd(n, short=True) for n in listed], {"void:documents": len(listed)}),
            "/dcatd/harvest": ([records.dcatd(n) for n in listed], {}),
        }
        for path, (found, more) in answers.items():
            site.answers[path] = Answer(records.dcatd_catalogue(found, site.url, **more))

    def test_its_list_is_read_in_full(self):
        """Each dataset has its own files, though each document calls the first of them by one name."""
        with replay() as site:
            self.serve(site, [1, 2, 3])
            [page] = PORTALS["dcat-ap"].pages(client(), f"{site.url}/dcatd/datasets", {}, {})
        mapped = [PORTALS["dcat-ap"].to_dataset(each) for each in page.records]
        assert page.announced == 3
        assert [PORTALS["dcat-ap"].remote_id(each) for each in page.records] == [
            f"{site.url}/dcatd/datasets/set{number}" for number in (1, 2, 3)
        ]
        assert [[file["name"] for file in each.dataset["resources"]] for each in mapped] == [
            [f"Bestand {number}.{place}" for place in (1, 2)] for number in (1, 2, 3)
        ]
        dataset = mapped[0].dataset
        assert (dataset["license_id"], dataset["language"]) == ("cc-by", ["nl"])
        assert dataset["publisher"] == [{"name": "Gemeente Amsterdam"}]
        assert dataset["frequency"].endswith("/ANNUAL")
        assert dataset["temporal_coverage"] == [{"start": "2019-01-01"}]
        assert (dataset["resources"][0]["format"], dataset["resources"][0]["mimetype"]) == ("CSV", "text/csv")
        assert mapped[0].leftovers == []

    def test_where_only_the_short_list_is_given_it_is_read(self):
        with replay() as site:
            self.serve(site, [1, 2])
            site.answers["/dcatd/harvest"] = Answer(b"", 404)
            found = read("dcat-ap", f"{site.url}/dcatd/datasets")
        assert [PORTALS["dcat-ap"].to_dataset(each).dataset["title"] for each in found] == ["Bomen 1", "Bomen 2"]

    def test_while_the_full_list_is_busy_nothing_is_read(self):
        """Otherwise every dataset would lose its files for a day."""
        with replay() as site:
            self.serve(site, [1, 2])
            site.answers["/dcatd/harvest"] = Answer(b"", 503)
            with pytest.raises(PortalError, match="503"):
                read("dcat-ap", f"{site.url}/dcatd/datasets")

    def test_an_empty_list_is_read_as_empty(self):
        with replay() as site:
            self.serve(site, [])
            assert read("dcat-ap", f"{site.url}/dcatd/datasets") == []


def serve_csv(site: Replay, found: list[dict[str, Any]]) -> None:
    """One row a file, with headings that a clerk would write."""
    columns = ["identifier", "title", "description", "license", "publisher", "keywords", "contact", "email", "issued",
               "modified"]  # fmt: skip
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*columns, "Download URL", "File format"])
    for record in found:
        for file in record["files"]:
            writer.writerow([*(record[name] for name in columns), file["url"], file["format"]])
    site.answers["/"] = Answer(text.getvalue().encode())


class TestList(Standard):
    case = Case(
        "list",
        records.listed,
        "/",
        serve_csv,
        broken={
            "web page": (WEB_PAGE, "web page"),
            "error 500": (Answer(b"Oops", 500), "500"),
            "nothing": (Answer(b""), "nothing"),
            "error with status 200": (Answer({"error": "database is down"}), "answered"),
            "another table": (Answer(b"a,b\n1,2\n"), "no list of datasets"),
            "entities": (Answer(BOMB), "entities"),
            "another XML": (Answer(b"<?xml version='1.0'?><feed/>"), "no sitemap"),
            "cut off": (Answer(b"<?xml version='1.0'?><urlset"), "cut off"),
            "deep nesting": (Answer(b"[" * 100_000), "nested too deeply"),
        },
        person=lambda name, mail: {"contact": name, "email": mail},
    )

    def test_headings_are_understood_in_the_portal_s_language(self):
        with replay() as site:
            site.answers["/"] = Answer("标题;链接;部门\n公厕;https://xa.example.org/wc.csv;城管局\n".encode())
            (found,) = read("list", site.url)
        assert found["title"] == "公厕"
        assert found["publisher"] == "城管局"
        assert found["files"] == [{"url": "https://xa.example.org/wc.csv"}]

    def test_rows_of_one_title_are_files_of_one_dataset(self):
        with replay() as site:
            site.answers["/"] = Answer(b"title,url\nTaps,https://e.org/a.csv\nTaps,https://e.org/b.xlsx\n")
            (found,) = read("list", site.url)
        assert [each["format"] for each in PORTALS["list"].to_dataset(found).dataset["resources"]] == ["CSV", "XLSX"]

    def test_a_sitemap_and_those_it_points_at_give_the_data_files(self):
        with replay() as site:
            inner = f"<urlset xmlns='{SITEMAP}'><url><loc>{site.url}/f/water_taps.csv</loc>"
            inner += "<lastmod>2026-01-02</lastmod></url>"
            inner += f"<url><loc>{site.url}/about.html</loc></url></urlset>"
            site.answers["/inner.xml"] = Answer(f"<?xml version='1.0'?>{inner}".encode())
            outer = f"<sitemapindex xmlns='{SITEMAP}'><sitemap><loc>{site.url}/inner.xml</loc></sitemap></sitemapindex>"
            site.answers["/sitemap.xml"] = Answer(f"<?xml version='1.0'?>{outer}".encode())
            (found,) = read("list", f"{site.url}/sitemap.xml", {"license": "CC BY 4.0"})
        dataset = PORTALS["list"].to_dataset(found).dataset
        assert (dataset["title"], dataset["license_id"], dataset["modified"]) == ("water taps", "cc-by", "2026-01-02")


def practice_page(record: dict[str, Any]) -> bytes:
    said = {"@context": "https://schema.org", "@type": "Article"}
    said |= {name: value for name, value in record.items() if name not in {"url", "text"}}
    paragraphs = "".join(f"<p>{html.escape(each)}</p>" for each in record["text"].split("\n\n"))
    statement = f'<script type="application/ld+json">{json.dumps(said)}</script>'
    body = f"<nav><p>Menu</p></nav><main><h1>{record['name']}</h1>{paragraphs}</main>"
    return f'<!DOCTYPE html><html lang="en"><head>{statement}</head><body>{body}</body></html>'.encode()


def serve_practices(site: Replay, found: list[dict[str, Any]]) -> None:
    """A list of pages; the addresses in the records become the site's own."""
    for number, record in enumerate(found):
        record["url"] = f"{site.url}/initiative/{number}"
        site.answers[f"/initiative/{number}"] = Answer(practice_page(record))
    links = "".join(f'<a href="/initiative/{number}#top">Read</a>' for number in range(len(found)))
    site.answers["/"] = Answer(f"<!DOCTYPE html><a href='/about'>About</a>{links}".encode())


class TestPractice(Standard):
    case = Case(
        "practice",
        records.practice,
        "/",
        serve_practices,
        broken={
            "error 500": (Answer(b"Oops", 500), "500"),
            "nothing": (Answer(b""), "nothing"),
            "error with status 200": (Answer({"error": "down"}), "answered"),
            "a page that leads nowhere": (WEB_PAGE, "links to nothing"),
            "a bomb": (Answer(BOMB), "entities"),
        },
        required=frozenset(
            {"title", "notes", "tags", "contact", "issued", "modified", "city", "country", "submitted_by"}
        ),
        settings={"contains": "/initiative/"},
        person=lambda name, mail: {"contactPoint": {"name": name, "email": mail}},
    )

    def test_becomes_a_city_practice_and_waits(self, portal: Any):
        assert portal.dataset_type == "city-practice"
        assert not portal.public_at_source

    def test_pictures_are_left_where_they_are(self, portal: Any):
        mapped = portal.to_dataset(records.practice(image="https://practices.example.org/people.jpg"))
        assert not any("jpg" in str(each) for each in mapped.dataset["resources"])
        assert any("pictures" in warning for warning in mapped.warnings)

    def test_a_page_without_schema_org_is_read_from_its_preview_and_text(self):
        page = b"""<!DOCTYPE html><html lang="es"><head><meta property="og:title" content="Ba&ntilde;os">
        <script type="application/ld+json">{broken</script></head>
        <body><article><p>Los vecinos.</p></article></body></html>"""
        with replay() as site:
            site.answers["/"] = Answer(b"<!DOCTYPE html><a href='/initiative/1'>x</a>")
            site.answers["/initiative/1"] = Answer(page)
            (found,) = read("practice", site.url, {"contains": "/initiative/"})
        assert (found["name"], found["text"], found["inLanguage"]) == ("Baños", "Los vecinos.", "es")

    def test_the_list_s_own_next_pages_are_read(self):
        with replay() as site:
            site.answers["/"] = Answer(b"<!DOCTYPE html><a href='/initiative/1'>x</a><a rel='next' href='/2'>next</a>")
            site.answers["/2"] = Answer(b"<!DOCTYPE html><a href='/initiative/2'>x</a><a rel='next' href='/'>round</a>")
            for number in (1, 2):
                site.answers[f"/initiative/{number}"] = Answer(practice_page(records.practice(number)))
            assert len(read("practice", site.url, {"contains": "/initiative/"})) == 2

    def test_too_many_pages_ask_for_a_narrower_source(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("ckanext.cityportals.portals.practice.MOST_PAGES", 1)
        with replay() as site:
            serve_practices(site, [records.practice(1), records.practice(2)])
            with pytest.raises(PortalError, match="say what"):
                read("practice", site.url, {"contains": "/initiative/"})


@pytest.mark.skipif("SUITE_PORTALS" not in os.environ, reason="SUITE_PORTALS names no folder of recorded answers")
def test_recorded_catalogues_arrive_whole():
    """Real catalogues of Italian and Flemish cities: each dataset with title and files, and no term unknown to us."""
    for path in sorted(Path(os.environ["SUITE_PORTALS"], "dcat-ap").glob("*.*")):
        with replay() as site:
            site.answers["/c"] = Answer(path.read_bytes())
            found = [PORTALS["dcat-ap"].to_dataset(each) for each in read("dcat-ap", f"{site.url}/c")]
        assert found
        assert all(each.dataset["title"] and each.dataset["resources"] for each in found), path.name
        assert len({name for each in found for name in each.leftovers}) < 10, path.name
