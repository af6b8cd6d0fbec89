"""The test environment itself: real services, a clean state, and exactly one CKAN pytest plugin."""

from __future__ import annotations

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers

from ckanext.privacy import warming


def test_a_dataset_is_stored_and_found_by_search(community):
    """PostgreSQL, Redis and Solr answer: what is saved can be found by who may see it."""
    dataset = factories.Dataset(owner_org=community["organization"]["id"], user=community["officer"], private=True)

    found = helpers.call_action("package_search", {"user": "officer", "ignore_auth": False}, include_private=True)

    assert [hit["name"] for hit in found["results"]] == [dataset["name"]]


def test_the_database_is_empty_after_cleaning(clean_site):
    """`clean_site` leaves no dataset, organisation or user of an earlier test behind."""
    assert model.Session.query(model.Package).count() == 0
    assert model.Session.query(model.Group).count() == 0
    assert model.Session.query(model.User).filter_by(name="officer").count() == 0


def test_a_token_of_the_api_belongs_to_its_user(community, api_as):
    """Tokens made by the factories work over HTTP."""
    status, answer = api_as(community["officer"])("organization_list_for_user")

    assert status == 200
    assert [org["name"] for org in answer["result"]] == [community["organization"]["name"]]


def test_pytest_ckan_and_core_share_one_implementation(pytestconfig):
    """pytest-ckan re-exports CKAN's own hooks: whichever of the two pytest finds first, it is the same code."""
    from ckan.tests.pytest_ckan import ckan_setup

    registered = pytestconfig.pluginmanager.get_plugin("ckan")

    assert registered.pytest_sessionstart is ckan_setup.pytest_sessionstart


def test_the_sites_of_the_tests_are_apart(ckan_config):
    """Tests never write to the demo: databases, index and storage carry the test site's name."""
    name = ckan_config["ckan.site_id"]

    assert "test" in name
    assert ckan_config["sqlalchemy.url"].endswith(f"ckan_{name}")
    assert str(tk.config["ckan.storage_path"]).endswith(name)


def test_what_a_first_save_needs_is_loaded_beside_the_first_requests(monkeypatch):
    """Loading ahead says nothing when it works, and one sentence when it does not; nobody waits for it."""
    said = []
    monkeypatch.setattr(warming.log, "exception", said.append)
    warming.start().join()
    assert said == []
    monkeypatch.setattr(warming, "scan_metadata", lambda texts: 1 / 0)
    warming.start().join()
    assert said == ["What reads names could not be loaded ahead; the first save loads it."]
