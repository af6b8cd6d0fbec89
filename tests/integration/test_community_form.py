"""Describing data through the form and the API: nothing is lost, nothing blocks a draft, nothing runs as a script."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from hypothesis import HealthCheck, Phase, given, settings
from lxml import html
from support import descriptions
from werkzeug.datastructures import FileStorage, MultiDict

from ckanext.communitydata import places
from ckanext.communitydata.parser import CommunityParser
from ckanext.privacy.views import fields

TYPES = ("dataset", "city-practice")
#: Each example writes to the database; the clean site is wanted once, not for each.
FEW = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


@pytest.fixture
def editor(clean_site) -> dict[str, Any]:
    """A person who may describe data for `organization`."""
    user = factories.SysadminWithToken()
    return {**user, "organization": factories.Organization(user=user)["id"]}


@pytest.fixture
def site(app, editor):
    """The pages as the editor sees them: `site.get`, `site.post`."""

    client = app

    class Site:
        app = client
        headers = {"Authorization": editor["token"]}

        def get(self, address: str) -> Any:
            return html.fromstring(app.get(address, headers=self.headers, status=200).body)

        def post(self, address: str, data: Any) -> Any:
            return app.post(address, data=MultiDict(data), headers=self.headers, follow_redirects=False)

    return Site()


def create(editor: dict[str, Any], **values: Any) -> dict[str, Any]:
    return helpers.call_action("package_create", {"user": editor["name"]}, owner_org=editor["organization"], **values)


def show(name: str) -> dict[str, Any]:
    return helpers.call_action("package_show", id=name)


def form_of(page: Any) -> list[tuple[str, str]]:
    """What a browser without JavaScript would send if somebody pressed the button at once."""
    return [*page.get_element_by_id("dataset-edit").form_values(), ("save", "")]


def told(package: dict[str, Any], dataset_type: str) -> dict[str, Any]:
    names = [field["field_name"] for field in descriptions.fields_of(dataset_type)]
    return {name: package.get(name) for name in names}


# -- Nothing is lost
@pytest.mark.parametrize("dataset_type", TYPES)
def test_the_api_gives_back_what_it_was_given_and_so_does_the_form(dataset_type, editor, site):
    """Every field: API to form to API, opened and saved again without a change."""

    @FEW
    @given(descriptions.descriptions(dataset_type))
    def round_trip(description: dict[str, Any]) -> None:
        description["spatial_precision"] = "none"
        created = create(editor, type=dataset_type, name=f"t-{model.types.make_uuid()[:8]}", **description)
        expected = told({**description}, dataset_type)
        if dataset_type == "city-practice":
            expected.pop("spatial_precision", None)
        assert told(created, dataset_type) == expected
        address = f"/{dataset_type}/edit/{created['name']}"
        answer = site.post(address, form_of(site.get(address)))
        assert answer.status_code == 302, answer.body
        assert told(show(created["name"]), dataset_type) == expected

    round_trip()


def test_a_description_survives_the_whole_way_round(editor, site):
    """API to RDF, read by a harvester's parser, saved as a new record, opened in the form and saved: as it was."""

    @settings(FEW, max_examples=1)
    @given(descriptions.descriptions("dataset"), descriptions.descriptions("dataset", "resource_fields"))
    def way_round(description: dict[str, Any], file: dict[str, Any]) -> None:
        description["spatial_precision"] = "none"
        files = [{**file, "url": "https://example.org/a.csv", "format": "CSV"}]
        made = create(
            editor, name="first", tags=[{"name": "water"}], license_id="cc-by", resources=files, **description
        )
        parser = CommunityParser(profiles=["euro_dcat_ap_3", "communitydata"])
        turtle = helpers.call_action("dcat_dataset_show", {"user": editor["name"]}, id="first", format="ttl")
        parser.parse(turtle, _format="ttl")
        (harvested,) = parser.datasets()
        create(editor, **{**harvested, "name": "second", "harvest_source_id": made["harvest_source_id"], "extras": []})
        for address in (
            "/dataset/edit/second",
            f"/dataset/second/resource/{show('second')['resources'][0]['id']}/edit",
        ):
            form_id = "dataset-edit" if "resource" not in address else "resource-edit"
            page = site.get(address)
            answer = site.post(address, [*page.get_element_by_id(form_id).form_values(), ("save", "go-metadata")])
            assert answer.status_code == 302, answer.body
        after = show("second")
        assert told(after, "dataset") == told(made, "dataset")
        assert {k: after["resources"][0].get(k) for k in file} == file
        assert [tag["name"] for tag in after["tags"]] == ["water"]
        assert after["license_id"] == "cc-by"

    way_round()


def test_the_form_keeps_core_fields_it_does_not_show_as_such(editor, site):
    """Title, tags, licence, contact people: opened and saved, they are as before."""
    before = create(
        editor, name="core", title="Core", notes="All of it", license_id="cc-by", tags=[{"name": "water"}],
        author="A desk", maintainer_email="desk@example.org", url="https://example.org/", version="3",
        extras=[{"key": "bureau code", "value": "011:12"}], private=True,
    )  # fmt: skip
    site.post("/dataset/edit/core", form_of(site.get("/dataset/edit/core")))
    after = show("core")
    for name in (
        "title",
        "notes",
        "license_id",
        "author",
        "maintainer_email",
        "url",
        "version",
        "private",
        "owner_org",
    ):
        assert after[name] == before[name], name
    assert [tag["name"] for tag in after["tags"]] == ["water"]
    assert after["extras"] == [{"key": "bureau code", "value": "011:12"}]


def test_an_edit_of_the_form_keeps_what_only_machines_know(editor, site):
    """The identifiers of a harvested record are on no form and survive it."""
    create(editor, name="harvested", title="H", harvest_source_id="source-1", harvest_remote_ids=["a", "b"])
    site.post("/dataset/edit/harvested", form_of(site.get("/dataset/edit/harvested")))
    assert show("harvested")["harvest_remote_ids"] == ["a", "b"]
    assert show("harvested")["harvest_source_id"] == "source-1"


def test_rows_can_be_changed_added_and_removed_without_a_script(editor, site):
    """The spare row takes a new one, the box removes one, the rest stays."""
    create(editor, name="rows", title="Rows", contact=[{"name": "First"}, {"name": "Second", "email": "s@example.org"}])
    sent = dict(form_of(site.get("/dataset/edit/rows")))
    sent.update({"contact-0-remove": "yes", "contact-1-name": "Second desk", "contact-2-name": "Third"})
    site.post("/dataset/edit/rows", sent)
    assert show("rows")["contact"] == [{"name": "Second desk", "email": "s@example.org"}, {"name": "Third"}]


def test_removing_every_row_leaves_none(editor, site):
    """The last row goes too."""
    create(editor, name="rows", title="Rows", contact=[{"name": "Only"}])
    sent = {**dict(form_of(site.get("/dataset/edit/rows"))), "contact-0-remove": "yes"}
    site.post("/dataset/edit/rows", sent)
    assert not show("rows").get("contact")


def test_unticking_everything_leaves_nothing_ticked(editor, site):
    """A form sends no box that is not ticked; that means none, not as before."""
    create(editor, name="boxes", title="Boxes", data_about=["persons"])
    site.post("/dataset/edit/boxes", [(k, v) for k, v in form_of(site.get("/dataset/edit/boxes")) if k != "data_about"])
    assert not show("boxes").get("data_about")


def test_after_a_mistake_everything_typed_is_still_there(editor, site):
    """A refused form comes back with all rows and languages, and says what is wrong beside the question."""
    create(editor, name="slip", title="Slip")
    sent = dict(form_of(site.get("/dataset/edit/slip")))
    sent.update(
        {
            "number_of_records": "many",
            "title_translated-es": "Desliz",
            "communities-0-name_translated-en": "Tenants",
            "communities-0-role": "subject",
        }
    )
    page = html.fromstring(site.post("/dataset/edit/slip", sent).body)
    typed = dict(page.get_element_by_id("dataset-edit").form_values())
    assert typed["title_translated-es"] == "Desliz"
    assert typed["communities-0-name_translated-en"] == "Tenants"
    assert typed["communities-0-role"] == "subject"
    assert "not a count" in page.get_element_by_id("error-number_of_records").text_content()
    assert page.get_element_by_id("field-number_of_records").get("aria-invalid") == "true"


def test_a_draft_is_saved_while_somebody_types(editor, site):
    """The script's way: a new draft, then the same one again; files stay, and what is wrong is said with its place."""
    address, script = "/describe/save/dataset", {**site.headers, "X-Requested-With": "fetch"}
    sent = {"title_translated-en": "Slow line", "owner_org": editor["organization"], "communities-0-role": "subject"}
    first = site.app.post(address, data=sent, headers=script, status=200).get_json()
    assert first["missing"] == 0
    helpers.call_action(
        "resource_create", {"user": editor["name"]}, package_id=first["id"], url="https://example.org/a.csv"
    )
    again = {**sent, "pkg_name": first["id"], "data_about": "persons", "name": ""}
    second = site.app.post(address, data=again, headers=script, status=200).get_json()
    assert second["id"] == first["id"]
    assert second["missing"] > 10
    saved = show("slow-line")
    assert (saved["state"], saved["data_about"], len(saved["resources"])) == ("draft", ["persons"], 1)
    assert saved["communities"] == [{"role": ["subject"]}]
    wrong = {**again, "communities-0-kind": "ghosts", "number_of_records": "many"}
    problems = site.app.post(address, data=wrong, headers=script, status=409).get_json()["errors"]
    assert [problem["anchor"] for problem in problems] == ["field-communities-0-kind", "field-number_of_records"]
    assert problems[0]["label"] == "Community 1: Kind of community"


def test_one_more_row_without_a_script_loses_nothing(editor, site):
    """The button shows the form again, with what was typed and an empty row; nothing is saved by it."""
    create(editor, name="more", title="More", contact=[{"name": "First"}])
    sent = {**dict(form_of(site.get("/dataset/edit/more"))), "contact-1-name": "Second", "purpose_note": "Typed"}
    page = html.fromstring(site.post("/describe/again/dataset", sent).body)
    edit = page.get_element_by_id("dataset-edit")
    typed = dict(edit.form_values())
    assert (typed["contact-0-name"], typed["contact-1-name"]) == ("First", "Second")
    assert "contact-2-name" in typed
    assert typed["purpose_note"] == "Typed"
    assert show("more")["contact"] == [{"name": "First"}]
    assert "/dataset/edit/" in edit.get("action")


def test_what_is_wrong_stands_above_the_form_with_links_to_the_questions(editor, site):
    """One list, in the order of the form; each link leads to a question that is there."""
    create(editor, name="slip", title="Slip")
    sent = {
        **dict(form_of(site.get("/dataset/edit/slip"))),
        "number_of_records": "many",
        "communities-0-kind": "ghosts",
    }
    page = html.fromstring(site.post("/dataset/edit/slip", sent).body)
    anchors = [href.removeprefix("#") for href in page.xpath("//*[@id='errors']//a/@href")]
    assert anchors == ["field-communities-0-kind", "field-number_of_records"]
    assert all(page.get_element_by_id(anchor) is not None for anchor in anchors)


def test_the_form_says_what_is_missing_and_folds_what_is_not_needed(editor, site):
    """With links to the questions; a map of taps is not asked who agreed."""
    create(editor, name="taps", title="Taps", data_about=["facilities"])
    create(editor, name="homes", title="Homes", data_about=["households"])
    taps, homes = site.get("/dataset/edit/taps"), site.get("/dataset/edit/homes")
    folded = "//section[@id='section-consent']/details[not(@open)]"
    assert taps.xpath(folded)
    assert not homes.xpath(folded)
    links = homes.xpath("//*[@id='missing']//a/@href")
    assert "#field-consent_level" in links
    assert all(homes.xpath("//*[@id=$id]", id=link.removeprefix("#")) for link in links)


# -- Nothing blocks a draft
@pytest.mark.parametrize("dataset_type", TYPES)
def test_a_title_is_enough_to_save(dataset_type, editor, site):
    """The web address is made from it; everything else can wait."""
    answer = site.post(
        f"/{dataset_type}/new",
        {
            "title_translated-en": "Households of a place",
            "_ckan_phase": "",
            "save": "",
            "owner_org": editor["organization"],
        },
    )
    assert answer.status_code == 302, answer.body
    assert show("households-of-a-place")["title"] == "Households of a place"


def test_two_records_of_one_title_get_two_addresses(editor):
    """The second does not fail."""
    first, second = (create(editor, title_translated={"en": "The same"}) for _ in range(2))
    assert first["name"] == "the-same"
    assert second["name"].startswith("the-same-")


def test_a_harvested_record_needs_none_of_our_fields(editor):
    """Title and a resource, as a plain portal has them."""
    made = create(
        editor, name="plain", title="Plain", notes="As it came", resources=[{"url": "https://example.org/a.csv"}]
    )
    assert made["title_translated"] == {"en": "Plain"}
    assert made["notes_translated"] == {"en": "As it came"}
    assert "data_about" not in made


def test_a_plain_client_can_change_the_title(editor):
    """A patch of `title` alone is not undone by the texts by language."""
    create(editor, name="patched", title_translated={"en": "Old", "mr": "जुने"})
    helpers.call_action("package_patch", {"user": editor["name"]}, id="patched", title="New")
    assert show("patched")["title_translated"] == {"en": "New", "mr": "जुने"}
    assert show("patched")["title"] == "New"


def test_private_is_still_what_a_client_says(editor):
    """The form has no such choice where the gate decides; the API keeps it."""
    assert create(editor, name="closed", title="Closed", private=True)["private"] is True


# -- What is wrong is said
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("data_about", ["ghosts"], "not in the list"),
        ("sensitivity", "very", "not in the list"),
        ("instrument_languages", ["English"], "not a language code"),
        ("title_translated", {"English": "T"}, "not a language code"),
        ("review_date", "next year", "not a date"),
        ("deprivation_water", "200", "not a share"),
        ("plain_summary_translated", {"en": "x" * 601}, "at most 600"),
        ("local_contexts_project", "12", "not a project number"),
    ],
)
def test_a_value_that_cannot_be_kept_names_its_field_and_the_way_out(field, value, words, editor):
    """One sentence for the field."""
    with pytest.raises(tk.ValidationError) as refusal:
        create(editor, **{"name": "wrong", "title": "W", field: value})
    assert words in " ".join(refusal.value.error_dict[field])


def test_an_unknown_part_of_a_row_is_refused_and_not_dropped(editor):
    """A misspelt part would otherwise vanish without a word."""
    with pytest.raises(tk.ValidationError, match="Unknown part"):
        create(editor, name="wrong", title="W", communities=[{"kind": "tenants", "colour": "blue"}])


# -- Places
def test_coordinates_are_rounded_before_they_are_stored(editor):
    """The exact ones are nowhere: not in the database, not in the index, not in the API."""
    exact = {"type": "Point", "coordinates": [73.851234, 18.496543]}
    made = create(
        editor, name="placed", title="P", spatial_precision="ward", spatial_coverage=[{"text": "P", "geom": exact}]
    )
    stored = json.dumps(model.Package.get(made["id"]).extras)
    found = helpers.call_action("package_search", q="name:placed", include_private=True)["results"][0]
    for text in (stored, json.dumps(made), json.dumps(found)):
        assert "851234" not in text
        assert "496543" not in text
        assert "Point" in text


def test_declaring_a_coarser_precision_later_rounds_what_is_there(editor):
    """A patch of the precision alone reaches the outline."""
    exact = {"type": "Point", "coordinates": [73.851234, 18.496543]}
    create(editor, name="placed", title="P", spatial_coverage=[{"text": "P", "geom": exact}])
    helpers.call_action("package_patch", {"user": editor["name"]}, id="placed", spatial_precision="city")
    assert "851234" not in json.dumps(show("placed"))


# -- Pages
NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"


def test_what_people_write_never_runs(editor, site):
    """Names of communities, notes, links: shown as text on the dataset's page, its form and in lists."""
    texts = ("title", "notes", "limitations", "consent_note", "withdrawal_contact", "verification_note")
    description = {
        **dict.fromkeys(texts, NASTY),
        "plain_summary_translated": {"en": NASTY},
        "communities": [{"name_translated": {"en": NASTY}, "representative_body": NASTY}],
        "consent_level": "collective",
        "verification": "community",
        "jurisdiction": [NASTY],
        "algorithmic_use": ["javascript:alert(3)"],
    }
    create(editor, name="nasty", **description, resources=[{"url": "https://example.org/a.csv", "name": NASTY}])
    for address in ("/dataset/nasty", "/dataset/edit/nasty", "/dataset/", "/"):
        page = site.get(address)
        assert not page.xpath("//script[contains(., 'alert(')]"), address
        assert not page.xpath("//*[@onerror]"), address
        assert not page.xpath("//a[starts-with(@href, 'javascript:alert')]"), address


@pytest.mark.parametrize(
    "address",
    [
        "/dataset/new",
        "/dataset/edit/full",
        "/city-practice/new",
        "/dataset/full",
        "/city-practice/",
        "/dataset/",
        "/",
        "/ns/community-data",
    ],
)
def test_every_page_has_one_heading_and_every_input_a_name(address, editor, site):
    """A screen reader can say where one is and what is asked."""
    create(
        editor,
        name="full",
        title="Full",
        communities=[{"kind": "tenants"}],
        contact=[{"name": "Desk"}],
        data_about=["persons"],
    )
    page = site.get(address)
    assert len(page.xpath("//h1")) == 1
    ids = page.xpath("//main//@id | //*[@role='main']//@id")
    assert len(ids) == len(set(ids))
    for control in page.xpath(
        "//*[@role='main']//*[self::input[not(@type='hidden')] or self::textarea or self::select]"
    ):
        labels = page.xpath("//label[@for=$id]", id=control.get("id", ""))
        assert control.get("aria-label") or any(label.text_content().strip() for label in labels), html.tostring(
            control
        )
        assert all(page.xpath("//*[@id=$id]", id=name) for name in control.get("aria-describedby", "").split())


def test_the_page_says_who_is_behind_the_data_and_what_a_file_weighs(editor, site):
    """In words, not in tokens."""
    lane = {"name_translated": {"en": "Lane 4"}, "kind": "waste-pickers"}
    create(
        editor, name="story", title="Story", communities=[lane],
        consent_level="collective", deprivation_water="61", deprivation_tenure="not-measured",
        resources=[{"url": "https://example.org/a.csv", "format": "CSV", "size": 18342}],
    )  # fmt: skip
    text = " ".join(site.get("/dataset/story").text_content().split())
    for words in ("Lane 4", "Waste pickers", "The community together", "61 %", "not asked", "CSV, 17.9 KiB"):
        assert words in text


def test_the_page_tells_its_officer_what_is_missing(editor, site):
    """With a link to the part of the form that asks for it."""
    create(editor, name="bare", title="Bare")
    links = site.get("/dataset/bare").xpath("//details[@class='cd-missing']//a/@href")
    assert "/dataset/edit/bare#section-about" in links


def test_a_practice_shows_the_data_it_used_and_the_data_shows_the_practice(editor, site):
    """The two point at each other."""
    create(editor, name="taps", title="Taps")
    address = tk.url_for("dataset.read", id="taps", _external=True)
    create(editor, type="city-practice", name="tap-by-tap", title="Tap by tap", data_used=[address])
    assert site.get("/city-practice/tap-by-tap").xpath(f"//a[@href='{address}']")
    assert site.get("/dataset/taps").xpath("//a[contains(@href, '/city-practice/tap-by-tap')]")


def test_the_gate_can_ask_what_is_missing(editor):
    """The plugin answers in the shape that the gate expects, for the sections of its form."""
    from ckan import plugins as p

    from ckanext.privacy.interfaces import IReleaseRequirements

    answers = [
        r
        for plugin in p.PluginImplementations(IReleaseRequirements)
        for r in plugin.release_requirements({"type": "dataset"})
    ]
    assert {"field", "label", "message", "anchor", "blocking"} == set(answers[0])
    assert any(answer["anchor"] == "section-about" and answer["field"] == "license_id" for answer in answers)


# -- Starting up
@pytest.mark.parametrize(
    "plugins", [["communitydata"], ["scheming_datasets", "communitydata"]], ids=["alone", "too late"]
)
def test_a_site_without_scheming_before_it_is_told_in_one_sentence(plugins):
    """What is missing and where to write it."""
    from ckan.exceptions import CkanConfigurationException

    from ckanext.communitydata import config

    with pytest.raises(CkanConfigurationException, match=r"scheming_datasets.*\.$"):
        config.require_scheming({"ckan.plugins": plugins})


@pytest.mark.parametrize("presets", ["", "ckanext.scheming:presets.json", "my.module:presets.yaml"])
def test_a_site_need_not_name_our_schemas(presets):
    """Ours are read beside the presets that the site names; schemas that it names stand."""
    from ckanext.communitydata import config

    settings_ = {"scheming.presets": presets}
    config.prepare_scheming(settings_)
    config.prepare_scheming(settings_)
    assert settings_["scheming.presets"].split() == [config.PRESETS, presets or config.SCHEMING_PRESETS]
    assert settings_["scheming.dataset_schemas"] == config.SCHEMAS
    own = {"scheming.dataset_schemas": "my.module:own.yaml"}
    config.prepare_scheming(own)
    assert own["scheming.dataset_schemas"] == "my.module:own.yaml"


# -- The ways to give an area without a map
SQUARE = '{"type": "Polygon", "coordinates": [[[73.8,18.5],[73.9,18.5],[73.9,18.6],[73.8,18.6],[73.8,18.5]]]}'


def area_form(site: Any, **given_: str) -> dict[str, str]:
    """The form of a new dataset with something said about its first area."""
    said = {"title_translated-en": "Placed", "name": "by-form", "owner_org": "", "spatial_coverage-0-geom": ""}
    return said | {f"spatial_coverage-0-{name}": text for name, text in given_.items()}


@pytest.mark.parametrize(
    ("given_", "west_to_north"),
    [
        (
            {"geom-west": "73,8", "geom-south": "18.5", "geom-east": "73.9", "geom-north": "18.6"},
            (73.8, 18.5, 73.9, 18.6),
        ),
        ({"geom-cell": "7jcmgv"}, (73.85, 18.5, 73.9, 18.55)),
        ({"geom": SQUARE}, (73.8, 18.5, 73.9, 18.6)),
    ],
)
def test_an_area_can_be_given_in_numbers_as_a_cell_or_as_text(editor, site, given_, west_to_north):
    """No script is needed; what was used stands in the outline."""
    sent = area_form(site, text="P", **given_) | {"owner_org": editor["organization"]}
    assert site.post("/describe/save/dataset", sent).status_code == 302
    outline = places.read_geometry(show("by-form")["spatial_coverage"][0]["geom"])
    assert outline.bounds == pytest.approx(west_to_north)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"geom-west": "73.8"}, "all four edges"),
        ({"geom-west": "75", "geom-south": "18", "geom-east": "74", "geom-north": "19"}, "West must be less than east"),
        ({"geom-cell": "7JCMGV22+23"}, "is not a grid cell"),
        ({"geom-place": "atlantis"}, "is not known any more"),
        ({"geom-file": "ward.kml"}, "Press “Read the file”"),
    ],
)
def test_what_is_no_area_is_said_where_it_was_typed(editor, site, given_, words):
    """The form comes back with what was typed, and nothing is lost without a word."""
    answer = site.post("/describe/save/dataset", area_form(site, **given_) | {"owner_org": editor["organization"]})
    assert words in answer.body
    assert 'value="Placed"' in answer.body


def test_a_known_place_brings_its_name_and_its_outline(editor, site):
    """Picked from a list; two records about one place share one page."""
    area = {"text": "Ward 7", "uri": "https://www.wikidata.org/entity/Q7", "geom": SQUARE}
    create(editor, name="first", title="First", spatial_coverage=[area])
    offered = site.get("/dataset/new").xpath("//select[@name='spatial_coverage-0-geom-place']/option/@value")
    sent = area_form(site, **{"geom-place": "wikidata-q7"}) | {"owner_org": editor["organization"]}
    site.post("/describe/save/dataset", sent)
    assert offered == ["", "wikidata-q7"]
    assert show("by-form")["spatial_coverage"] == show("first")["spatial_coverage"]


def test_a_file_of_a_map_tool_fills_in_the_outline(editor, site):
    """The form comes back with the outline and the name, unsaved; a file that is none is told so."""
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": json.loads(SQUARE)}
        for name in ("Ward 7", "Ward 8")
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    for wanted, content_, words in (
        ("ward 8", content, "Ward 8"),
        ("Ward 9", content, "Ward 7, Ward 8"),
        ("", b"?", "not understood"),
    ):
        sent = area_form(site, **{"geom-feature": wanted}) | {"area_row": "spatial_coverage-0-geom"}
        sent["spatial_coverage-0-geom-file"] = FileStorage(io.BytesIO(content_), "wards.geojson")
        page = html.fromstring(site.post("/describe/area/dataset", sent).body)
        [outline] = page.xpath("//textarea[@name='spatial_coverage-0-geom']")
        [name] = page.xpath("//input[@name='spatial_coverage-0-text']/@value")
        assert words in page.text_content() + name
        assert bool(outline.text and outline.text.strip()) == (wanted == "ward 8")
    assert helpers.call_action("package_search", include_drafts=True, include_private=True)["count"] == 0


@pytest.mark.usefixtures("with_request_context")
def test_a_steward_reads_words_and_no_codes():
    """What would become public is told by the form's labels and vocabularies, and each text with its language."""
    known = fields.of_type("dataset")
    community = {"name_translated": {"en": "Hawkers", "mr": "फेरीवाले"}, "kind": "street-vendors", "role": ["collector"]}
    told = known.value("communities", [community])
    assert "Hawkers (English) / फेरीवाले (Marathi)" in told
    assert "Kind of community: " in told
    assert not [code for code in ("street-vendors", "collector;", "name_translated") if code in told]
    assert known.value("title_translated", {"en": "Stalls"}) == "Stalls (English)"
    assert known.value("communities", []) == "–"
    area = {"text": "Old market", "geom": '{"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 2], [1, 2]]]}'}
    assert "an outline of 4 points, the first at 2, 1" in known.value("spatial_coverage", [area])
    assert known.value("license_id", "cc-by") == "Creative Commons Attribution"
    assert known.value("tags", [{"name": "water", "display_name": "water"}, {"display_name": "taps"}]) == "water / taps"
