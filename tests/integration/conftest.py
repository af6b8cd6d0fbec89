"""Fixtures for tests against the real PostgreSQL, Redis and Solr.

Every pytest-xdist worker has a site of its own (`.run/test0.ini`, `.run/test1.ini` …, written by `make test`). A
`CKAN_INI` in the environment takes its place when tests run in one process.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _choose_site() -> None:
    """Name the worker's ini before CKAN's pytest plugin reads it at the start of the session."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker or "CKAN_INI" not in os.environ:
        number = (worker or "gw0").removeprefix("gw")
        os.environ["CKAN_INI"] = str(ROOT / ".run" / f"test{number}.ini")


_choose_site()


#: The site that plain tests share. Building one reloads every plugin, a second each time.
_shared_app: list[Any] = []
_OWN_SITE_MARKS = ("ckan_config", "with_plugins", "provide_plugin")


@pytest.fixture(autouse=True)
def load_standard_plugins(request: pytest.FixtureRequest) -> None:
    """Every integration test runs with the plugins of the ini, in their order.

    A test that changes the configuration or the plugins gets a site of its own.
    """
    if any(request.node.get_closest_marker(name) for name in _OWN_SITE_MARKS):
        _shared_app.clear()
        request.getfixturevalue("with_plugins")
    elif not _shared_app:
        from ckan.tests import helpers

        _shared_app.append(helpers._get_test_app())


@pytest.fixture(scope="session")
def forget_shared_app() -> Callable[[], None]:
    """Call it after a test ran a site of its own: the next test builds the shared one anew."""
    return _shared_app.clear


@pytest.fixture
def app(load_standard_plugins: None, make_app: Callable[[], Any]) -> Any:
    """CKAN's test client, on the shared site where the test may use it."""
    if not _shared_app:
        return make_app()
    shared = _shared_app[0]
    shared.client = shared.test_client()  # no log-in of an earlier test
    return shared


@pytest.fixture(scope="session")
def migrate_once() -> Callable[[], None]:
    """Migrate core and plugins at the first call of a session; later calls do nothing."""
    from support import cleaning

    done: list[bool] = []

    def run() -> None:
        if not done:
            cleaning.migrate()
            done.append(True)

    return run


@pytest.fixture
def clean_db(load_standard_plugins: None, migrate_once: Callable[[], None]) -> None:
    """An empty, migrated database, datastore included."""
    from support import cleaning

    migrate_once()
    cleaning.empty_database()
    cleaning.empty_datastore()


@pytest.fixture
def clean_site(clean_db: None, clean_index: None, clean_redis: None) -> None:
    """Nothing in the database, the search index or Redis."""


@pytest.fixture
def anonymous_api(app: Any) -> Callable[..., Any]:
    """Call an action over HTTP without a log-in: `anonymous_api("package_show", id=…)` -> (status, answer)."""
    return _api_caller(app, {})


@pytest.fixture
def api_as(app: Any) -> Callable[[dict[str, Any]], Callable[..., Any]]:
    """`api_as(user)` gives a caller like `anonymous_api` with that user's token."""
    return lambda user: _api_caller(app, {"Authorization": user["token"]})


def _api_caller(app: Any, headers: dict[str, str]) -> Callable[..., Any]:
    def call(action: str, **data: Any) -> tuple[int, Any]:
        answer = app.post(f"/api/3/action/{action}", json=data, headers=headers)
        return answer.status_code, answer.get_json()

    return call


@pytest.fixture
def community(clean_site: None, make_once: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """An organisation with the people of the gate, each with a token.

    Keys: `organization`, `sysadmin`, `admin`, `officer`, `editor`, `steward1`, `steward2`, `reader`. `officer` and
    `editor` are editors, both stewards are stewards for the organisation, `reader` belongs to nothing.
    """
    return make_once()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The gate's time, which stands still until it is told to pass."""
    from support.time import Clock

    return Clock(monkeypatch)


@pytest.fixture
def stranger(community: dict[str, Any]) -> dict[str, Any]:
    """Somebody with a token who administers another organisation, and has a dataset `elsewhere` there."""
    from ckan.tests import factories, helpers

    user = factories.UserWithToken(name="stranger")
    factories.Organization(name="other-org", users=[{"name": "stranger", "capacity": "admin"}])
    helpers.call_action("package_create", {"user": "stranger"}, name="elsewhere", owner_org="other-org")
    return user


@pytest.fixture(scope="session")
def make_once() -> Callable[[], dict[str, Any]]:
    """Make the community at the first call of a session; later calls put its rows back."""
    from support import cleaning, people

    made: list[tuple[dict[str, Any], cleaning.Kept]] = []

    def run() -> dict[str, Any]:
        if made:
            made[0][1].put_back()
        else:
            made.append((people.make_community(), cleaning.Kept()))
        return copy.deepcopy(made[0][0])

    return run
