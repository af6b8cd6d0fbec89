"""Runs a CKAN with a chosen set of plugins, with or without the gate."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.common import config
from ckan.lib import search
from ckan.lib.app_globals import _CONFIG_CACHE
from ckan.lib.helpers import helper_functions
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories, helpers

from support import cleaning, people

BASE_PLUGINS = "activity dcat datastore datatables_view text_view resource_proxy"
GATED_PLUGINS = f"privacy {BASE_PLUGINS}"
TRIGGER = "privacy_keep_private"
#: What a site may switch on and plain CKAN then shows: featured organisations on the front page, users, a file storage.
STORAGE = "ckan.files.storage.leaks"
OPEN_SETTINGS = {
    "ckan.featured_orgs": "city-lab",
    "ckan.auth.public_user_details": True,
    "ckan.auth.allow_dataset_collaborators": True,
    # Else an organisation with datasets can be neither deleted nor purged.
    "ckan.auth.create_unowned_dataset": True,
    "ckan.activity_streams_email_notifications": True,
    # Everybody may read whole activities, and what changed between two.
    "ckan.auth.public_activity_stream_detail": True,
    f"{STORAGE}.type": "ckan:fs",
    f"{STORAGE}.initialize": True,
}


class Site:
    """One running catalogue and the people in it.

    ``gated`` says whether the gate is on. Users are called by the names of :func:`support.people.make_community`.
    """

    def __init__(self, app: Any, *, gated: bool) -> None:
        self.app, self.gated = app, gated
        self.people = people.make_community()
        #: Belongs to the organisation and may not edit: sees what the public sees.
        self.people["insider"] = factories.UserWithToken(name="insider")
        membership = {"id": self.organization, "username": "insider", "role": "member"}
        helpers.call_action("organization_member_create", {"user": "sysadmin"}, **membership)
        #: Belongs to nothing, and wants to know by e-mail what happens.
        self.people["follower"] = factories.UserWithToken(
            name="follower", activity_streams_email_notifications=True, email="follower@example.org"
        )
        for action, id_ in (("follow_group", self.organization), ("follow_user", self.people["officer"]["id"])):
            helpers.call_action(action, {"user": "follower"}, id=id_)

    @property
    def organization(self) -> str:
        """The id of the organisation that owns every dataset."""
        return self.people["organization"]["id"]

    def headers(self, user: str | None) -> dict[str, str]:
        """The headers of a request by ``user``; none for a visitor."""
        return {"Authorization": self.people[user]["token"]} if user else {}

    def api(self, user: str | None, action: str, **data: Any) -> Any:
        """Call an action over HTTP and return its result; raises AssertionError with the answer when it fails."""
        answer = self.post(user, action, **data)
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.get_data(as_text=True)[:500]}"
        return answer.get_json()["result"]

    def post(self, user: str | None, action: str, **data: Any) -> Any:
        """Call an action over HTTP and return the whole answer. Values that are bytes are sent as file uploads."""
        url, files = f"/api/3/action/{action}", {k: v for k, v in data.items() if isinstance(v, tuple)}
        if not files:
            return self.app.post(url, json=data, headers=self.headers(user))
        form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in data.items() if k not in files}
        form |= {k: (io.BytesIO(body), name) for k, (body, name) in files.items()}
        return self.app.post(url, data=form, headers=self.headers(user), content_type="multipart/form-data")

    def text(self, user: str | None, path: str) -> str:
        """Everything a request for ``path`` gives away: its body, and where it sends the reader."""
        answer = self.app.get(path, headers=self.headers(user), follow_redirects=False)
        return f"{answer.headers.get('Location', '')}\n{answer.get_data().decode(errors='replace')}"

    def release(self, dataset: str) -> None:
        """Take a dataset through the gate: the officer asks, the worker scans, a steward approves."""
        if not self.gated:
            return
        release = self.api("officer", "privacy_release_request", id=dataset, note="")
        self.work()
        release = self.api("steward1", "privacy_release_show", id=release["id"])
        stewards = ["steward1", "steward2"][: max(1, release["needs"])]
        for steward in stewards:
            release = self.api(
                steward,
                "privacy_release_approve",
                id=release["id"],
                snapshot_sha256=release["snapshot_sha256"],
                note="",
            )
        assert release["state"] == "released", release

    def work(self) -> None:
        """Run the jobs that wait, in this process."""
        import rq
        from ckan.lib.jobs import Worker

        worker = Worker()
        worker.execute_job = rq.SimpleWorker.execute_job.__get__(worker)
        worker.work(burst=True)


@contextmanager
def running(*, gated: bool) -> Iterator[Site]:
    """An empty catalogue with or without the gate. The database's trigger is part of the gate: it is off without."""
    settings = OPEN_SETTINGS | {
        "ckan.plugins": GATED_PLUGINS if gated else BASE_PLUGINS,
        f"{STORAGE}.path": f"{config['ckan.storage_path']}/leaks",
    }
    before = {key: config[key] for key in settings if key in config}
    config.update(settings)
    _CONFIG_CACHE.clear()
    app = helpers._get_test_app()
    # A page that fails is an error page to a visitor, not an exception to the test.
    app.flask_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    # The head of every page counts what is new to who is logged in, a number from a search through all they follow: it
    # took a fifth of the attack's time, and no word can stand there. The app that is built next has its own again.
    helper_functions["new_activities"] = lambda: 0
    try:
        cleaning.empty_database()
        cleaning.empty_datastore()
        search.clear_all()
        connect_to_redis().flushdb()
        _switch_trigger(on=gated)
        with app.flask_app.test_request_context():
            site = Site(app, gated=gated)
        yield site
    finally:
        _switch_trigger(on=True)
        # CKAN adds its defaults beside what was set for the storage.
        for key in [*settings, *(key for key in config if key.startswith(STORAGE))]:
            config.pop(key, None)
        config.update(before)
        _CONFIG_CACHE.clear()


def _switch_trigger(*, on: bool) -> None:
    verb = "ENABLE" if on else "DISABLE"
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE package {verb} TRIGGER {TRIGGER}"))
