"""What reaches a person in a text is pointed at where it is written, in the forms and where it is public at once."""

from __future__ import annotations

import html

import pytest
from support.releases import act, make_dataset

pytestmark = pytest.mark.usefixtures("community")

REACHABLE = "Ask at +91 98765 43210"
SAID = {"en": "telephone numbers", "es": "números de teléfono"}


@pytest.fixture
def pages(app):
    """The forms and pages that people write such texts in, and read them."""
    dataset = make_dataset(notes_translated={"en": REACHABLE})
    file = act("officer", "resource_patch", id=dataset["resources"][0]["id"], description=REACHABLE)
    fields = [{"id": "litres", "type": "int", "info": {"label": "Litres", "notes": REACHABLE}}]
    table = act("officer", "datastore_create", resource={"package_id": dataset["id"], "name": "Wells"}, fields=fields,
                records=[{"litres": 4}])  # fmt: skip
    view = act("officer", "resource_view_create", resource_id=file["id"], view_type="text_view", title="Wells",
               description=REACHABLE)  # fmt: skip
    act("sysadmin", "group_create", name="wells", title="Wells", extras=[{"key": "Keeper", "value": REACHABLE}])
    act("sysadmin", "organization_patch", id="city-lab", description=REACHABLE)
    name = dataset["name"]
    return {
        "dataset": f"/dataset/edit/{name}",
        "file": f"/dataset/{name}/resource/{file['id']}/edit",
        "dictionary": f"/dataset/{name}/dictionary/{table['resource_id']}",
        "preview": f"/dataset/{name}/resource/{file['id']}/edit_view/{view['id']}",
        "form of a group": "/group/edit/wells",
        "group": "/group/wells",
        "form of an organization": "/organization/edit/city-lab",
        "organization": "/organization/city-lab",
    }


def test_every_form_points_at_a_number_in_both_languages(pages, app, community):
    sysadmin = {"Authorization": community["sysadmin"]["token"]}
    for name, path in pages.items():
        for language, words in SAID.items():
            text = html.unescape(app.get(f"/{language}{path}", headers=sysadmin).text)
            assert words in text, f"{name} in {language}"
            assert ("Look again:" if language == "en" else "Vuelva a mirar:") in text, f"{name} in {language}"


def test_who_cannot_change_it_is_not_bothered(pages, app):
    assert SAID["en"] not in app.get(pages["group"]).text
