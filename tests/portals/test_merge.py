"""Source's changes and people's edits in one dataset."""

from __future__ import annotations

from ckanext.cityportals.merge import fingerprint, fingerprints, merge, standing

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


def test_a_file_that_was_described_here_and_removed_at_the_source_stays():
    """What is left at the source stands here as well, which was taken for agreement."""
    last = {"resources": [{"url": "https://a/1.csv", "name": "One"}, {"url": "https://a/2.csv", "name": "Two"}]}
    described = {"resources": [last["resources"][0], {**last["resources"][1], "description": "By wards"}]}
    remote = {"resources": last["resources"][:1]}
    result = merge(described, remote, last, fingerprints(last, last))
    assert (result.dataset, result.conflicts) == (described, ["resources"])
    waiting = standing({}, result, (remote, last), {}, "1")
    assert waiting["resources"]["remote"] == remote["resources"]
    again = merge(described, remote, remote, {})
    assert standing(waiting, again, (remote, remote), {}, "2") == waiting, "until it is decided"


class Field:
    """A field of one dataset over several runs, remembered between them as saving does it."""

    def __init__(self, value: str) -> None:
        self.local, self.last = {"title": value}, {"title": value}
        self.prints = fingerprints(self.local, self.last)
        self.waiting, self.declined, self.runs = {}, {}, 0

    def edit(self, value: str) -> None:
        self.local = {"title": value}

    def run(self, value: str | None) -> None:
        """Harvest the field with this value, or without it."""
        remote = {} if value is None else {"title": value}
        merged = merge(self.local, remote, self.last, self.prints)
        kept = {name: self.prints[name] for name in merged.edited}
        self.runs += 1
        self.waiting = standing(self.waiting, merged, (remote, self.last), self.declined, str(self.runs))
        self.local, self.last = merged.dataset, remote
        self.prints = {**fingerprints(self.local, remote), **kept}

    @property
    def conflict(self) -> tuple[str, str, str] | None:
        """The last and the present value at the source, and the run that found it; None where nothing waits."""
        found = self.waiting.get("title")
        return (found["last"], found["remote"], found["at"]) if found else None


def conflicting() -> Field:
    title = Field("Trees")
    title.edit("Street trees")
    title.run("City trees")
    return title


def test_an_edit_stays_however_often_the_source_changes():
    """Each run took what it found for its own, so a second change went over the edit."""
    title = conflicting()
    for each in ("Urban trees", "Urban trees", None, "All trees"):
        title.run(each)
        assert title.local["title"] == "Street trees"


def test_an_edit_that_a_run_without_news_saw_is_still_an_edit():
    title = Field("Trees")
    title.edit("Street trees")
    title.run("Trees")
    assert title.conflict is None
    title.run("City trees")
    assert (title.local["title"], title.conflict) == ("Street trees", ("Trees", "City trees", "2"))


def test_a_conflict_waits_with_the_newest_value_and_what_both_once_agreed_on():
    title = conflicting()
    assert title.conflict == ("Trees", "City trees", "1")
    title.run("City trees")
    assert title.conflict == ("Trees", "City trees", "1")
    title.run("Urban trees")
    assert title.conflict == ("Trees", "Urban trees", "3")


def test_a_conflict_ends_when_both_agree_and_the_next_change_is_taken():
    title = conflicting()
    title.edit("City trees")
    title.run("City trees")
    assert title.conflict is None
    title.run("Urban trees")
    assert (title.local["title"], title.conflict) == ("Urban trees", None)


def test_a_conflict_ends_when_the_source_takes_its_change_back():
    title = conflicting()
    title.run("Trees")
    assert (title.local["title"], title.conflict) == ("Street trees", None)


def test_a_value_that_was_declined_does_not_come_up_again():
    title = conflicting()
    title.declined, title.waiting = {"title": [fingerprint("title", "City trees")]}, {}
    title.run("Urban trees")
    assert title.conflict == ("City trees", "Urban trees", "2")
    title.run("City trees")
    assert (title.local["title"], title.conflict) == ("Street trees", None)
