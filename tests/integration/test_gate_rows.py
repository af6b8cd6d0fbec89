"""Rows of the datastore: the public reads the copy a release shows, whatever happens to the working table."""

from __future__ import annotations

import functools

import pytest
import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from ckan.tests import helpers
from support.releasing import end, release

from ckanext.privacy.gate import freeze, leak_check, rows
from ckanext.privacy.gate.snapshot import fingerprint
from ckanext.privacy.model import Edit

OFFICER = {"user": "officer", "ignore_auth": False}
#: What the copy of some rows may be called.
NAME = f"{rows.PREFIX}{'0af9' * 12}"


@pytest.fixture
def table(community):
    """A dataset of the officer with one table of rows, never released."""
    package = helpers.call_action(
        "package_create", OFFICER.copy(), name="wells", owner_org=community["organization"]["id"]
    )
    made = helpers.call_action(
        "datastore_create",
        OFFICER.copy(),
        resource={"package_id": package["id"], "name": "Wells"},
        fields=[{"id": "well", "type": "text", "info": {"label": "Well"}}, {"id": "litres", "type": "int"}],
        records=[{"well": "north", "litres": 12}],
        primary_key="well",
    )
    return {"package": package["id"], "id": made["resource_id"]}


def upsert(table: dict, well: str, litres: int) -> None:
    helpers.call_action(
        "datastore_upsert",
        OFFICER.copy(),
        resource_id=table["id"],
        force=True,
        records=[{"well": well, "litres": litres}],
    )


def test_unreleased_rows_are_not_there(table, app, anonymous_api):
    """No road leads to rows that were never released."""
    for action in ("datastore_search", "datastore_info"):
        assert anonymous_api(action, resource_id=table["id"])[0] == 404
    assert anonymous_api("datastore_search_sql", sql=f'SELECT * FROM "{table["id"]}"')[0] == 403
    assert anonymous_api("datastore_search", resource_id="_table_metadata")[0] == 404
    assert app.get(f"/datastore/dump/{table['id']}").status_code == 404


def test_the_public_reads_the_released_rows_while_others_wait(table, app, anonymous_api):
    """A pending upsert neither shows nor hides anything."""
    release(table["package"])
    upsert(table, "south", 7)
    found = anonymous_api("datastore_search", resource_id=table["id"])[1]["result"]
    assert [row["well"] for row in found["records"]] == ["north"]
    assert found["resource_id"] == table["id"]
    info = anonymous_api("datastore_info", id=table["id"])[1]["result"]
    assert (info["meta"]["id"], info["meta"]["count"]) == (table["id"], 1)
    assert info["fields"][0]["info"] == {"label": "Well"}
    dump = app.get(f"/datastore/dump/{table['id']}").get_data(as_text=True)
    assert "north" in dump
    assert "south" not in dump
    assert leak_check.find_leaks() == []


def test_words_of_a_dropped_column_find_no_released_row(table, anonymous_api):
    """CKAN leaves in a row's words what a dropped column said; the copy's are made of what it shows."""
    address = {"id": "mail", "type": "text"}
    fields = [{"id": "well", "type": "text"}, {"id": "litres", "type": "int"}]
    row = {"well": "south", "litres": 7, "mail": "gwendolyn.marsh@example.org"}
    write = functools.partial(helpers.call_action, "datastore_create", resource_id=table["id"], force=True)
    write(OFFICER.copy(), fields=[*fields, address], records=[row])
    write(OFFICER.copy(), fields=fields, delete_fields=True)
    copy = release(table["package"]).snapshot["resources"][table["id"]]["table"]
    for query in ({"q": "gwendolyn.marsh@example.org"}, {"q": "gwendolyn:*", "plain": False}, {"q": {"mail": "marsh"}}):
        found = anonymous_api("datastore_search", resource_id=table["id"], **query)
        assert found[0] != 200 or found[1]["result"]["total"] == 0, query
    for shown in ("south", "7", {"well": "south"}):
        assert anonymous_api("datastore_search", resource_id=table["id"], q=shown)[1]["result"]["total"] == 1, shown
    assert leak_check.find_leaks() == []
    # A copy in which one row has other words is found out, however long it is.
    changed = f"UPDATE \"{copy}\" SET _full_text = to_tsvector(well || ' gwendolyn')"
    with rows._transaction() as connection:
        connection.execute(sa.text(f'{changed} WHERE _id = (SELECT max(_id) FROM "{copy}")'))
    assert [leak["where"] for leak in leak_check.find_leaks()] == ["datastore_search"]
    # One of an earlier version, which took the words along, is mended as well.
    with rows._transaction() as connection:
        connection.execute(sa.text(f"COMMENT ON TABLE \"{copy}\" IS '{table['id']}'"))
    assert [leak["where"] for leak in leak_check.find_leaks()] == ["datastore_search"]
    assert rows.renew_words() == 1
    assert rows.copies_of([table["id"]]) == {copy}
    assert leak_check.find_leaks() == []


def test_editors_read_the_working_rows(table, api_as, community):
    """Those who work on a dataset see their own rows, by SQL too."""
    release(table["package"])
    upsert(table, "south", 7)
    ask = api_as(community["editor"])
    assert ask("datastore_search", resource_id=table["id"])[1]["result"]["total"] == 2
    assert ask("datastore_search_sql", sql=f'SELECT * FROM "{table["id"]}"')[0] == 200


#: SQL that reads a table without naming it as one: text that a function runs, and the type that each table is.
BESIDE = (
    "SELECT ts_rewrite('a'::tsquery, $$SELECT 'a'::tsquery, string_agg('x' || well, '&')::tsquery FROM \"{held}\"$$)",
    'SELECT (null::"{held}").*',
    "SELECT json_populate_record(null::\"{held}\", '{{}}')",
    "SELECT U&\"ts\\005frewrite\"('a'::tsquery, $$SELECT 'a'::tsquery, 'b'::tsquery FROM \"{held}\"$$)",
)


@pytest.mark.parametrize("query", BESIDE)
def test_sql_reads_no_table_that_it_does_not_name(query, table, anonymous_api, api_as, community):
    """Nobody reads held rows or columns by SQL within SQL, nor with a table of their own named beside it."""
    asked = query.format(held=table["id"])
    for ask in (anonymous_api, api_as(community["reader"])):
        assert ask("datastore_search_sql", sql=asked)[0] == 403
    own = f'{asked} FROM "{table["id"]}"'
    assert api_as(community["editor"])("datastore_search_sql", sql=own)[0] == 403


def test_a_released_copy_has_no_address_of_its_own(table, anonymous_api, api_as, community):
    """The copy is read through the release and not by its name."""
    made = release(table["package"])
    copy = made.snapshot["resources"][table["id"]]["table"]
    for ask in (anonymous_api, api_as(community["reader"]), api_as(community["officer"])):
        assert ask("datastore_search", resource_id=copy)[0] == 404
        assert ask("datastore_search_sql", sql=f'SELECT * FROM "{copy}"')[0] in (403, 404)


def test_released_rows_survive_the_deletion_of_the_working_table(table, anonymous_api):
    """Deleting rows is a change that waits like any other."""
    release(table["package"])
    helpers.call_action("datastore_delete", OFFICER.copy(), resource_id=table["id"], force=True)
    assert anonymous_api("datastore_search", resource_id=table["id"])[1]["result"]["total"] == 1


def test_a_removed_resource_can_still_be_downloaded(table, app, anonymous_api):
    """Removing a resource drops its table at once; the public keeps the rows until the next release."""
    release(table["package"])
    helpers.call_action("resource_delete", OFFICER.copy(), id=table["id"])
    url = anonymous_api("package_show", id="wells")[1]["result"]["resources"][0]["url"]
    assert "north" in app.get(url).get_data(as_text=True)
    assert app.get(f"{url}?format=json").get_json()["records"][0][1:] == ["north", 12]
    release(table["package"])
    assert app.get(url).status_code == 404


def test_changed_rows_change_the_fingerprint(table):
    """An approval names the rows as well: one more row and it no longer fits."""
    frozen = freeze.freeze(table["package"])
    assert fingerprint(freeze.current(table["package"])) == fingerprint(frozen)
    upsert(table, "south", 7)
    assert fingerprint(freeze.current(table["package"])) != fingerprint(frozen)


def test_writing_rows_makes_the_last_editor(table, community):
    """Who changes rows has changed the content."""
    helpers.call_action("package_patch", {"user": "editor"}, id=table["package"], title="Wells of the city")
    assert next(iter(Edit.times(table["package"]))) == community["editor"]["id"]
    upsert(table, "south", 7)
    assert next(iter(Edit.times(table["package"]))) == community["officer"]["id"]


def test_erasing_removes_the_copy(table):
    """An erased release leaves no rows behind."""
    made = release(table["package"])
    copy = made.snapshot["resources"][table["id"]]["table"]
    assert copy in rows.tables()
    end(made, erase=True)
    assert copy not in rows.tables()


@pytest.mark.parametrize(
    "action", ["datastore_upsert", "datastore_delete", "datastore_records_delete", "datastore_create"]
)
def test_a_refused_write_makes_nobody_the_last_editor(table, community, api_as, action):
    """Else an outsider's try would hide who really edited last, and that person could approve their own edit."""
    before = next(iter(Edit.times(table["package"])))
    status, _ = api_as(community["reader"])(action, resource_id=table["id"], records=[], filters={}, force=True)
    assert status == 404
    assert next(iter(Edit.times(table["package"]))) == before == community["officer"]["id"]


@pytest.fixture
def held(community):
    """A table of another dataset, never released."""
    package = helpers.call_action(
        "package_create", OFFICER.copy(), name="homes", owner_org=community["organization"]["id"]
    )
    resource = {"package_id": package["id"], "name": "Homes"}
    made = helpers.call_action(
        "datastore_create", OFFICER.copy(), resource=resource, records=[{"head": "Asha"}], fields=[{"id": "head"}]
    )
    return made["resource_id"]


@pytest.mark.parametrize("action", ["datastore_search", "datastore_info"])
def test_a_table_that_is_named_twice_is_the_one_ckan_goes_by(table, held, anonymous_api, action):
    """CKAN takes ``id`` where both are given: rights to the other name are worth nothing."""
    release(table["package"])
    assert anonymous_api(action, resource_id=table["id"], id=held)[0] == 404
    status, answer = anonymous_api(action, resource_id=held, id=table["id"])
    assert (status, "north" in str(answer), "Asha" in str(answer)) == (200, action == "datastore_search", False)


def test_pending_rows_are_not_read_by_naming_a_table_of_ones_own(table, held, stranger, api_as):
    """An editor elsewhere, who works on one of the two, gets what the public gets of the other."""
    release(table["package"])
    upsert(table, "south", 7)
    ask = api_as(stranger)
    made = ask("datastore_create", resource={"package_id": "elsewhere"}, fields=[{"id": "own", "type": "text"}])
    own = made[1]["result"]["resource_id"]
    for action in ("datastore_search", "datastore_info"):
        status, answer = ask(action, resource_id=own, id=table["id"])
        assert (status, "south" in str(answer)) == (200, False)
        assert ask(action, resource_id=own, id=held)[0] == 404
    assert len(ask("datastore_search", resource_id=own, id=table["id"])[1]["result"]["records"]) == 1


def test_who_names_another_table_beside_it_is_still_the_last_editor(table, held, community, api_as):
    """Else the edit would be noted where nothing was changed, and the editor could approve it."""
    rows_ = [{"well": "south", "litres": 7}]
    status, _ = api_as(community["editor"])(
        "datastore_upsert", resource_id=held, id=table["id"], records=rows_, force=True
    )
    assert (status, next(iter(Edit.times(table["package"])))) == (200, community["editor"]["id"])


@pytest.mark.parametrize("named", ["listing", "copy", "alias", "held_alias", "purged"])
def test_the_name_of_a_file_opens_no_table(table, held, stranger, api_as, app, named):
    """CKAN finds a file by its name too, and then reads the table that is called so."""
    act = functools.partial(helpers.call_action, context=OFFICER.copy(), force=True)
    act("datastore_create", resource_id=table["id"], aliases="wells-of-all")
    act("datastore_create", resource_id=held, aliases="homes-of-all")
    copy = name_of_the_release(table)
    upsert(table, "south", 7)
    table_of = {"listing": "_table_metadata", "copy": copy, "alias": "wells-of-all", "held_alias": "homes-of-all"}
    name = table_of.get(named, held)
    if named == "purged":
        helpers.call_action("dataset_purge", {"user": "sysadmin"}, id="homes")
    ask = api_as(stranger)
    assert ask("resource_create", package_id="elsewhere", url="https://example.org/data.csv", name=name)[0] == 200
    answers = [ask(action, resource_id=name) for action in ("datastore_search", "datastore_info")]
    page = app.get(f"/datastore/dump/{name}", headers={"Authorization": stranger["token"]})
    told = f"{answers} {page.get_data(as_text=True)}"
    assert [status for status, _ in answers] == [200 if named == "alias" else 404] * 2
    assert [word for word in ("south", "Asha", "alias_of", "north") if word in told] == ["north"] * (named == "alias")
    assert ask("datastore_search_sql", sql=f'SELECT * FROM "{name}"')[0] in (403, 404)
    for action in ("datastore_upsert", "datastore_delete", "datastore_records_delete", "datastore_create"):
        assert ask(action, resource_id=name, records=[], filters={}, force=True)[0] in (403, 404)


def name_of_the_release(table: dict) -> str:
    return release(table["package"]).snapshot["resources"][table["id"]]["table"]


def name_of_the_copy(table: dict) -> str:
    return freeze.current(table["package"])["resources"][table["id"]]["table"]


@pytest.mark.parametrize("written", [[NAME], NAME, NAME.upper(), f'fine, "{NAME}"', ["fine", f" {NAME} "]])
def test_no_alias_takes_the_name_of_a_released_copy(table, api_as, community, written):
    """Who writes rows can work out the copy's name; a view of that name would show the working rows as released."""
    status, answer = api_as(community["officer"])(
        "datastore_create", resource_id=table["id"], aliases=written, force=True
    )
    assert (status, "aliases" in answer["error"]) == (409, True)
    assert (
        api_as(community["officer"])("datastore_create", resource_id=table["id"], aliases="wells", force=True)[0] == 200
    )


@pytest.mark.parametrize("made", ["VIEW {copy} AS SELECT * FROM {table}", "TABLE {copy} AS SELECT * FROM {table}"])
def test_what_has_the_name_of_a_copy_is_not_taken_for_it(table, anonymous_api, made):
    """However it came there: nothing is released, and the editor is told what to remove."""
    copy = name_of_the_copy(table)
    with rows._transaction() as connection:
        connection.execute(sa.text("CREATE " + made.format(copy=f'"{copy}"', table=f'"{table["id"]}"')))
    try:
        with pytest.raises(tk.ValidationError, match=copy):
            freeze.freeze(table["package"])
        assert anonymous_api("datastore_search", resource_id=table["id"])[0] == 404
    finally:
        with rows._transaction() as connection:
            connection.execute(sa.text(f'DROP {made.split(" ")[0]} "{copy}"'))


def test_a_copy_that_was_changed_is_not_used_again(table):
    """Rows that were released before are released again from their copy only if it still holds exactly these."""
    copy = release(table["package"]).snapshot["resources"][table["id"]]["table"]
    assert freeze.freeze(table["package"])["resources"][table["id"]]["table"] == copy
    with rows._transaction() as connection:
        connection.execute(sa.text(f"UPDATE \"{copy}\" SET well = 'south'"))
    with pytest.raises(tk.ValidationError, match=copy):
        freeze.freeze(table["package"])


def test_who_names_two_places_for_rows_is_not_the_last_editor_of_either(table, stranger, api_as):
    """CKAN asks for rights to the new resource only; the real editor must not be hidden by somebody else."""
    release(table["package"])
    before = Edit.times(table["package"])
    new = {"package_id": "elsewhere", "name": "Mine"}
    status, answer = api_as(stranger)("datastore_create", resource_id=table["id"], resource=new)
    assert (status, answer["error"]["resource"]) == (409, ["resource cannot be used with resource_id"])
    assert api_as(stranger)("datastore_create", id=table["id"], resource=new)[0] == 409
    assert Edit.times(table["package"]) == before
