"""Source's changes and people's edits in one dataset."""

from __future__ import annotations

from ckanext.cityportals.merge import fingerprints, merge

LAST = {"title": "Trees", "notes": "Old", "tags": [{"name": "trees"}]}
SAVED = {"id": "1", "title": "Trees", "notes": "Old", "tags": [{"name": "trees", "id": "t"}], "sensitivity": "low"}
PRINTS = fingerprints(SAVED, LAST)


def test_a_change_at_the_source_is_taken_where_nobody_edited():
    result = merge(SAVED, {**LAST, "notes": "New"}, LAST, PRINTS)
    assert result.dataset == {**SAVED, "notes": "New"}
    assert not result.conflicts


def test_an_edit_stays_where_the_source_did_not_change():
    local = {**SAVED, "title": "Street trees"}
    result = merge(local, {**LAST, "notes": "New"}, LAST, PRINTS)
    assert (result.dataset["title"], result.dataset["notes"]) == ("Street trees", "New")


def test_an_edit_stays_and_is_named_where_both_changed():
    local = {**SAVED, "title": "Street trees"}
    result = merge(local, {**LAST, "title": "City trees"}, LAST, PRINTS)
    assert result.dataset["title"] == "Street trees"
    assert result.conflicts == ["title"]


def test_both_changing_to_the_same_is_no_conflict():
    local = {**SAVED, "title": "City trees"}
    assert not merge(local, {**LAST, "title": "City trees"}, LAST, PRINTS).conflicts


def test_what_the_source_no_longer_says_is_emptied():
    remote = {name: value for name, value in LAST.items() if name != "tags"}
    assert merge(SAVED, remote, LAST, PRINTS).dataset["tags"] == []


def test_fields_the_source_never_spoke_about_are_left_alone():
    assert merge(SAVED, {**LAST, "title": "x"}, LAST, PRINTS).dataset["sensitivity"] == "low"


def test_a_file_that_is_renamed_or_moved_keeps_its_resource_and_what_was_added_stays():
    last = {"resources": [{"url": "https://a/1.csv", "name": "One", "format": "CSV"},
                          {"url": "https://a/2.csv", "name": "Two", "format": "CSV"}]}  # fmt: skip
    local = {"resources": [{**last["resources"][0], "id": "r1", "schema": "{}"}, {**last["resources"][1], "id": "r2"},
                           {"url": "cleaned.csv", "name": "Cleaned", "id": "r3"}]}  # fmt: skip
    prints = fingerprints({"resources": local["resources"][:2]}, last)
    remote = {"resources": [{"url": "https://b/one.csv", "name": "One", "format": "CSV"}]}
    merged = merge(local, remote, last, prints).dataset["resources"]
    assert [(each["id"], each["url"]) for each in merged] == [("r1", "https://b/one.csv"), ("r3", "cleaned.csv")]
    assert merged[0]["schema"] == "{}"


def test_a_file_that_was_replaced_here_is_not_overwritten():
    """A cleaned file must not turn back into the raw one."""
    last = {"resources": [{"url": "https://a/1.csv", "name": "One", "format": "CSV"}]}
    here = {"resources": [{"url": "https://a/1.csv", "name": "One", "format": "CSV", "id": "r1"}]}
    cleaned = {"resources": [{"url": "cleaned.csv", "name": "One", "format": "CSV", "id": "r1"}]}
    remote = {"resources": [{"url": "https://a/2.csv", "name": "One", "format": "CSV"}]}
    result = merge(cleaned, remote, last, fingerprints(here, last))
    assert result.dataset["resources"] == cleaned["resources"]
    assert result.conflicts == ["resources"]
