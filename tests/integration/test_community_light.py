"""Who only reads gets a light page: no cookie, no script, few bytes, nothing from elsewhere."""

from __future__ import annotations

import gzip
import re

import pytest
from ckan.tests import factories
from support.releasing import release

BUDGET = 150_000
ASSET = re.compile(r'(?:href|src)="([^"]+\.(?:css|js))"')


@pytest.fixture
def released(community):
    """A released dataset."""
    dataset = factories.Dataset(owner_org=community["organization"]["id"], user=community["officer"])
    release(dataset["id"])
    return dataset


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("address", ["/", "/dataset/", "/dataset/{name}", "/organization/", "/about", "/nowhere"])
def test_a_visitor_gets_a_light_page_without_a_cookie(app, released, address):
    """Page and blocking assets, compressed, stay within the budget of a slow line."""
    answer = app.get(address.format(**released))
    assets = ASSET.findall(answer.body)
    parts = [answer.body.encode(), *(app.get(asset).data for asset in assets)]

    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.body
    assert assets
    assert all(asset.startswith("/") for asset in assets)
    assert sum(len(gzip.compress(part)) for part in parts) < BUDGET


@pytest.mark.parametrize(
    ("language", "words"),
    [("hi", ("डेटासेट", "डेटा कैसे प्रकाशित होता है")), ("mr", ("डेटासेट", "डेटा कसा प्रकाशित होतो")), ("ar", ("مجموعة",))],
)
def test_a_page_speaks_languages_that_ckan_lacks_and_turns_round(app, language, words):
    """CKAN's words and ours are in the reader's language, and the page runs as that language does."""
    page = app.get(f"/{language}/dataset/").body

    assert f'<html lang="{language}"' in page
    assert ('dir="rtl"' in page) is (language == "ar")
    assert [word for word in words if word not in page] == []


def test_who_is_logged_in_gets_the_scripts_of_the_form_pages(app, released, community):
    """Editors keep CKAN's pages as they are."""
    headers = {"Authorization": community["officer"]["token"]}
    body = app.get(f"/dataset/{released['name']}", headers=headers).body

    assert "<script" in body
    assert "cd-light" not in body


@pytest.mark.usefixtures("clean_site")
def test_a_page_with_a_form_keeps_its_token(app):
    """The log-in form is posted: it needs the session that a reading page does without."""
    answer = app.get("/user/login")

    assert "Set-Cookie" in answer.headers
    assert re.search(r'name="_csrf_token" (?:content|value)="[^"]+"', answer.body)


@pytest.mark.parametrize("address", ["/dataset/{name}/concern", "/privacy/withdraw"])
def test_a_form_for_everybody_is_light_and_keeps_its_token(app, released, address):
    """Who reports a concern, or takes an agreement back, may have a slow line and no script."""
    answer = app.get(address.format(**released))
    parts = [answer.body.encode(), *(app.get(asset).data for asset in ASSET.findall(answer.body))]

    assert "<script" not in answer.body
    assert sum(len(gzip.compress(part)) for part in parts) < BUDGET
    assert "Set-Cookie" in answer.headers
    assert re.search(r'name="_csrf_token" (?:content|value)="[^"]+"', answer.body)


@pytest.mark.usefixtures("clean_site")
def test_a_language_is_chosen_by_a_link(app):
    """Without a script and without a form."""
    assert re.search(r'href="[^"]*/es/dataset/[^"]*"[^>]*lang="es"', app.get("/dataset/").body)


@pytest.mark.usefixtures("clean_site")
def test_assets_may_be_kept_by_the_browser(app):
    """Their addresses change with what is in them."""
    address = ASSET.findall(app.get("/").body)[0]

    assert "immutable" in app.get(address).headers["Cache-Control"]
