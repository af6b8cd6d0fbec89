"""Following: what somebody follows is shown as they may see it, and held datasets have no followers to count."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience, released


def _as_seen(context: Context, package_id: str) -> dict[str, Any] | None:
    own: Context = {"user": context.get("user", ""), "ignore_auth": False}
    try:
        return tk.get_action("package_show")(own, {"id": package_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None


def _check_seen(context: Context, data_dict: DataDict) -> None:
    package_id = tk.get_or_bust(data_dict, "id")
    if context.get("ignore_auth"):
        return
    package = audience.dataset(package_id)
    if package is None or not (released.is_public(package.id) or audience.works_on(audience.reader(context), package)):
        raise tk.ObjectNotFound(tk._("Not found"))


@tk.chained_action
@tk.side_effect_free
def dataset_follower_count(original: Action, context: Context, data_dict: DataDict) -> int:
    """Count the followers of a dataset the reader may see."""
    _check_seen(context, data_dict)
    return original(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def am_following_dataset(original: Action, context: Context, data_dict: DataDict) -> bool:
    """Say whether the reader follows a dataset they may see."""
    _check_seen(context, data_dict)
    return original(context, data_dict)


@tk.chained_action
def follow_dataset(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Follow a dataset the reader may see."""
    _check_seen(context, data_dict)
    return original(context, data_dict)


@tk.chained_action
def unfollow_dataset(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Stop following a dataset, though it be held by now; who never followed it must be able to see it."""
    user, package = audience.reader(context), model.Package.get(tk.get_or_bust(data_dict, "id"))
    if not (user and package and model.UserFollowingDataset.get(user.id, package.id)):
        _check_seen(context, data_dict)
    return original(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def dataset_followee_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List followed datasets as the reader may see them; CKAN answers with the rows."""
    found = (_as_seen(context, package["id"]) for package in original(context.copy(), data_dict))
    return [package for package in found if package]


@tk.chained_action
@tk.side_effect_free
def followee_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List what somebody follows, datasets as the reader may see them."""
    # CKAN switches the checks off in the context it is given, so it gets one of its own.
    found = [_followee(context, followee) for followee in original(context.copy(), data_dict)]
    return [followee for followee in found if followee]


def _followee(context: Context, followee: dict[str, Any]) -> dict[str, Any] | None:
    if followee["type"] != "dataset":
        return followee
    package = _as_seen(context, followee["dict"]["id"])
    return {**followee, "dict": package, "display_name": package["title"] or package["name"]} if package else None
