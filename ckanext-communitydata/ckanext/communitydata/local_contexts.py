"""Labels that communities put on their own projects in the Local Contexts Hub, fetched, kept and served by us.

Source: the Hub's API v2, ``/api/v2/projects/<uuid>/`` (github.com/localcontexts/localcontextshub). A publisher can name
a project and set notices; labels are the community's alone and come from nowhere but the Hub. No visitor's browser ever
asks the Hub, and no page waits for it: :func:`refresh` is run by a clock or a person, pages read what it kept.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import requests
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.communitydata import config

SECONDS = 10
LARGEST = 1_000_000
#: Kept for so long after the Hub was last heard of, in seconds.
KEPT = 30 * 24 * 3600
PRIVATE = "Private"
_TEXTS = {"name": "translated_name", "text": "translated_text"}


def refresh(project: str) -> dict[str, Any] | None:
    """Ask the Hub about a project and keep the answer; None where the site has not switched this on.

    A project that is private or gone is forgotten. Raises :class:`requests.RequestException` where the Hub cannot be
    asked; what was kept before then stays.
    """
    hub = config.local_contexts_hub()
    if not hub:
        return None
    address = f"{hub.rstrip('/')}/api/v2/projects/{UUID(project)}/"
    headers = {"Accept": "application/json", "X-Api-Key": config.local_contexts_key()}
    with requests.get(address, headers=headers, timeout=SECONDS, stream=True, allow_redirects=False) as answer:
        if answer.status_code in (403, 404, 410):
            _store().delete(_key(project))
            return {}
        answer.raise_for_status()
        told = _read(answer)
    if told.get("project_privacy") == PRIVATE:
        _store().delete(_key(project))
        return {}
    kept = summary(told)
    _store().set(_key(project), json.dumps(kept), ex=KEPT)
    return kept


def _read(answer: requests.Response) -> dict[str, Any]:
    content = answer.raw.read(LARGEST + 1, decode_content=True)
    if len(content) > LARGEST:
        raise requests.RequestException("The Hub's answer is too long.")
    try:
        told = json.loads(content)
    except ValueError:
        raise requests.RequestException("The Hub's answer is no JSON.") from None
    return told if isinstance(told, dict) else {}


def summary(told: dict[str, Any]) -> dict[str, Any]:
    """What we show of a project: its name and page, labels and notices in every language. No persons, no boundary."""
    labels = [*_objects(told, "tk_labels"), *_objects(told, "bc_labels")]
    return {
        "title": str(told.get("title") or ""),
        "page": _address(told.get("project_page")),
        "labels": [
            {
                **_words(label, "label_text"),
                "type": str(label.get("label_type") or ""),
                "community": str(label.get("community") or ""),
            }
            for label in labels
        ],
        "notices": [_words(notice, "default_text") for notice in _objects(told, "notice")],
    }


def _objects(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = told.get(key)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _words(entry: dict[str, Any], text_key: str) -> dict[str, dict[str, str]]:
    """Name and text by language."""
    own = str(entry.get("language_tag") or "en")
    out = {"name": {own: str(entry.get("name") or "")}, "text": {own: str(entry.get(text_key) or "")}}
    for translation in _objects(entry, "translations"):
        for part, key in _TEXTS.items():
            if translation.get("language_tag") and translation.get(key):
                out[part][str(translation["language_tag"])] = str(translation[key])
    return out


def _address(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith("https://") else ""


def kept(project: str) -> dict[str, Any]:
    """What the Hub said last about a project; empty if nothing is kept or this is switched off."""
    if not config.local_contexts_hub():
        return {}
    stored = _store().get(_key(project))
    return json.loads(stored) if stored else {}


def projects() -> list[str]:
    """Every project that a dataset names, each once."""
    query = model.Session.query(model.Package).filter(model.Package.state == "active")
    named = query.filter(model.Package.extras.has_key("local_contexts_project"))
    return sorted({package.extras["local_contexts_project"] for package in named})


def _store() -> Any:
    return connect_to_redis()


def _key(project: str) -> str:
    return f"communitydata:local-contexts:{config.site_id()}:{project}"
