"""What the templates of the gate ask for."""

from __future__ import annotations

from typing import Any

from ckanext.privacy.gate import audience, released
from ckanext.privacy.model import Steward
from ckanext.privacy.views import panel, pointers, words
from ckanext.privacy.views.calls import act
from ckanext.privacy.workflow import overview

__all__ = [
    "privacy_came_back_count",
    "privacy_concern_count",
    "privacy_pointed_at",
    "privacy_queue_count",
    "privacy_release_panel",
    "privacy_released_on",
]


def privacy_release_panel(package: dict[str, Any]) -> dict[str, Any] | None:
    """Return the release panel of a dataset for those who keep it or decide about it; None for everybody else."""
    return panel.build(package)


def privacy_released_on(package: dict[str, Any]) -> str:
    """Return the day on which the version that the public sees was released; empty where there is none."""
    since = released.since(package["id"])
    return words.date(since) if since else ""


def privacy_queue_count() -> int | None:
    """Return how many releases wait for the reader's decision; None for people who decide nothing."""
    user = audience.visitor()
    if user is None or not (user.sysadmin or Steward.organizations(user.id)):
        return None
    return overview.waiting(user)


def privacy_came_back_count() -> int:
    """Return how many of the reader's own requests were answered and are their turn again."""
    user = audience.visitor()
    return overview.came_back(user) if user else 0


def privacy_pointed_at(field: str, texts: list[str]) -> list[str]:
    """Return what in a field's texts reaches single people, one sentence each; for forms that describe a dataset."""
    return pointers.sentences(field, texts)


def privacy_concern_count() -> int:
    """Return how many concerns wait for an answer of the reader, who decides about releases."""
    return act("privacy_concern_list", state="open", limit=1)["count"]
