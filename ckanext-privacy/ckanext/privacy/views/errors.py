"""What a reader sees when an action says no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import store
from ckanext.privacy.said import said


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page answer refusals as :func:`refuse` does, and what was asked for wrongly in the action's own words.

    An error handler could not: what it aborts with is a 500. That the release store is down has a handler of its own.
    """

    @wraps(view)
    def answer(**arguments: Any) -> Any:
        try:
            return view(**arguments)
        except (tk.NotAuthorized, tk.ObjectNotFound):
            return refuse()
        except store.StoreDown:
            raise
        except tk.ValidationError as error:
            return tk.abort(400, " ".join(sentences(error)))

    return answer


def refuse() -> Any:
    """Send visitors to the log-in; tell everyone else that there is nothing here for them.

    The answer is the same whether a dataset is missing or closed, so that nobody learns that it exists.
    """
    if not tk.current_user.is_authenticated:
        return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))
    return tk.abort(404, tk._("There is nothing here, or it is not yours to see."))


def sentences(error: tk.ValidationError) -> list[str]:
    """Return the messages of a validation error, one sentence each, without CKAN's field codes."""
    return list(dict.fromkeys(_messages(error.error_dict)))


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not str(key).startswith("__type"):
                yield from _messages(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _messages(inner)
    elif value:
        # What the engine finds wrong with a file or plan is said in English by it.
        yield said(str(value))


def summary(error: tk.ValidationError, anchor: str) -> list[dict[str, str]]:
    """Return the messages of a validation error for the error summary, each leading to one place of the page."""
    return [{"anchor": anchor, "text": sentence} for sentence in sentences(error)]
