"""Who is steward for which organisation."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.logic.auth.catalogue import organization_of
from ckanext.privacy.workflow import people, reminding, stewards


@schema.accepts(schema.steward)
def privacy_steward_add(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make a person steward for an organisation: they may decide about what is asked for from now on.

    Its other stewards and the system administrators are told. Nobody but those appoints themselves, and who was
    appointed by an administrator of the organisation does not approve what that one asked for or changed last.

    :param username: the person, by name or id
    :param organization: the organisation, by name or id
    :returns: ``{username, display_name, organization, created, added_by}``
    """
    access.check("privacy_steward_add", context, data_dict)
    user, organization = _person(data_dict), organization_of(data_dict)
    steward = stewards.appoint(user, organization, people.current_user(context))
    return stewards.dictize(steward, user)


@schema.accepts(schema.steward)
def privacy_steward_remove(context: Context, data_dict: DataDict) -> dict[str, bool]:
    """End a person's stewardship.

    :returns: ``{"removed": bool}``, False when there was none
    """
    access.check("privacy_steward_remove", context, data_dict)
    actor = people.current_user(context)
    return {"removed": stewards.dismiss(_person(data_dict), organization_of(data_dict), actor)}


@tk.side_effect_free
@schema.accepts(schema.steward_list)
def privacy_steward_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the stewards of an organisation, longest-serving first."""
    access.check("privacy_steward_list", context, data_dict)
    return stewards.listing(organization_of(data_dict).id)


@tk.side_effect_free
def privacy_steward_change_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """List the organisations of which you were told, in the last two weeks, that their stewards are others now.

    :returns: ``[{object_type, object_id, step, due, told, title}]``: the organisation, ``stewards_changed``, since when
    """
    tk.check_access("privacy_steward_change_list", context, data_dict)
    return reminding.stewards_changed(people.current_user(context))


def _person(data_dict: DataDict) -> model.User:
    user = model.User.get(data_dict["username"])
    if user is None or not user.is_active:
        raise tk.ObjectNotFound(tk._("There is no such user."))
    return user
