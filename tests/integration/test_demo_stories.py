"""The demo's stories: the schema takes them, and they say what a release needs."""

from __future__ import annotations

import pytest
from ckan.tests import helpers
from deploy.demo import files
from deploy.demo.seed import STORIES, read_story

from ckanext.privacy.engine import consent

PATHS = sorted(STORIES.glob("*.yaml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_schema_keeps_every_field_of_a_story(path, community):
    """No field is refused, and none gets lost."""
    wanted = read_story(path)["dataset"]
    context = {"user": "officer", "ignore_auth": False}

    created = helpers.call_action(
        "package_create", context, owner_org=community["organization"]["id"], private=True, **wanted
    )

    lost = {field for field in wanted if field != "tag_string" and not created.get(field)}
    assert lost == set()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_file_of_a_story_can_be_made(path):
    """A story names only files that exist."""
    assert {described["maker"] for described in read_story(path).get("files", [])} <= set(files.MAKERS)


@pytest.mark.parametrize(
    "path", [path for path in PATHS if "agreement" in read_story(path)], ids=lambda path: path.stem
)
def test_an_agreement_of_a_story_says_all_it_must(path):
    """It could be written down as it stands, and allows what the story goes on to do."""
    record = consent.parse_record(read_story(path)["agreement"])
    assert consent.allows_release(record)
