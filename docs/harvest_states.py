"""Harvest sources in states that the demo has none in, for pictures: they are made for the time of taking them."""

from __future__ import annotations

import http.server
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ckanapi import RemoteCKAN
from deploy.demo.portal_server import PORTALS

TITLE = "Street Trees"
#: What no catalogue knows of a dataset.
UNKNOWN = {"favourite_colour": "green"}
#: What the city says of its trees later, and what an officer wrote meanwhile.
CHANGED = {"title": "City Trees", "description": "Trees along streets and in parks, from the survey of 2026."}
EDITED = {
    "title_translated": {"en": "Trees along streets"},
    "notes_translated": {"en": "Counted by the wards in 2024."},
}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def sources(demo: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Give the names of a source that waits for its approval, with its portal's address, and of one with conflicts.

    Both are taken away in the end.
    """
    apis = {name: RemoteCKAN(demo["url"], apikey=user["token"]) for name, user in demo["users"].items()}
    made: list[str] = []
    with tempfile.TemporaryDirectory() as folder, _served(folder) as url:
        try:
            for name in ("unapproved", "conflicting"):
                Path(folder, name).mkdir()
                _write(Path(folder, name), url)
                made.append(_add(apis["officer"], demo, f"pictures-{name}", f"{url}/{name}"))
            _bring_into_conflict(apis, made[1], Path(folder, "conflicting"), url)
            names = {"unapproved": "pictures-unapproved", "conflicting": "pictures-conflicting"}
            yield {**names, "address": f"{url}/unapproved"}
        finally:
            for source in made:
                apis["sysadmin"].action.harvest_source_clear(id=source)
                apis["sysadmin"].action.dataset_purge(id=source)


@contextmanager
def _served(folder: str) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _write(folder: Path, url: str, **changed: str) -> None:
    """Write the catalogue of a made-up city, with other words for one of its datasets."""
    catalogue = json.loads((PORTALS / "port-callan" / "data.json").read_text("utf-8").replace("{base}", url))
    records = [{**each, **UNKNOWN, **(changed if each["title"] == TITLE else {})} for each in catalogue["dataset"]]
    (folder / "data.json").write_text(json.dumps({**catalogue, "dataset": records}), "utf-8")


def _add(officer: RemoteCKAN, demo: dict[str, Any], name: str, url: str) -> str:
    described = {"name": name, "title": "Open data of Port Callan", "url": url, "owner_org": demo["organization"]}
    return officer.action.harvest_source_create(**described, source_type="socrata", frequency="MANUAL")["id"]


def _bring_into_conflict(apis: dict[str, RemoteCKAN], source: str, folder: Path, url: str) -> None:
    officer = apis["officer"].action
    apis["editor"].action.cityportals_source_approve(id=source)
    officer.cityportals_run(id=source, wait=True)
    found = officer.package_search(fq=f'harvest_source_id:"{source}"', q=f'title:"{TITLE}"', include_private=True)
    officer.package_patch(id=found["results"][0]["id"], **EDITED)
    _write(folder, url, **CHANGED)
    officer.cityportals_run(id=source, wait=True)
