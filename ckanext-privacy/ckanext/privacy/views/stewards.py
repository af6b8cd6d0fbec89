"""Who decides for an organisation: the page on which its administrators appoint stewards."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.views import errors, words
from ckanext.privacy.views.calls import act, may
from ckanext.privacy.workflow import people


def show(id: str) -> str:
    """List the stewards of an organisation."""
    return _page(id)


def change(id: str) -> Any:
    """Add or remove a steward."""
    username = tk.request.form.get("username", "").strip()
    remove = tk.request.form.get("step") == "remove"
    try:
        act("privacy_steward_remove" if remove else "privacy_steward_add", username=username, organization=id)
    except tk.ValidationError as error:
        return _page(id, errors.summary(error, anchor="steward-username"), username), 400
    except people.MayNot as error:
        return _page(id, [{"anchor": "steward-username", "text": error.sentence}], username), 400
    except tk.ObjectNotFound:
        said = tk._("Nobody here logs in as {name}. Check the spelling.").format(name=username)
        return _page(id, [{"anchor": "steward-username", "text": said}], username), 400
    done = tk._("{name} is no longer a steward.") if remove else tk._("{name} is now a steward.")
    tk.h.flash_success(done.format(name=username))
    return tk.redirect_to("privacy.stewards", id=id)


def _page(id: str, problems: list[dict[str, str]] | None = None, typed: str = "") -> str:
    listed = act("privacy_steward_list", organization=id)
    group = act("organization_show", id=id)
    return tk.render(
        "privacy/stewards.html",
        {
            "group_dict": group,
            "stewards": [{**steward, "since": words.date(steward["created"])} for steward in listed],
            "may_change": may("privacy_steward_add", organization=id),
            "errors": problems,
            "typed": typed,
        },
    )
