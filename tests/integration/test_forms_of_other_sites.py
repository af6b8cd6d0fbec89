"""A page elsewhere must not act in the name of whoever is logged in here (CSRF).

The other integration tests run with CKAN's check switched off, so that they post without loading a form first.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from support.releases import act, add_file, make_dataset, request, work

PASSWORD = "correct horse battery"


@pytest.fixture
def waiting(community: dict[str, Any]) -> dict[str, Any]:
    """A release that waits for its steward."""
    dataset = make_dataset()
    add_file(dataset["id"], "street,lamps\nHill Road,12\n", "lamps.csv")
    asked = request(dataset["id"])
    work()
    return act("steward1", "privacy_release_show", id=asked["id"])


@pytest.fixture
def browser(app: Any, waiting: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A browser in which a steward is logged in, on a site that asks for the token of a form."""
    steward = model.User.get("steward1")
    steward.password = PASSWORD
    model.Session.commit()
    app.post("/user/login", data={"login": "steward1", "password": PASSWORD})
    monkeypatch.setitem(app.flask_app.config, "WTF_CSRF_ENABLED", True)
    return app


def _state(release: dict[str, Any]) -> str:
    return act("steward1", "privacy_release_show", id=release["id"])["state"]


@pytest.mark.parametrize("address", ["/privacy/release/{id}/approve", "/api/3/action/privacy_release_approve"])
def test_what_a_visitor_called_before_still_asks_a_steward_for_the_token(app, browser, waiting, address):
    address = address.format(**waiting)
    form = {"id": waiting["id"], "snapshot_sha256": waiting["snapshot_sha256"], "note": ""}
    stranger = app.flask_app.test_client()
    stranger.post(address, data=form)

    assert browser.post(address, data=form).status_code == 400
    assert _state(waiting) == "in_review"


def test_a_form_of_our_own_is_taken(browser, waiting):
    page = browser.get(f"/privacy/release/{waiting['id']}").body
    token = re.search(r'name="_csrf_token" (?:content|value)="([^"]+)"', page).group(1)
    form = {"snapshot_sha256": waiting["snapshot_sha256"], "note": "", "_csrf_token": token}
    browser.post(f"/privacy/release/{waiting['id']}/approve", data=form)

    assert _state(waiting) == "released"


def test_a_client_with_a_token_needs_no_form(browser, community, waiting):
    answer = browser.post(
        "/api/3/action/privacy_release_approve",
        json={"id": waiting["id"], "snapshot_sha256": waiting["snapshot_sha256"]},
        headers={"Authorization": community["steward1"]["token"]},
    )
    assert answer.status_code == 200
    assert _state(waiting) == "released"


def test_no_cookie_travels_with_another_sites_form(app):
    assert [tk.config[f"{kind}_COOKIE_SAMESITE"] for kind in ("SESSION", "REMEMBER")] == ["Lax", "Lax"]
