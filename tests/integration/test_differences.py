"""Who approves is shown everything that becomes public: each field of a snapshot, wherever it came from."""

from __future__ import annotations

import copy
import html

import pytest
from ckan.logic import schema as ckan_schema
from support.releases import act, make_dataset, release, request

from ckanext.privacy.engine.description import texts_of
from ckanext.privacy.gate import freeze
from ckanext.privacy.gate.snapshot import described
from ckanext.privacy.model import Release
from ckanext.privacy.views import differences, fields
from ckanext.privacy.workflow import differences as workflow

pytestmark = pytest.mark.usefixtures("community")

#: What belongs to others than the dataset, and is public or not with them.
OTHERS = {"organization", "groups"}
#: Lists of small things, and what each says.
LISTS = {
    "tags": {"name"},
    "extras": {"key", "value"},
    "relationships_as_subject": {"object", "type", "comment"},
    "relationships_as_object": {"subject", "type", "comment"},
}


def marker(*path: object) -> str:
    return "changed " + " ".join(str(part) for part in path)


@pytest.fixture
def snapshot(app):
    """What a release of a dataset with a file, rows, a preview and a data dictionary would show."""
    dataset = make_dataset()
    notes = [{"id": "litres", "type": "int", "info": {"label": "Litres", "notes": "a minute"}}]
    table = act("officer", "datastore_create", resource={"package_id": dataset["id"], "name": "Wells"}, fields=notes,
                records=[{"litres": 4}])  # fmt: skip
    act("officer", "resource_view_create", resource_id=table["resource_id"], view_type="text_view", title="Wells")
    return freeze.current(dataset["id"])


def changed(snapshot):
    """The same with every field of every schema changed; return it with all that changed."""
    after, said = copy.deepcopy(snapshot), set()
    form = fields.of_type(snapshot["package"]["type"])
    names = {*snapshot["package"], *form.dataset, *ckan_schema.default_show_package_schema(), "made_up"}
    names -= OTHERS | LISTS.keys() | {"resources"}
    for name in (each for each in names if not each.startswith("__")):
        after["package"][name], new = value(form.dataset.get(name, {}), name)
        said |= new
    for part, members in LISTS.items():
        after["package"][part] = [{name: marker(part, name) for name in members}]
        said |= {marker(part, name) for name in members}
    for number, resource in enumerate(after["package"]["resources"]):
        said |= change_file(form, after, number, resource)
    return after, said


def value(known, name):
    """A new value for a field, in its shape: translations, parts, or words."""
    if name.endswith("_translated"):
        return {"en": marker(name, "en"), "mr": marker(name, "mr")}, {marker(name, "en"), marker(name, "mr")}
    parts = [each["field_name"] for each in known.get("repeating_subfields", ())]
    if parts:
        texts = {part: marker(name, part) for part in [*parts, "made_up"]}
        return [texts], set(texts.values())
    return marker(name), {marker(name)}


def change_file(form, after, number, resource):
    kept = resource["id"]  # files are told apart by it
    names = {*resource, *form.resource, *ckan_schema.default_resource_schema(), "made_up"} - {"id"}
    resource |= {name: marker(number, name) for name in names if not name.startswith("__")}
    said = {marker(number, name) for name in names if not name.startswith("__")}
    for view in after["views"][kept]:
        members = {*view, "page_url", "made_up"} - {"id"}
        view |= {name: marker(number, "view", name) for name in members}
        said |= {marker(number, "view", name) for name in members}
    for column in after["resources"][kept].get("fields", ()):
        column |= {"type": marker(number, "type"), "info": f'{{"unit": "{marker(number, "unit")}"}}'}
        said |= {marker(number, "type"), marker(number, "unit")}
    return said


def shown(before, after):
    """All that a reader of the difference sees."""
    found = differences.groups(workflow.between(before, after), fields.of_type(after["package"]["type"]))
    rows = [f"{row['what']}: {row['before']} -> {row['after']}" for group in found for row in group["rows"]]
    return "\n".join([*rows, *(group["title"] for group in found)])


def test_nothing_that_changes_is_hidden(snapshot, app):
    """Whatever a machine usually writes is shown, too, as soon as it reads as no machine writes."""
    after, said = changed(snapshot)
    with app.flask_app.test_request_context():
        text = shown(snapshot, after)
    assert [each for each in sorted(said) if each not in text] == []


def test_nothing_that_is_new_is_hidden(snapshot, app):
    after, said = changed(snapshot)
    with app.flask_app.test_request_context():
        text = shown(workflow.NOTHING, after)
    assert [each for each in sorted(said) if each not in text] == []


def test_what_only_machines_write_is_no_difference(snapshot, app):
    """The catalogue's own clock, counters and flags move without anybody changing anything."""
    later = copy.deepcopy(snapshot)
    later["package"] |= {"metadata_modified": "2031-01-01T00:00:00.123456", "num_tags": 3}
    later["package"]["resources"][0] |= {"last_modified": "2031-01-01T00:00:00.123456", "datastore_active": True}
    with app.flask_app.test_request_context():
        assert shown(snapshot, later) == ""


def test_another_order_of_the_files_is_told(snapshot, app):
    """A file that goes moves the others up, which is nothing to tell."""
    act("officer", "resource_create", package_id=snapshot["package"]["id"], name="Last", url="https://example.org/a")
    before = freeze.current(snapshot["package"]["id"])
    turned, fewer = copy.deepcopy(before), copy.deepcopy(before)
    turned["package"]["resources"].reverse()
    del fewer["package"]["resources"][0]
    for each in (turned, fewer):
        for position, resource in enumerate(each["package"]["resources"]):
            resource["position"] = position
    assert {each["field"] for file in workflow.between(before, turned)["resources"] for each in file["fields"]} == {
        "position"
    }
    assert [each["change"] for each in workflow.between(before, fewer)["resources"]] == ["removed"]


def test_the_page_shows_every_text_to_its_last_word(app, community):
    """Each text that the gate searches stands on the page on which it is approved, however long it is, and also where
    several are approved."""
    long = " ".join(f"word{number}" for number in range(300))
    dataset = make_dataset(notes_translated={"en": long, "es": "En breve."}, tag_string="wells,water")
    act("officer", "resource_patch", id=dataset["resources"][0]["id"], mimetype="text/odd", mimetype_inner="text/inner",
        resource_type="call the keeper", cache_url="https://example.org/copy", hash="ask the keeper")  # fmt: skip
    asked = request(dataset["id"])
    texts = texts_of(described(Release.get(asked["id"]).snapshot))
    assert long in texts.values()
    assert "ask the keeper" in texts.values()
    steward = {"Authorization": community["steward1"]["token"]}
    for page in (f"/privacy/release/{asked['id']}", f"/privacy/queue/several?release={asked['id']}"):
        text = html.unescape(app.get(page, headers=steward).text)
        # One word may be a code, which stands there as people call it, or the name of a field.
        unseen = {place for place, each in texts.items() if {" ", "/"} & {*each} and each not in text}
        assert unseen <= {"license_url", "name of a field"}, "the licence's address follows from the licence"


def test_a_digest_alone_is_nothing_that_waits(app):
    """CKAN's loaders write a file's digest after it was released: no editor would know what there is to release."""
    dataset = make_dataset()
    release(dataset["id"])
    act("officer", "resource_patch", id=dataset["resources"][0]["id"], hash="another")
    assert act("officer", "privacy_status_show", id=dataset["id"])["pending"] == []
