"""Who looks at the data sees what was released, and nothing else."""

from __future__ import annotations

import base64
import io
import json
import re

import pytest
from ckan.tests import helpers
from support.releasing import release
from werkzeug.datastructures import FileStorage

RELEASED = b"ward,litres,lat,lon\nnorth,81,18.52,73.85\nsouth,7,18.53,73.86\n"
PENDING = b"ward,name,lat,lon\nnorth,Asha,18.9,73.9\n"


@pytest.fixture
def taps(community):
    """A released dataset with one table, changed since."""
    officer = {"user": "officer"}
    package = helpers.call_action(
        "package_create", officer, name="taps", title="Taps", owner_org=community["organization"]["id"]
    )
    upload = {"name": "Taps", "format": "CSV", "url": "taps.csv"}
    resource = helpers.call_action(
        "resource_create",
        officer,
        package_id=package["id"],
        upload=FileStorage(io.BytesIO(RELEASED), filename="taps.csv"),
        **upload,
    )
    release(package["id"])
    changed = FileStorage(io.BytesIO(PENDING), filename="taps.csv")
    helpers.call_action("resource_patch", officer, id=resource["id"], upload=changed, url="taps.csv")
    return f"/dataset/taps/look/{resource['id']}"


def test_a_visitor_looks_at_the_released_table(app, taps):
    """Rows, figures and downloads are of the released bytes; the pending change is in none of them."""
    body = app.get(taps).body
    assert "north" in body
    assert "81" in body
    assert "Asha" not in body
    for kind in ("csv", "parquet", "xlsx"):
        answer = app.get(f"{taps}.{kind}")
        assert answer.status_code == 200
        assert b"Asha" not in answer.data
    assert "81" in app.get(f"{taps}.csv").body


def test_the_rows_lie_on_a_map_of_the_released_table(app, taps):
    """The page leads to it; its spots are the released rows; a table without places has no map."""
    assert f"{taps}/map" in app.get(taps).body
    answer = app.get(f"{taps}/map")
    features = json.loads(re.search(r'id="map-features">(.*?)</script>', answer.body, re.S)[1])["features"]
    assert [each["geometry"]["coordinates"] for each in features] == [[73.85, 18.52], [73.86, 18.53]]
    assert [each["properties"]["name"] for each in features] == ["north", "south"]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert app.get(f"{taps}/map?table=7").status_code == 404


def test_an_editor_looks_at_the_working_table(app, taps, community):
    headers = {"Authorization": community["officer"]["token"]}
    assert "Asha" in app.get(taps, headers=headers).body


def test_what_is_not_released_is_not_found(app, taps, community):
    """Neither page nor download exists for a visitor once the release has ended."""
    helpers.call_action("package_delete", {"user": "officer"}, id="taps")
    assert app.get(taps).status_code == 404
    assert app.get(f"{taps}.csv").status_code == 404
    assert app.get(f"{taps}/map").status_code == 404


def test_the_dataset_page_leads_to_it(app, taps):
    assert taps in app.get("/dataset/taps").body


def test_the_offline_copy_holds_the_released_data_and_needs_nothing_else(app, taps):
    """One file: the rows to read, the file to save, no script, no style, no picture from elsewhere."""
    answer = app.get("/dataset/taps/offline")
    saved = re.findall(r'href="data:[^,]+,([^"]+)"', answer.body)
    assert [base64.b64decode(each) for each in saved] == [RELEASED]
    assert "<td" in answer.body
    assert "Asha" not in answer.body
    assert not re.search(r"<script|<link|<img|<iframe|url\(", answer.body)
    assert answer.headers["Content-Disposition"] == "attachment; filename=taps.html"


def test_there_is_no_offline_copy_of_what_is_not_released(app, taps):
    helpers.call_action("package_delete", {"user": "officer"}, id="taps")
    assert app.get("/dataset/taps/offline").status_code == 404
