"""A dataset on its way from the officer to the public, and back."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import uuid
from types import SimpleNamespace

import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from PIL import Image
from support.releases import (
    DESCRIBED,
    PEOPLE,
    WATER,
    act,
    add_file,
    approve,
    make_dataset,
    public_sees,
    release,
    request,
    upload,
    work,
)

from ckanext.privacy.gate import freeze, uploads
from ckanext.privacy.interfaces import IReleaseRequirements
from ckanext.privacy.model import Edit, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.views import places
from ckanext.privacy.workflow import judging, requesting, timetable

pytestmark = pytest.mark.usefixtures("community")

#: The suite's own fetcher refuses it, so it needs two stewards.
PRIVATE_LINK = "http://10.1.2.3/list.csv"


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def for_two(dataset):
    """A request that two stewards have to approve: it links a file that could not be fetched."""
    act("officer", "resource_create", package_id=dataset["id"], name="Linked", url=PRIVATE_LINK, format="CSV")
    return request(dataset["id"])


def replace_file(dataset, text, user="officer"):
    resource = dataset["resources"][0]
    return act(user, "resource_patch", id=resource["id"], upload=upload(text, "water.csv"), url="water.csv")


# The way there ---------------------------------------------------------------------------------------------------


def test_asked_scanned_approved_released(dataset):
    """The whole way: nobody but its editors sees the dataset before the approval, everybody after it."""
    asked = request(dataset["id"], note="Please look at it.")
    assert (asked["state"], asked["outcome"], asked["needs"]) == ("in_review", "one_steward", 1)
    assert asked["scans"][0]["status"] == "done"
    assert not public_sees(dataset["id"])
    assert approve(asked)["state"] == "released"
    assert public_sees(dataset["id"])


def test_a_picture_is_released_by_two_who_looked_at_it():
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    dataset = make_dataset()
    add_file(dataset["id"], picture.getvalue(), "hill.png")
    asked = request(dataset["id"])
    assert (asked["outcome"], asked["needs"]) == ("two_stewards", 2)
    approve(asked, "steward1")
    assert not public_sees(dataset["id"])
    approve(asked, "steward2")
    assert public_sees(dataset["id"])


def test_names_and_mail_addresses_block_a_release():
    asked = request(make_dataset(PEOPLE, "people.csv")["id"])
    assert (asked["state"], asked["outcome"]) == ("blocked", "blocked")
    with pytest.raises(tk.ValidationError, match="blocked"):
        approve(asked)
    assert not public_sees(asked["package_id"])


def test_what_a_description_holds_is_told_in_place_and_to_the_officer(app, community):
    """The review page and the officer's panel say the same, with a masked example and the words around it."""
    told = {"en": "Where water is. Call Gwendolyn at gwendolyn.marsh@gmail.com before you come."}
    dataset = make_dataset(notes_translated=told, notes=told["en"])
    officer, steward = ({"Authorization": community[each]["token"]} for each in ("officer", "steward1"))
    before = _words(app.get(f"/dataset/{dataset['name']}", headers=officer).text)
    assert re.search(r"Resolve what was found The field .Description\b.{1,300} holds e-mail addresses\. To do", before)
    asked = request(dataset["id"])
    (found,) = (each for each in asked["metadata"] if each["field"] == "notes")
    assert (found["entity"], told["en"][found["start"] : found["end"]]) == (
        "EMAIL_ADDRESS",
        "gwendolyn.marsh@gmail.com",
    )
    assert "gwendolyn.marsh@gmail.com" not in str(asked["metadata"])
    page = _words(app.get(f"/privacy/release/{asked['id']}", headers=steward).text)
    assert f"Call Gwendolyn at {found['example']} before you come." in page


def test_a_link_that_a_browser_would_run_is_pointed_at_held_and_never_live(app, community):
    """Saved as ever, with a word about it; nobody can release it, and no page makes a link of it."""
    dataset, officer = make_dataset(None, url="javascript:alert(0)"), {"Authorization": community["officer"]["token"]}
    wrong = ("java\tscript:alert(1)", "data:text/html,hi", "file:///etc/passwd", "JavaScript:alert(2)")
    for number, url in enumerate(wrong, start=1):
        sent = {"package_id": dataset["id"], "name": f"Link {number}", "url": url, "format": "TXT"}
        answer = app.post("/api/3/action/resource_create", json=sent, headers=officer)
        assert (answer.status_code, answer.headers["Privacy-Gate-Refused-Addresses"]) == (200, str(number))
        saved = answer.get_json()["result"]["id"]
        act("officer", "resource_view_create", resource_id=saved, title="Look", view_type="text_view")
    asked = request(dataset["id"])
    assert (asked["state"], [each["rule"] for each in asked["reasons"][:4]]) == ("blocked", ["address"] * 4)
    assert 'begins with "javascript:" cannot be released' in asked["reasons"][0]["sentence"]
    pages = [f"/dataset/{dataset['name']}", f"/privacy/release/{asked['id']}"]
    pages += [
        f"/dataset/{dataset['name']}/resource/{each['id']}"
        for each in freeze.working_package(dataset["id"])["resources"]
    ]
    for page in pages:
        links = re.findall(r"""(?:href|src)=["'](\s*\w+\s*\w+:[^"']*)""", app.get(page, headers=officer).text)
        assert {each.split(":")[0].lower() for each in links} <= {"http", "https", "mailto"}, page


def _words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_the_gravest_reason_comes_first_and_a_first_release_last(for_two):
    assert [each["rule"] for each in for_two["reasons"]] == ["link-not-scanned", "first-release"]


def test_asking_twice_without_a_change_is_one_request(dataset):
    first = request(dataset["id"])
    assert act("editor", "privacy_release_request", id=dataset["id"])["id"] == first["id"]


def test_asking_after_a_change_cancels_the_older_request(dataset):
    first = request(dataset["id"])
    replace_file(dataset, WATER + "W99,2021,3\n")
    second = request(dataset["id"])
    assert second["id"] != first["id"]
    assert act("steward1", "privacy_release_show", id=first["id"])["state"] == "cancelled"


def test_asking_for_what_is_public_already_says_so(dataset):
    release(dataset["id"])
    with pytest.raises(tk.ValidationError, match="nothing has changed"):
        request(dataset["id"])


def test_the_same_bytes_are_scanned_once(dataset):
    first = request(dataset["id"])
    act("officer", "package_patch", id=dataset["id"], url="https://example.org/water")
    second = act("officer", "privacy_release_request", id=dataset["id"])
    assert second["state"] == "in_review"
    scans = act("steward1", "privacy_release_show", id=second["id"])["scans"]
    assert [scan["id"] for scan in scans] == [scan["id"] for scan in first["scans"]]


def test_only_those_who_may_change_a_dataset_ask_for_its_release(dataset):
    for user in ("reader", "steward1", ""):
        with pytest.raises(tk.NotAuthorized):
            act(user, "privacy_release_request", id=dataset["id"])


def test_what_is_missing_is_listed_field_by_field(dataset, monkeypatch):
    class Demanding:
        def release_requirements(self, _pkg_dict):
            said = {"label": "", "anchor": "", "blocking": True}
            return [
                {"field": "maintainer", "message": "Say who answers for the data.", **said},
                {"field": "maintainer", "message": "Say how to reach them.", **said},
                {"field": "author", "message": "Say who made it.", **said},
                {"field": "version", "message": "A version would help.", **said, "blocking": False},
            ]

    plugins = {IReleaseRequirements: [Demanding()]}
    monkeypatch.setattr(requesting, "p", SimpleNamespace(PluginImplementations=plugins.__getitem__))
    with pytest.raises(tk.ValidationError) as error:
        act("officer", "privacy_release_request", id=dataset["id"])
    assert error.value.error_dict == {
        "maintainer": ["Say who answers for the data.", "Say how to reach them."],
        "author": ["Say who made it."],
    }
    assert Release.latest(dataset["id"]) is None


# Who may approve -------------------------------------------------------------------------------------------------


def test_who_asked_cannot_approve_not_even_a_sysadmin(dataset):
    asked = request(dataset["id"], user="sysadmin")
    with pytest.raises(tk.NotAuthorized, match="You asked"):
        approve(asked, "sysadmin")
    assert not public_sees(dataset["id"])


def test_who_changed_the_dataset_last_cannot_approve_not_even_a_sysadmin(dataset):
    act("sysadmin", "package_patch", id=dataset["id"], url="https://example.org/water")
    asked = request(dataset["id"])
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(asked, "sysadmin")


@pytest.fixture(params=["the site's own", "the harvester's", "the row loader's"])
def machine(request, community):
    """An account that a program uses: its name."""
    if request.param == "the site's own":
        yield tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        return
    user = factories.UserWithToken()
    harvests = request.param == "the harvester's"
    option = "ckanext.harvest.user_name" if harvests else "ckan.datapusher.api_token"
    with helpers.changed_config(option, user["name"] if harvests else user["token"]):
        yield user["name"]


def by_machine(machine, action, **data):
    return tk.get_action(action)({"user": machine, "ignore_auth": True}, data)


def asked_by_machine(machine, dataset):
    """What a harvester does: it changes the dataset and asks for its release."""
    by_machine(machine, "package_patch", id=dataset["id"], version=f"Run {uuid.uuid4()}")
    asked = by_machine(machine, "privacy_release_request", id=dataset["id"])
    work()
    return act("sysadmin", "privacy_release_show", id=asked["id"])


@pytest.fixture
def editor_as_steward(community):
    act("admin", "privacy_steward_add", username="editor", organization="city-lab")


def test_a_machine_that_changes_a_dataset_hides_nobody_who_changed_it_before(dataset, machine, editor_as_steward):
    act("editor", "package_patch", id=dataset["id"], author="Somebody")
    by_machine(machine, "package_patch", id=dataset["id"], version="2")
    asked = request(dataset["id"])
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(asked, "editor")
    assert not public_sees(dataset["id"])
    approve(asked)
    assert public_sees(dataset["id"])


def test_behind_a_machine_that_asks_nobody_approves_what_they_changed(dataset, machine, editor_as_steward):
    """Nobody else asked for what is new: each who changed it since the last release needs a second person."""
    act("editor", "package_patch", id=dataset["id"], author="Somebody")
    act("officer", "package_patch", id=dataset["id"], maintainer="Somebody")
    asked = asked_by_machine(machine, dataset)
    with pytest.raises(tk.NotAuthorized, match="since its last release"):
        approve(asked, "editor")
    approve(asked)
    later = asked_by_machine(machine, dataset)
    assert later["state"] == "in_review"
    assert approve(later, "editor")["state"] == "released", "what she changed had a second person then"


def test_a_release_without_a_file_says_nothing_of_who_changed_that_file(dataset, machine, editor_as_steward):
    add_file(dataset["id"], WATER.replace("W", "X"), "more.csv", user="editor")
    act("officer", "package_patch", id=dataset["id"], author="Somebody")
    approve(request(dataset["id"], resources=[dataset["resources"][0]["id"]]))
    with pytest.raises(tk.NotAuthorized, match="since its last release"):
        approve(asked_by_machine(machine, dataset), "editor")


def test_one_steward_approves_what_only_a_machine_changed(machine, community):
    described = {
        "name": "harvested",
        "owner_org": "city-lab",
        "title": "Trees",
        "notes": "Where trees are.",
        **DESCRIBED,
    }
    dataset = by_machine(machine, "package_create", **described)
    assert approve(asked_by_machine(machine, dataset), "steward1")["state"] == "released"


def test_who_replaced_a_file_by_a_save_that_failed_later_cannot_approve_it(dataset):
    """CKAN stores one file after the other: the first one stays when the second is refused."""
    first, second = dataset["resources"][0]["id"], add_file(dataset["id"], WATER, "second.csv")["id"]
    sent = {
        f"update__resources__{first}__upload": upload("replaced\n1\n", "water.csv"),
        f"update__resources__{second}__upload": upload("x" * 2_000_000, "second.csv"),
    }
    with helpers.changed_config("ckan.max_resource_size", 1), pytest.raises(tk.ValidationError, match="too large"):
        act("sysadmin", "package_revise", match__id=dataset["id"], **sent)
    model.Session.rollback()
    with uploads.working_file(dataset["resources"][0]) as source:
        assert b"replaced" in b"".join(source)
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(request(dataset["id"]), "sysadmin")


def test_who_may_not_send_a_file_is_not_the_last_editor(dataset):
    before = Edit.times(dataset["id"])
    with pytest.raises(tk.NotAuthorized):
        replace_file(dataset, WATER, user="reader")
    file = {**dataset["resources"][0], "upload": upload(WATER, "water.csv")}
    with pytest.raises(tk.NotAuthorized):
        act("reader", "package_update", **{**dataset, "resources": [file]})
    assert Edit.times(dataset["id"]) == before


@pytest.fixture
def theme(community):
    """A group of `reader`, who edits nothing else."""
    return factories.Group(users=[{"name": "reader", "capacity": "admin"}])["id"]


def put(user, theme, dataset, road):
    """Put a dataset into a group, by one of CKAN's roads."""
    if road.startswith("member"):
        kind = road.removeprefix("member ")
        act(user, "member_create", id=theme, object=dataset, object_type=kind, capacity="public")
    elif road == "update":
        act(user, "group_update", id=theme, packages=[{"id": dataset}])
    else:
        act(user, road, name=uuid.uuid4().hex, packages=[{"id": dataset}])


@pytest.mark.parametrize("road", ["member package", "member Package", "update", "group_create", "organization_create"])
@pytest.mark.parametrize("shown", [False, True])
def test_nobody_puts_anothers_dataset_into_a_group_and_is_its_last_editor(dataset, theme, road, shown):
    """The real editor must not be hidden, so that she could approve; of what is held a stranger learns nothing."""
    if shown:
        release(dataset["id"])
    before = Edit.times(dataset["id"])
    with (
        helpers.changed_config("ckan.auth.user_create_groups", "true"),
        helpers.changed_config("ckan.auth.user_create_organizations", "true"),
        pytest.raises(tk.NotAuthorized if shown else tk.ObjectNotFound),
    ):
        put("reader", theme, dataset["name"], road)
    assert Edit.times(dataset["id"]) == before
    assert act("officer", "package_show", id=dataset["id"])["groups"] == []


@pytest.mark.parametrize("road", ["member package", "update", "group_create"])
def test_who_puts_a_dataset_into_a_group_has_changed_it(dataset, theme, road, community):
    put("sysadmin", theme, dataset["name"], road)
    assert next(iter(Edit.times(dataset["id"]))) == community["sysadmin"]["id"]
    assert len(act("officer", "package_show", id=dataset["id"])["groups"]) == 1
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(request(dataset["id"]), "sysadmin")


def test_who_takes_a_dataset_out_of_a_group_has_changed_it(dataset, theme, community):
    """What stays in the group is no change; nobody takes out what they may not change."""
    put("sysadmin", theme, dataset["name"], "update")
    act("officer", "package_patch", id=dataset["id"], version="2")
    release(dataset["id"])
    before = Edit.times(dataset["id"])
    act("reader", "group_update", id=theme, title="Ours", packages=[{"name": dataset["name"], "id": dataset["id"]}])
    with pytest.raises(tk.NotAuthorized):
        act("reader", "group_update", id=theme, packages=[])
    with pytest.raises(tk.NotAuthorized):
        act("reader", "member_delete", id=theme, object=dataset["id"], object_type="package")
    assert Edit.times(dataset["id"]) == before
    act("sysadmin", "group_update", id=theme, packages=[])
    assert next(iter(Edit.times(dataset["id"]))) == community["sysadmin"]["id"]
    assert act("officer", "package_show", id=dataset["id"])["groups"] == []


def test_a_view_that_is_moved_changes_both_datasets(dataset, community):
    """What it says is new where it arrives, and gone where it was."""
    other = make_dataset()
    view = {"title": "Table", "view_type": "text_view"}
    made = act("officer", "resource_view_create", resource_id=dataset["resources"][0]["id"], **view)
    there = other["resources"][0]["id"]
    act("sysadmin", "resource_view_update", id=made["id"], resource_id=there, title="In other words")
    for each in (dataset, other):
        assert next(iter(Edit.times(each["id"]))) == community["sysadmin"]["id"]
    with pytest.raises(tk.NotAuthorized, match="changed this dataset last"):
        approve(request(other["id"]), "sysadmin")


@pytest.mark.parametrize("user", ["officer", "editor", "admin", "reader", ""])
def test_only_stewards_approve(dataset, user):
    asked = request(dataset["id"])
    with pytest.raises(tk.NotAuthorized):
        approve(asked, user)
    assert not public_sees(dataset["id"])


def test_ignoring_authorization_does_not_approve(dataset):
    asked = request(dataset["id"])
    data = {"id": asked["id"], "snapshot_sha256": asked["snapshot_sha256"]}
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("privacy_release_approve")({"ignore_auth": True, "user": "officer"}, data)
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("privacy_release_approve")({"ignore_auth": True, "user": ""}, data)


def test_a_refused_attempt_is_in_the_audit_log(dataset):
    asked = request(dataset["id"], user="sysadmin")
    with pytest.raises(tk.NotAuthorized):
        approve(asked, "sysadmin")
    with pytest.raises(tk.NotAuthorized):
        approve(asked, "reader")
    denied = act("sysadmin", "privacy_audit_list", event="denied", object_id=asked["id"])["results"]
    assert {model.User.get(entry["actor"]).name for entry in denied} == {"sysadmin", "reader"}
    assert act("sysadmin", "privacy_audit_verify")["ok"]


def test_two_different_people_approve_where_two_are_needed(for_two):
    assert (for_two["outcome"], for_two["needs"]) == ("two_stewards", 2)
    assert approve(for_two, "steward1")["state"] == "in_review"
    with pytest.raises(tk.ValidationError, match="another steward"):
        approve(for_two, "steward1")
    assert not public_sees(for_two["package_id"])
    assert approve(for_two, "steward2")["state"] == "released"


@pytest.mark.parametrize("gone", ["dismissed", "deleted"])
def test_who_is_steward_no_more_is_not_one_of_the_two(for_two, gone):
    """An approval counts as long as the person may decide; a third one is needed then."""
    approve(for_two, "steward1")
    if gone == "dismissed":
        act("admin", "privacy_steward_remove", username="steward1", organization="city-lab")
    else:
        act("sysadmin", "user_delete", id="steward1")
    assert approve(for_two, "steward2")["state"] == "in_review"
    assert act("steward2", "privacy_release_show", id=for_two["id"])["approvals"] == 1
    assert not public_sees(for_two["package_id"])


def test_a_link_that_cannot_be_fetched_says_why(for_two):
    failures = [scan["failure"] for scan in for_two["scans"] if scan["failure"]]
    assert len(failures) == 1
    assert "10.1.2.3" in failures[0]
    assert any("10.1.2.3" in reason["sentence"] for reason in for_two["reasons"])


def test_approving_names_what_was_looked_at(dataset):
    asked = request(dataset["id"])
    with pytest.raises(tk.ValidationError, match="changed since you looked"):
        act("steward1", "privacy_release_approve", id=asked["id"], snapshot_sha256="0" * 64)


@pytest.mark.parametrize("change", ["title", "file", "new file"])
def test_a_change_after_the_request_stops_the_approval(dataset, change):
    asked = request(dataset["id"])
    if change == "title":
        act("officer", "package_patch", id=dataset["id"], url="https://example.org/new")
    elif change == "file":
        replace_file(dataset, WATER + "W99,2021,3\n")
    else:
        add_file(dataset["id"], WATER, "more.csv")
    assert act("steward1", "privacy_release_show", id=asked["id"])["changed"]
    with pytest.raises(tk.ValidationError, match="changed since you looked"):
        approve(asked)
    assert not public_sees(dataset["id"])


# Other decisions -------------------------------------------------------------------------------------------------


def test_a_returned_request_keeps_its_reason_and_can_be_asked_again(dataset):
    asked = request(dataset["id"])
    returned = act("steward1", "privacy_release_return", id=asked["id"], reason="Say how it was measured.")
    assert (returned["state"], returned["ended_reason"]) == ("returned", "Say how it was measured.")
    status = act("officer", "privacy_status_show", id=dataset["id"])
    assert (status["state"], status["released"], status["next_actor"]) == ("returned", False, "officer")
    assert request(dataset["id"])["state"] == "in_review"


@pytest.mark.parametrize("step", ["return", "reject", "appeal", "withdraw"])
def test_a_step_against_somebody_needs_a_reason(dataset, step):
    asked = request(dataset["id"])
    with pytest.raises(tk.ValidationError) as error:
        act("steward1", f"privacy_release_{step}", id=asked["id"], reason=" ")
    assert "reason" in error.value.error_dict


def test_a_refusal_can_be_appealed_and_then_approved(dataset):
    asked = request(dataset["id"])
    act("steward1", "privacy_release_reject", id=asked["id"], reason="Not useful.")
    with pytest.raises(tk.ValidationError):
        approve(asked)
    appealed = act("officer", "privacy_release_appeal", id=asked["id"], reason="The committee needs it.")
    assert (appealed["state"], appealed["ended_reason"]) == ("in_review", None)
    assert approve(asked, "steward2")["state"] == "released"


def test_a_withdrawn_dataset_is_gone_for_the_public(dataset):
    released = release(dataset["id"])
    withdrawn = act("steward1", "privacy_release_withdraw", id=released["id"], reason="A family asked for it.")
    assert withdrawn["state"] == "withdrawn"
    assert not public_sees(dataset["id"])


def test_erasing_leaves_that_it_happened_and_nothing_else(dataset):
    released = release(dataset["id"])
    with pytest.raises(tk.NotAuthorized):
        act("officer", "privacy_release_withdraw", id=released["id"], reason="Mine.", erase=True)
    act("steward1", "privacy_release_withdraw", id=released["id"], reason="A court said so.", erase=True)
    assert not public_sees(dataset["id"])
    assert Release.get(released["id"]).snapshot["resources"] == {}
    entry = act("", "privacy_register_list")["results"][0]
    assert (entry["event"], entry["reason"]) == ("withdraw", "A court said so.")


def test_an_open_request_can_be_taken_back(dataset):
    asked = request(dataset["id"])
    assert act("officer", "privacy_release_cancel", id=asked["id"])["state"] == "cancelled"
    with pytest.raises(tk.ValidationError):
        approve(asked)


def test_the_emergency_exit_is_for_sysadmins_and_shows_in_the_register():
    asked = request(make_dataset(PEOPLE, "people.csv")["id"])
    with pytest.raises(tk.NotAuthorized):
        act("steward1", "privacy_override", id=asked["id"], reason="Flood tonight.")
    assert act("sysadmin", "privacy_override", id=asked["package_id"], reason="Flood tonight.")["state"] == "released"
    assert public_sees(asked["package_id"])
    entry = act("", "privacy_register_list", event="override")["results"][0]
    assert (entry["reason"], entry["role"]) == ("Flood tonight.", "sysadmin")


def test_a_release_ends_at_its_date(dataset):
    with pytest.raises(tk.ValidationError, match="choose a later"):
        request(dataset["id"], expires="2001-01-01")
    asked = request(dataset["id"], expires=(now() + dt.timedelta(days=1)).isoformat())
    approve(asked)
    assert timetable.end() == []
    Release.get(asked["id"]).expires = now() - dt.timedelta(seconds=1)
    model.Session.commit()
    assert timetable.end() == [asked["id"]]
    assert not public_sees(dataset["id"])
    assert act("officer", "privacy_status_show", id=dataset["id"])["state"] == "expired"


def test_an_appeal_unblocks_nothing():
    asked = request(make_dataset(PEOPLE, "people.csv")["id"])
    act("steward1", "privacy_release_reject", id=asked["id"], reason="It names people.")
    assert act("officer", "privacy_release_appeal", id=asked["id"], reason="Please.")["state"] == "blocked"
    with pytest.raises(tk.ValidationError, match="blocked"):
        approve(asked, "steward2")


def test_the_policy_does_not_overrule_a_refusal(dataset):
    """An update that would go by itself, refused before its day: neither an appeal nor asking again lets it out."""
    before = release(dataset["id"])
    replace_file(dataset, WATER + "W99,2021,3\n")
    asked = request(dataset["id"], public_on=(now() + dt.timedelta(days=2)).isoformat())
    assert (asked["state"], asked["outcome"]) == ("scheduled", "automatic")
    act("steward1", "privacy_release_reject", id=asked["id"], reason="The rows are made up.")
    appealed = act("officer", "privacy_release_appeal", id=asked["id"], reason="They are not.")
    assert (appealed["state"], appealed["outcome"], appealed["needs"]) == ("in_review", "one_steward", 1)
    judging.retry_automatic()
    act("officer", "privacy_release_cancel", id=asked["id"], reason="Another way.")
    again = request(dataset["id"])
    assert (again["state"], again["outcome"]) == ("in_review", "one_steward")
    assert Release.public(dataset["id"]).id == before["id"]


def test_a_hold_is_ended_by_people_alone(dataset):
    before = release(dataset["id"])
    act("steward1", "privacy_release_hold", id=before["id"], reason="Somebody is worried.")
    replace_file(dataset, WATER + "W99,2021,3\n")
    assert request(dataset["id"])["state"] == "in_review"
    assert not public_sees(dataset["id"])


def test_many_small_steps_are_measured_from_what_a_person_approved(dataset):
    release(dataset["id"])
    more = "".join(f"W{number},2021,3\n" for number in range(100, 125))
    replace_file(dataset, WATER + more)
    assert request(dataset["id"])["state"] == "released"
    replace_file(dataset, WATER + more + more.replace("W", "V"))
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    assert "60 were approved" in str(asked["reasons"])


# Updates ---------------------------------------------------------------------------------------------------------


def test_an_update_with_the_same_columns_needs_no_person(dataset):
    release(dataset["id"])
    replace_file(dataset, WATER + "W99,2021,3\n")
    asked = request(dataset["id"])
    assert (asked["state"], asked["outcome"]) == ("released", "automatic")
    assert [entry["role"] for entry in asked["decisions"] if entry["event"] == "release"] == ["policy"]


REACHABLE = "Ask the keeper, +91 98765 43210, keeper7@gmail.com"
#: Roads by which words come into the description of a released dataset; each by an API client, some by no form.
WORDS = {
    "a field of any kind": {"version": REACHABLE},
    "a translation": {"notes_translated": {"en": "Wells.", "es": REACHABLE}},
    "a contact": {"contact": [{"name": "Asha Devi", "email": "asha7@gmail.com"}]},
    "a tag": {"tags": [{"name": "ask 98765 43210"}]},
    "a field nobody defined": {"extras": [{"key": "keeper", "value": REACHABLE}]},
    "a file's digest": {"resources": {"hash": REACHABLE, "description": "Wells."}},
    "a file's made-up field": {"resources": {"made_up": REACHABLE}},
}


@pytest.mark.parametrize("changes", WORDS.values(), ids=WORDS)
def test_words_that_nobody_approved_wait_wherever_they_stand(dataset, changes):
    released = release(dataset["id"])
    of_file = changes.get("resources")
    if of_file:
        act("officer", "resource_patch", id=dataset["resources"][0]["id"], **of_file)
    else:
        act("officer", "package_patch", id=dataset["id"], **changes)
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    rules = {reason["rule"] for reason in asked["reasons"]}
    assert "changed-words" in rules
    assert "metadata" in rules or "tags" in changes, "ten digits in a row are no telephone by themselves"
    assert "98765" not in str(asked["reasons"])
    assert Release.public(dataset["id"]).id == released["id"]


def test_another_persons_number_is_not_the_known_one(dataset):
    act("officer", "package_patch", id=dataset["id"], notes="The keeper: +91 98765 43210")
    release(dataset["id"])
    replace_file(dataset, WATER + "W99,2021,3\n")
    assert request(dataset["id"])["state"] == "released"
    act("officer", "package_patch", id=dataset["id"], notes="The keeper: +91 98765 43211")
    assert request(dataset["id"])["state"] == "in_review"


def test_the_data_dictionary_and_previews_are_searched_and_shown(app, community):
    dataset = act("officer", "package_create", name="wells", title="Wells", owner_org=community["organization"]["id"])
    notes = {"label": "Litres", "notes": REACHABLE}
    fields = [{"id": "litres", "type": "int", "info": notes}]
    table = act("officer", "datastore_create", resource={"package_id": dataset["id"], "name": "Wells"}, fields=fields,
                records=[{"litres": 4}])  # fmt: skip
    act("officer", "resource_view_create", resource_id=table["resource_id"], view_type="text_view",
        title="Preview", description=REACHABLE)  # fmt: skip
    asked = request(dataset["id"])
    said = " ".join(reason["sentence"] for reason in asked["reasons"] if reason["rule"] == "metadata")
    assert "resource 1 column litres notes" in said
    assert "resource 1 preview 1 description" in said
    diff = act("steward1", "privacy_release_diff", id=asked["id"])
    (column,) = diff["resources"][0]["columns"]
    assert (column["field"], column["after"]["notes"]) == ("litres", REACHABLE)
    page = app.get(f"/privacy/release/{asked['id']}", headers={"Authorization": community["steward1"]["token"]})
    assert REACHABLE in html.unescape(page.get_data(as_text=True))


def test_places_of_a_description_are_called_as_the_form_calls_them(app, community):
    """The JSON keeps the codes; the officer's panel leads to each place, the steward reads the same names."""
    people = [{"name": "Water office", "email": "water@example.org"}, {"email": "asha.devi7@gmail.com"}]
    dataset = make_dataset(None, name="wells-in-words", title_translated={"en": "Wells"}, contact=people,
                           notes_translated={"en": "Wells.", "es": REACHABLE}, language=["mr"])  # fmt: skip
    link = act("officer", "resource_create", package_id=dataset["id"], name="List", url="https://example.org/list",
               description=REACHABLE)  # fmt: skip
    table = act("officer", "datastore_create", resource={"package_id": dataset["id"], "name": "Wells"},
                fields=[{"id": "litres a day", "type": "int", "info": {"notes": REACHABLE}}], records=[])  # fmt: skip
    act("officer", "resource_view_create", resource_id=link["id"], view_type="text_view", title=REACHABLE)
    edit, file = f"/dataset/edit/{dataset['name']}", f"/dataset/{dataset['name']}/resource/{link['id']}"
    expected = {
        "Description (Spanish)": f"{edit}#field-notes_translated-es",
        "Contacts 2: E-mail": f"{edit}#field-contact-1-email",
        "List: Description": f"{file}/edit#field-description",
        "List: Previews": f"{file}/views",
        "Wells: Notes on the column litres a day": f"/dataset/{dataset['name']}/dictionary/{table['resource_id']}",
    }
    officer, steward = ({"Authorization": community[each]["token"]} for each in ("officer", "steward1"))
    panel = html.unescape(app.get(f"/dataset/{dataset['name']}", headers=officer).text)
    led = dict(re.findall(r'<a href="([^"]+)">The field "([^<]+)" of the dataset', panel))
    assert {name: address for address, name in led.items()} == expected
    asked = request(dataset["id"])
    assert {"notes_translated es", "resource 2 column litres a day notes"} <= {
        place for each in asked["reasons"] for place in each["fields"]
    }
    pages = (f"/privacy/release/{asked['id']}", f"/privacy/queue/several?release={asked['id']}")
    for text in (html.unescape(app.get(page, headers=steward).text) for page in pages):
        assert all(f'"{name}"' in text for name in expected)
    review = html.unescape(app.get(pages[0], headers=steward).text)
    assert all(language in review for language in (">Marathi</", f"{REACHABLE} (Spanish)"))
    spanish = html.unescape(app.get(f"/es/privacy/release/{asked['id']}", headers=steward).text)
    assert "(español)" in spanish
    assert '"notes_translated' not in spanish


def test_a_place_that_is_a_name_or_numbered_is_called_by_its_field(app):
    """What an editor calls a field may be what is told: the page says so, and leads to where it stands."""
    package = {"type": "dataset", "name": "wells", "resources": [{"id": "id-of-wells", "name": "Wells"}]}
    expected = {
        "notes_translated es (2)": ("Description (Spanish)", "/dataset/edit/wells#field-notes_translated-es"),
        "asha_patil (its name)": ("Asha patil (its name)", "/dataset/edit/wells#field-asha_patil"),
        "resource 1 column litres notes (its name)": (
            "Wells: Notes on the column litres (its name)",
            "/dataset/wells/dictionary/id-of-wells",
        ),
    }
    with app.flask_app.test_request_context("/"):
        assert {each: (places.called(each, package), places.href(each, package)) for each in expected} == expected


MALFORMED = WATER + "W99,2021\n"


def test_a_malformed_table_is_for_a_person_who_reads_where(dataset, app, community):
    """The review page says in words which row is wrong, and the policy that ships leaves the decision to a steward."""
    release(dataset["id"])
    replace_file(dataset, MALFORMED)
    asked = request(dataset["id"])
    assert (asked["state"], "malformed-table" in {each["rule"] for each in asked["reasons"]}) == ("in_review", True)
    page = app.get(f"/privacy/release/{asked['id']}", headers={"Authorization": community["steward1"]["token"]})
    text = page.get_data(as_text=True)
    assert "1 error in the form of the tables." in text
    (sentence,) = asked["scans"][0]["quality"]["tables"][0]["errors"]
    assert "62" in sentence["sentence"], "The row is counted as a reader of the file counts it."
    assert sentence["sentence"] in html.unescape(text)


def test_an_unexpected_column_stops_an_update_and_the_public_keeps_the_old_one(dataset):
    before = release(dataset["id"])
    replace_file(dataset, "point,year,caretaker\nW1,2020,yes\nW2,2021,no\n")
    asked = request(dataset["id"])
    assert asked["state"] == "in_review"
    assert Release.public(dataset["id"]).id == before["id"]
    diff = act("steward1", "privacy_release_diff", id=asked["id"])
    (table,) = diff["resources"][0]["tables"]
    assert (table["columns_added"], table["columns_removed"]) == (["caretaker"], ["litres_per_minute"])
    assert (table["rows_before"], table["rows_after"]) == (60, 2)


def test_a_new_release_takes_the_place_of_the_old_one(dataset):
    first = release(dataset["id"])
    replace_file(dataset, WATER + "W99,2021,3\n")
    second = request(dataset["id"])
    assert second["state"] == "released"
    assert act("steward1", "privacy_release_show", id=first["id"])["state"] == "superseded"


# What people see -------------------------------------------------------------------------------------------------


def test_status_tells_editors_what_waits_and_outsiders_nothing_of_it(dataset):
    with pytest.raises(tk.ObjectNotFound):
        act("", "privacy_status_show", id=dataset["id"])
    assert act("officer", "privacy_status_show", id=dataset["id"])["state"] == "draft"
    release(dataset["id"])
    act("officer", "package_patch", id=dataset["id"], url="https://example.org/secret-plan")
    outside = act("", "privacy_status_show", id=dataset["id"])
    assert (outside["state"], outside["released"], outside["pending"]) == ("released", True, [])
    inside = act("officer", "privacy_status_show", id=dataset["id"])
    assert [(change["name"], change["change"]) for change in inside["pending"]] == [("url", "added")]
    assert inside["next_actor"] == "officer"


def test_each_sees_the_releases_they_have_to_do_with(dataset):
    asked = request(dataset["id"])
    for user, seen in (("officer", 1), ("steward1", 1), ("sysadmin", 1), ("reader", 0)):
        found = act(user, "privacy_release_list", state="open")
        assert found["count"] == len(found["results"]) == seen, user
    found = act("steward1", "privacy_release_list", organization="city-lab", dataset=dataset["name"])
    assert (found["results"][0]["id"], found["counts"]) == (asked["id"], {"in_review": 1})
    assert act("steward1", "privacy_release_list", state="released")["count"] == 0
    with pytest.raises(tk.NotAuthorized):
        act("reader", "privacy_release_show", id=asked["id"])


def test_the_register_names_roles_and_hides_what_was_never_public(dataset):
    release(dataset["id"])
    held = request(make_dataset(notes="Secret survey")["id"])
    act("steward2", "privacy_release_reject", id=held["id"], reason="Too few people in it.")
    register = act("", "privacy_register_list")
    assert [(entry["event"], entry["role"]) for entry in register["results"]] == [("release", "steward")]
    assert (register["never_released"], register["counts"]) == (1, {"release": 1, "reject": 1})
    assert register["audit"] == {key: act("sysadmin", "privacy_audit_verify")[key] for key in ("length", "head")}
    for word in ("steward1", "steward2", "officer", held["package_id"], "Too few people"):
        assert word not in str(register)


def test_whoever_asked_sees_in_ckan_that_it_came_back(dataset, app, community):
    asked = request(dataset["id"])
    header = {"Authorization": community["officer"]["token"]}
    assert "Came back to you" not in app.get("/about", headers=header).body
    act("steward1", "privacy_release_return", id=asked["id"], reason="The years are missing.")

    assert "Came back to you (1)" in app.get("/about", headers=header).body
    listed = act("officer", "privacy_release_list", state="came_back")
    assert ([each["id"] for each in listed["results"]], listed["came_back"]) == ([asked["id"]], 1)
    assert act("editor", "privacy_release_list", state="came_back")["count"] == 0
    replace_file(dataset, "ward,taps\n7,8\n")
    request(dataset["id"])
    assert act("officer", "privacy_release_list", state="came_back")["count"] == 0
