"""A dataset on its way from the officer to the public, and back."""

from __future__ import annotations

import pytest
from ckan.plugins import toolkit as tk
from support.releases import PEOPLE, act, add_file, approve, make_dataset, public_sees, release, request

pytestmark = pytest.mark.usefixtures("community")


def test_asked_scanned_approved_released():
    """The whole way: nobody but its editors sees the dataset before the approval, everybody after it."""
    dataset = make_dataset()
    asked = request(dataset["id"], note="Please look at it.")
    assert (asked["state"], asked["outcome"], asked["needs"]) == ("in_review", "one_steward", 1)
    assert asked["scans"][0]["status"] == "done"
    assert not public_sees(dataset["id"])
    released = approve(asked)
    assert released["state"] == "released"
    assert public_sees(dataset["id"])


def test_names_and_mail_addresses_block_a_release():
    asked = request(make_dataset(PEOPLE, "people.csv")["id"])
    assert (asked["state"], asked["outcome"]) == ("blocked", "blocked")
    with pytest.raises(tk.ValidationError, match="blocked"):
        approve(asked)
    assert not public_sees(asked["package_id"])
