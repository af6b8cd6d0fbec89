"""Datasets that are written many at a time are those that CKAN's own actions write."""

from __future__ import annotations

import copy
import json
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import plugins as lib_plugins
from ckan.lib.navl import dictization_functions as df
from ckan.lib.search import index as search_index
from ckan.logic.schema import default_show_package_schema
from ckan.plugins import toolkit as tk
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ckanext.cityportals import batch, gate, placing, showing
from ckanext.cityportals.harvest_metadata import HarvestMetadata
from ckanext.cityportals.navl import Plan
from ckanext.cityportals.validation import Validator, rebound

pytestmark = pytest.mark.usefixtures("clean_site")

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    str.strip
)
TAGS = st.lists(st.sampled_from(["trees", "water", "parks and gardens", "árboles", "311"]), unique=True, max_size=4)
RESOURCES = st.lists(
    st.fixed_dictionaries(
        {"url": st.sampled_from(["https://data.example.org/a.csv", "data.example.org/b", "https://x.example/p.png"])},
        optional={
            "name": WORDS,
            "description": WORDS,
            "format": st.sampled_from(["CSV", "PNG", "GeoJSON", "pdf"]),
            "size": st.integers(0, 2**31 - 1),
            "remote_id": WORDS,
            "last_modified": st.just("2024-03-05T10:00:00"),
        },
    ),
    max_size=3,
)
RECORDS = st.fixed_dictionaries(
    {"title": WORDS},
    optional={
        "notes": WORDS,
        "url": st.just("https://data.example.org/d/1"),
        "license_id": st.sampled_from(["cc-by", "notspecified", "odc-odbl"]),
        "tags": TAGS.map(lambda names: [{"name": name} for name in names]),
        "publisher": WORDS.map(lambda name: [{"name": name}]),
        "contact": WORDS.map(lambda name: [{"name": name, "email": "data@example.org"}]),
        "issued": st.sampled_from(["2019", "2019-04-02"]),
        "language": st.lists(st.sampled_from(["en", "es"]), unique=True, max_size=2),
        "theme": st.lists(WORDS, max_size=2, unique=True),
        "not_in_the_schema": WORDS,
        "spatial_coverage": st.just([{"text": "Ward 7"}]),
        "resources": RESOURCES,
        "title_translated": WORDS.map(lambda text: {"en": text}),
    },
)


@pytest.fixture
def context(community: dict[str, Any]) -> dict[str, Any]:
    return {"user": "sysadmin", "ignore_auth": True, "session": model.Session, "owner": community["organization"]["id"]}


def dataset(record: dict[str, Any], owner: str) -> dict[str, Any]:
    dataset_id = str(uuid4())
    members = {"id": dataset_id, "name": f"d-{dataset_id}", "type": "dataset", "owner_org": owner, "private": True}
    return placing.place({**copy.deepcopy(record), **members}, record, placing.schema_fields("dataset"))


def own(context: dict[str, Any], **members: Any) -> Any:
    return {"user": "sysadmin", "ignore_auth": True, "session": model.Session, **members}


_VARYING = {
    "id",
    "name",
    "metadata_created",
    "metadata_modified",
    "created",
    "package_id",
    "last_modified",
    "timestamp",
}


def without_moments(value: Any) -> Any:
    """A dataset without what no two of them share: ids and moments."""
    if isinstance(value, dict):
        return {key: without_moments(each) for key, each in value.items() if key not in _VARYING}
    if isinstance(value, list):
        return [without_moments(each) for each in value]
    return value


def document_of(package_id: str) -> dict[str, Any]:
    """The document CKAN's own indexer makes, every plugin asked."""
    kept: list[dict[str, Any]] = []

    class Connection:
        def add(self, docs: list[dict[str, Any]], commit: bool) -> None:
            kept.extend(docs)

    index = rebound(search_index.PackageSearchIndex.index_package, make_connection=Connection)
    default, custom = logic.package_show_default_and_custom_schemas(own({}), package_id)
    index(search_index.PackageSearchIndex(), {**default, "with_custom_schema": custom})
    return kept[0]


def comparable(document: dict[str, Any], package_id: str) -> dict[str, Any]:
    """A document with its nested dicts read, and without what varies."""
    varying = {*_VARYING, "index_id", "data_dict", "validated_data_dict", "permission_labels"}
    rest = {key: value for key, value in document.items() if key not in varying}
    rest = json.loads(json.dumps(rest, default=str).replace(package_id, "ID"))  # names stand among the words
    for form in ("data_dict", "validated_data_dict"):
        rest[form] = without_moments(json.loads(document[form]))
    labels = [label.replace(package_id, "ID") for label in document["permission_labels"]]
    return rest | {"permission_labels": labels}


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(records=st.lists(RECORDS, min_size=1, max_size=3))
def test_a_batch_saves_what_package_create_saves(context: dict[str, Any], records: list[dict[str, Any]]):
    """The same ``package_show``, index document, permission labels, activity, membership and last editor."""
    owner = context["owner"]
    ones, others = ([dataset(record, owner) for record in records] for _ in range(2))
    for each in ones:
        tk.get_action("package_create")(own(context, return_id_only=True, defer_commit=True), each)
    validator = Validator("dataset")
    checked = [validator.for_create(each, own(context)) for each in others]
    assert [errors for _, errors in checked] == [{}] * len(others)
    packages = batch.write([each for each, _ in checked], own(context, defer_commit=True))
    with gate.never_released({package.id for package in packages}):
        shown = showing.show(packages, validator, own(context))
        batch.note_activities([(p, s.custom) for p, s in zip(packages, shown, strict=True)], "sysadmin", "new")
        origins = {package.id: HarvestMetadata("o", "s", "t") for package in packages}
        documents = showing.documents(shown, origins)
    for one, other, read, document in zip(ones, packages, shown, documents, strict=True):
        default, custom = logic.package_show_default_and_custom_schemas(own(context), one["id"])
        assert without_moments(read.default) == without_moments(default)
        assert without_moments(read.custom) == without_moments(custom)
        assert read.custom == logic.package_show_default_and_custom_schemas(own(context), other.id)[1]
        expected = HarvestMetadata("o", "s", "t").add_to(document_of(one["id"]))
        assert comparable(document, other.id) == comparable(expected, one["id"])
        found, expected_traces = traces(other.id), traces(one["id"])
        for name in expected_traces:
            assert found[name] == expected_traces[name], name
        assert other.private is True
    model.Session.rollback()


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(old=RECORDS, new=RECORDS)
def test_a_batch_changes_what_package_update_changes(context: dict[str, Any], old: dict[str, Any], new: dict[str, Any]):
    """The same ``package_show``, resources kept and deleted, tags, groups, activity and last editor."""
    group = model.Group.get("parks") or model.Group.get(
        tk.get_action("group_create")(own(context), {"name": "parks"})["id"]
    )
    new, known = {**new, "notes": "Explained anew."}, placing.schema_fields("dataset")
    validator = Validator("dataset")
    one, other = (
        tk.get_action("package_create")(
            own(context), {**dataset({**old, "notes": "x"}, context["owner"]), "groups": [{"id": group.id}]}
        )["id"]
        for _ in range(2)
    )
    for each in (one, other):
        stands = tk.get_action("package_show")(own(context), {"id": each})
        lifted = placing.lift(copy.deepcopy(stands), {**old, **new})
        fresh = copy.deepcopy(new.get("resources", [])) + lifted["resources"][:1]
        wanted = placing.place({**lifted, **copy.deepcopy(new), "resources": fresh}, {**old, **new}, known)
        package = model.Package.get(each)
        if each == one:
            entities = {"packages": {each}}
            tk.get_action("package_update")(
                own(context, return_id_only=True, defer_commit=True, changed_entities=entities), wanted
            )
            savepoint = model.Session().get_nested_transaction()
            assert savepoint is not None
            savepoint.commit()
            continue
        [before] = showing.show([package], validator, own(context))
        assert before.custom == stands
        change = batch.Change(package, before.custom, wanted)
        checked, errors = batch.check(change, validator, own(context, package=package))
        assert errors == {}
        changed = batch.change_all([(change, checked)], own(context, defer_commit=True))
        assert changed == {each}
        [after] = showing.show([package], validator, own(context))
        batch.note_activities([(package, after.custom)], "sysadmin", "changed")
    shown = [logic.package_show_default_and_custom_schemas(own(context), each) for each in (one, other)]
    expected, found = (without_moments(each[1]) for each in shown)
    assert found.pop("resources") == expected.pop("resources")
    assert found == expected
    assert traces(one) == traces(other)
    model.Session.rollback()


def test_changing_many_asks_no_more_than_changing_one(context: dict[str, Any]):
    """What did not change of a dataset is not looked up once more, however many there are."""
    validator = Validator("dataset")
    record = {"title": "Trees", "tags": [{"name": "trees"}], "resources": [{"url": "https://x.example/a.csv"}]}
    made = [tk.get_action("package_create")(own(context), dataset(record, context["owner"]))["id"] for _ in range(4)]
    queries: list[str] = []
    note = lambda *arguments: queries.append(arguments[2])  # noqa: E731 - as SQLAlchemy calls it
    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    asked = []
    for ids in (made[:1], made[1:]):
        queries.clear()
        packages = list(batch.existing(ids).values())
        changes = []
        for package, stands in zip(packages, showing.read(packages, validator, own(context)), strict=True):
            change = batch.Change(package, stands, {**copy.deepcopy(stands), "notes": "Explained anew."})
            changes.append((change, batch.check(change, validator, own(context, package=package))[0]))
        assert batch.change_all(changes, own(context, defer_commit=True)) == set(ids)
        asked.append(len(queries))
    sa.event.remove(model.meta.engine, "before_cursor_execute", note)
    assert asked[1] <= asked[0]
    model.Session.rollback()


def traces(package_id: str) -> dict[str, Any]:
    """What else a new dataset leaves behind."""
    model.Session.flush()
    queries = {
        "member": "SELECT table_name, capacity, group_id, state FROM member WHERE table_id = :id",
        "edit": "SELECT user_id FROM privacy_edit WHERE package_id = :id",
        "activity": "SELECT user_id, activity_type, permission_labels, data FROM activity WHERE object_id = :id "
        "ORDER BY activity_type",
        "views": "SELECT view_type, title FROM resource_view JOIN resource ON resource.id = resource_id "
        "WHERE package_id = :id ORDER BY view_type",
        "resources": "SELECT url, name, position, state, extras FROM resource WHERE package_id = :id "
        "ORDER BY position, state, url, name, extras",  # what was deleted keeps its position
        "tags": "SELECT state, tag_id FROM package_tag WHERE package_id = :id ORDER BY tag_id",
    }
    found = {
        name: [dict(row) for row in model.Session.execute(sa.text(query), {"id": package_id}).mappings()]
        for name, query in queries.items()
    }
    for activity in found["activity"]:
        activity["data"] = json.loads(activity["data"])
    return without_moments(json.loads(json.dumps(found, default=str).replace(package_id, "ID")))


# -- CKAN's validation, the schema looked at once
NAMES = st.sampled_from(["a", "b", "c", "list", "x-y"])
VALUES = st.none() | st.text(max_size=4) | st.integers(-3, 3) | st.just([]) | st.booleans()
NESTED = st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=3)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.dictionaries(NAMES | st.just("unknown"), VALUES | NESTED, max_size=5))
def test_a_plan_converts_as_ckan_validates(load_standard_plugins: None, data: dict[str, Any]):
    validator = tk.get_validator
    each = [validator("ignore_missing"), validator("unicode_safe")]
    schema = {
        "__before": [validator("ignore")],
        "a": [validator("not_empty"), validator("unicode_safe")],
        "b": [validator("default")("said"), validator("int_validator")],
        "c": each,
        "list": {"a": each, "b": [validator("not_missing")], "__extras": [validator("ignore")]},
        "__extras": [validator("ignore")],
        "__junk": [validator("empty")],
    }
    try:
        expected, errors = df.validate(copy.deepcopy(data), schema, {})
    except df.DataError:
        with pytest.raises(df.DataError):
            Plan(schema).convert(copy.deepcopy(data), schema, {})  # type: ignore[arg-type]
        return
    converted, wrong = Plan(schema).convert(copy.deepcopy(data), schema, {})  # type: ignore[arg-type]
    assert converted == expected
    assert wrong == bool(errors)


def test_showing_takes_no_dataset_for_another(context: dict[str, Any]):
    """Groups, tags and resources of several datasets at once stay apart, also where one has none."""
    group = tk.get_action("group_create")(own(context), {"name": "parks"})
    records = [
        {"title": "One", "tags": [{"name": "trees"}], "resources": [{"url": "https://x.example/1"}]},
        {"title": "Two"},
    ]
    made = [
        tk.get_action("package_create")(own(context), dataset(record, context["owner"]) | {"groups": groups})["id"]
        for record, groups in zip(records, ([{"name": group["name"]}], []), strict=True)
    ]
    packages = [batch.existing(made)[each] for each in made]
    shown = showing.show(packages, Validator("dataset"), own(context))
    plugin = lib_plugins.lookup_package_plugin("dataset")
    assert default_show_package_schema() != plugin.show_package_schema() or shown
    for each, read in zip(made, shown, strict=True):
        assert (read.default, read.custom) == logic.package_show_default_and_custom_schemas(own(context), each)
