"""What organisations and groups say of themselves is public at once: some of it is refused, some is pointed at."""

from __future__ import annotations

import pytest
from ckan.config.declaration import Declaration
from support.releases import act, approve, make_dataset, request

from ckanext.privacy import config as settings

pytestmark = pytest.mark.usefixtures("community")

IDENTITY, PHONE = "Ask for Aadhaar 2345 6789 0124.", "Call Asha on +91 98765 43210."


def save(app, admin, action, **data):
    return app.post(f"/api/3/action/{action}", json=data, headers={"Authorization": admin["token"]})


def test_a_release_carries_its_organization_as_it_was_looked_at():
    """Under its name of today, since links must lead there."""
    dataset = make_dataset()
    approve(request(dataset["id"]))
    before = act("", "package_show", id=dataset["id"])["organization"]["description"]
    act("admin", "organization_patch", id="city-lab", title="City Lab of today", description=PHONE)
    shown = act("", "package_show", id=dataset["id"])["organization"]
    assert (shown["title"], shown["description"]) == ("City Lab of today", before)
    (found,) = act("", "package_search", q=f"id:{dataset['id']}")["results"]
    assert found["organization"]["description"] == before


@pytest.mark.parametrize("kind", ["organization", "group"])
def test_an_identity_number_is_refused_and_a_telephone_number_pointed_at(app, community, kind):
    admin = community["sysadmin"]
    refused = save(app, admin, f"{kind}_create", name="water-desk", title="Water desk", description=IDENTITY)
    assert refused.status_code == 409
    (sentence,) = refused.json["error"]["description"]
    assert "0124" not in sentence
    made = save(app, admin, f"{kind}_create", name="water-desk", title="Water desk", description=PHONE)
    assert (made.status_code, made.headers["Privacy-Gate-Pointed-At"]) == (200, "description")
    assert "Look again:" in app.get(f"/{kind}/edit/water-desk", headers={"Authorization": admin["token"]}).body
    for action, data in (("patch", {"title": IDENTITY}), ("update", {"name": "water-desk", "description": IDENTITY})):
        assert save(app, admin, f"{kind}_{action}", id="water-desk", **data).status_code == 409
    odd = save(app, admin, f"{kind}_patch", id="water-desk", **{"bad\r\nname": PHONE})
    assert odd.status_code < 500
    clean = save(app, admin, f"{kind}_patch", id="water-desk", description="Maps of the city's wells.")
    assert (clean.status_code, "Privacy-Gate-Pointed-At" in clean.headers) == (200, False)


def test_what_an_organization_said_before_the_gate_came_stops_its_releases(monkeypatch):
    from ckanext.privacy.gate import publishers

    monkeypatch.setattr(publishers, "check", lambda _group: [])
    act("admin", "organization_patch", id="city-lab", description=IDENTITY)
    asked = request(make_dataset()["id"])
    assert "organization description" in str(asked["reasons"])


def test_accounts_are_no_public_list_unless_the_site_says_so():
    declared = Declaration()
    declared.load_core_declaration()
    settings.declare(declared)
    assert declared.get(settings.PUBLIC_USERS).default is False
