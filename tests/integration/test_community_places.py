"""The page of a place: everything about it that the reader may see, for people and for programs."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely
from ckan.plugins import toolkit as tk
from ckan.tests import factories
from lxml import html
from support.releasing import release

from ckanext.communitydata import config, drawing
from ckanext.communitydata.fields import FieldError
from ckanext.communitydata.outlines import asking

SQUARE = '{"type": "Polygon", "coordinates": [[[73.8,18.5],[73.9,18.5],[73.9,18.6],[73.8,18.6],[73.8,18.5]]]}'
SECRET = "क-गल्ली"


@pytest.fixture
def place(community):
    """A released data set about a ward, one that waits at the gate, and a practice of the ward's city."""
    shared = {"owner_org": community["organization"]["id"], "user": community["officer"]}
    area = {"text": "Ward 7, Pune", "geom": SQUARE}
    said = {"spatial_precision": "ward", "deprivation_water": "61", "deprivation_tenure": "not-measured"}
    known = factories.Dataset(
        name="known", title_translated={"en": "Taps", "es": "Grifos"}, spatial_coverage=[area], **said, **shared
    )
    factories.Dataset(
        name="waiting", title="Waiting", spatial_coverage=[area | {"text": f"Ward 7, Pune {SECRET}"}, area], **shared
    )
    practice = factories.Dataset(name="told", type="city-practice", title="Told", city="Pune", country="IN", **shared)
    for each in (known, practice):
        release(each["id"])
    return "ward-7-pune"


def test_a_place_says_what_is_known_about_it_and_nothing_that_waits(app, place):
    """Data, practices of its city, what was not asked, its outline; in the reader's language; nothing of a draft."""
    page = html.fromstring(app.get(f"/place/{place}", status=200).body)
    text = page.text_content()
    for words in ("Taps", "Told", "61 %", "not asked", "Ward or district"):
        assert words in text
    assert page.xpath("//a[@href='/place/pune']")
    assert page.xpath("//figure//svg//path[@class='cd-map-area']")
    assert "Grifos" in app.get(f"/es/place/{place}").body
    everything = [app.get(address).body for address in (f"/place/{place}", f"/place/{place}.json", "/place/", "/")]
    assert all("Waiting" not in body and SECRET not in body for body in everything)


def test_a_place_can_be_had_by_programs(app, place):
    """JSON and GeoJSON at a stable address; what nobody described is not there; the map's page names its sources."""
    found = app.get(f"/place/{place}.json").get_json()
    assert [each["name"] for each in found["datasets"]] == ["known"]
    assert [each["name"] for each in found["practices"]] == ["told"]
    assert found["near"] == ["pune"]
    [feature] = app.get(f"/place/{place}.geojson").get_json()["features"]
    assert feature["properties"]["exact"] == "Ward or district"
    assert shapely.geometry.shape(feature["geometry"]).contains(shapely.Point(73.85, 18.55))
    assert app.get("/place/atlantis", expect_errors=True).status_code == 404
    answer = app.get(f"/place/{place}/map")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert app.get("/dataset/known/map").status_code == 200
    assert app.get("/dataset/waiting/map", expect_errors=True).status_code == 404


LIMA = SQUARE.replace("73.", "-77.").replace("18.", "-12.")
INSIDE = '{"type": "Point", "coordinates": [73.85, 18.55]}'


@pytest.fixture
def namesakes(community):
    """Three data sets about wards 7 of two cities and one of nobody knows which, and practices of two cities Leon."""
    shared = {"owner_org": community["organization"]["id"], "user": community["officer"]}
    areas = {"taps": SQUARE, "drains": INSIDE, "lima": LIMA, "somewhere": ""}
    for name, outline in areas.items():
        row = {"text": "Ward 7", **({"geom": outline} if outline else {})}
        factories.Dataset(name=name, title=name, spatial_coverage=[row, row], spatial_precision="ward", **shared)
    for name, country in (("leon-mx", "MX-GUA"), ("leon-es", "ES")):
        factories.Dataset(name=name, type="city-practice", title=name, city="León", country=country, **shared)
    factories.Dataset(name="quarter", title="Quarter", spatial_coverage=[{"text": "El Coecillo, León"}], **shared)
    for name in (*areas, "leon-mx", "leon-es", "quarter"):
        release(tk.get_action("package_show")({"ignore_auth": True}, {"id": name})["id"])


def test_places_of_one_name_have_a_page_each(app, namesakes):
    """Told apart by where they are; each page leads to its namesakes; what says nothing stays under the bare name."""
    index = html.fromstring(app.get("/place/", status=200).body)
    wards = [link.get("href") for link in index.xpath("//ul[@class='cd-places']//a") if link.text == "Ward 7"]
    assert wards == ["/place/ward-7", "/place/ward-7@-12.55,-77.85", "/place/ward-7@18.55,73.85"]
    pune = app.get("/place/ward-7@18.55,73.85.json").get_json()
    assert [each["name"] for each in pune["datasets"]] == ["drains", "taps"]
    assert pune["namesakes"] == ["ward-7@-12.55,-77.85"]
    assert app.get("/place/ward-7@18.5,73.8.json").get_json()["key"] == pune["key"]  # an outline that was drawn anew
    assert app.get("/place/ward-7@1.5,73.8", expect_errors=True).status_code == 404
    bare = html.fromstring(app.get("/place/ward-7", status=200).body)
    assert bare.xpath("//section[@aria-labelledby='others']//a/@href") == wards[1:]
    assert [each.text for each in bare.xpath("//article[@class='cd-card']//h3/a")] == ["somewhere"]
    assert "Spain" in app.get("/place/león@es").body
    leons = app.get("/place/león.json").get_json()
    assert (leons["datasets"], leons["namesakes"]) == ([], ["león@mx", "león@es"])  # Mexico, Spain


def test_the_list_of_places_counts_what_their_pages_show(app, namesakes):
    """Also practices that a page shows because its city tells them, and a record with two areas of one name."""
    listed = html.fromstring(app.get("/place/", status=200).body).xpath("//ul[@class='cd-places']/li")
    assert len(listed) == 6
    for entry in listed:
        about = app.get(f"{entry.find('a').get('href')}.json").get_json()
        shown = len(about["datasets"]) + len(about["practices"])
        assert entry.text_content().split()[-2:] == [str(shown), "record" if shown == 1 else "records"]


def test_an_organization_counts_practices_apart(app, namesakes):
    """On its page, in the list of organisations, and as a filter."""
    page, everyone = app.get("/organization/city-lab").body, app.get("/organization/").body
    said = "5 datasets, 2 city practices"
    assert html.fromstring(page).findtext(".//h1").strip() == said
    assert said in everyone
    labels, numbers = (html.fromstring(page).xpath(f"//div[@class='nums']//{tag}") for tag in ("dt", "dd"))
    assert numbers[[each.text for each in labels].index("City practices")].text_content().strip() == "2"
    only = html.fromstring(app.get("/organization/city-lab?dataset_type=city-practice").body)
    assert only.findtext(".//h1").strip() == "0 datasets, 2 city practices"


def test_tiles_of_another_site_are_asked_for_only_by_a_button(app, place, monkeypatch):
    """The policy lets them through, the page says whose they are, and the attribute is all there is."""
    monkeypatch.setitem(tk.config, config.MAP_TILES, "https://{s}.tiles.example.org/{z}/{x}/{y}.png")
    answer = app.get(f"/place/{place}/map")
    assert "img-src 'self' data: https://*.tiles.example.org;" in answer.headers["Content-Security-Policy"]
    assert 'data-ask="Show the background map of' in answer.body
    assert "tiles.example.org" not in app.get(f"/place/{place}").body


def test_a_point_is_drawn_as_wide_as_it_is_exact():
    """A block is a disc of 250 metres; the scale bar is a round length."""
    disc = drawing.Drawn(shapely.Point(73.85, 18.5), "Tap", 250, "Block").extent()
    west, south, east, north = disc.bounds
    assert (north - south) * 111_320 == pytest.approx(250, rel=0.02)
    assert (east - west) * 111_320 * np.cos(np.radians(18.5)) == pytest.approx(250, rel=0.02)
    drawn = drawing.draw(
        [drawing.Drawn(shapely.box(73, 18, 74, 19), "City"), drawing.Drawn(shapely.Point(73.5, 18.5), "Tap")]
    )
    assert [shape.name for shape in drawn.shapes] == ["City", "Tap"]
    assert drawn.bar_metres in drawing.ROUND
    assert all(shape.y < drawing.SCALE_BAR for shape in drawn.shapes)  # no name lies on the scale bar
    assert drawing.draw([]) is None


# -- Files of map tools
def test_a_shapefile_in_another_projection_comes_out_in_degrees(tmp_path):
    """Its parts lie in a zip; the name is found in a column that is nearly called name."""
    shape = np.array([shapely.to_wkb(shapely.box(380_000, 2_045_000, 381_000, 2_046_000))], dtype=object)
    names = [np.array(["Ward 7"], dtype=object)]
    pyogrio.raw.write(tmp_path / "w.shp", shape, names, ["ward_name"], geometry_type="Polygon", crs="EPSG:32643")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tmp_path.iterdir():
            archive.write(part, part.name)
    found = asking.outline_in(packed.getvalue(), "wards.zip")
    assert found.name == "Ward 7"
    assert shapely.from_geojson(found.geometry).bounds == pytest.approx((73.863, 18.492, 73.873, 18.501), abs=0.001)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04nothing", b'{"type": "FeatureCollection", "features": []}']
)
def test_what_is_no_map_is_refused_in_words(content):
    """One sentence with the remedy."""
    with pytest.raises(FieldError, match="Save"):
        asking.outline_in(content, "area.geojson")
