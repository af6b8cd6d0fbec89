"""What happens to a dataset whose record is no longer at its source.

One look never decides. A record must be missing from several complete answers and for some days; then its dataset is
withdrawn, which is reversible: it is made private and marked. Nothing here deletes; only a person purges.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.cityportals import config, ledger
from ckanext.cityportals.reconcile import Known

REASON = "The record has been missing at its source since {since} in {runs} complete answers."


def count_missing(missing: list[Known], now: datetime, doubted: Collection[str]) -> None:
    """Note that these records were not in a whole answer, and withdraw what has been missing for long enough.

    :param doubted: ids of those that wait for a person's word, since so many went at once: they are noted and stay
    """
    today = now.isoformat(timespec="seconds")
    ledger.note([each.dataset_id for each in missing if each.missing_since is None], missing_since=today)
    ledger.note(doubted, doubted=True)
    counted = [each for each in missing if each.dataset_id not in doubted]
    ledger.note([each.dataset_id for each in counted if each.doubted], doubted=False)
    ledger.count_run([each.dataset_id for each in counted])
    for known in counted:
        since, runs = known.missing_since or today, known.missing_runs + 1
        if not known.withdrawn and grace_is_over(since, runs, now):
            withdraw(known.dataset_id, REASON.format(since=since[:10], runs=runs))


def grace_is_over(since: str, runs: int, now: datetime) -> bool:
    """Whether a record has been missing for enough days and enough complete answers."""
    return runs >= config.grace_runs() and now - datetime.fromisoformat(since) >= timedelta(days=config.grace_days())


def withdraw(dataset_id: str, reason: str) -> None:
    """Take a dataset out of public sight. Its content, id and history stay."""
    _withdraw_release(dataset_id, reason)
    if not ledger.package(dataset_id).private:
        tk.get_action("package_patch")(context(), {"id": dataset_id, "private": True})
    ledger.note([dataset_id], withdrawn=True)


def _withdraw_release(dataset_id: str, reason: str) -> None:
    """With the privacy gate the public sees releases, so it is the release that must be withdrawn."""
    try:
        withdraw_release = tk.get_action("privacy_release_withdraw")
    except KeyError:
        return
    status = tk.get_action("privacy_status_show")(context(), {"id": dataset_id})
    if status.get("released") and status.get("release_id"):
        withdraw_release(context(), {"id": status["release_id"], "reason": reason, "erase": False})


def context(**members: Any) -> Context:
    """A context for what the harvester does in its own name."""
    return cast(Context, {"user": harvest_user(), "ignore_auth": True, **members})


def harvest_user() -> str:
    """The user in whose name harvesting acts: ckanext-harvest's setting, else the site's own user."""
    named = tk.config.get("ckanext.harvest.user_name")
    return (
        named or tk.get_action("get_site_user")(cast(Context, {"ignore_auth": True, "defer_commit": True}), {})["name"]
    )
