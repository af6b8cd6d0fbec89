"""Characters that PostgreSQL cannot keep: NUL, and halves of a pair of surrogates.

Every query with such a text fails, and with it the page or the call, the note of who was refused what too. So a request
that holds one is answered before anything looks at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ckan.plugins import toolkit as tk
from flask import Response

_NEVER = re.compile("[\x00\ud800-\udfff]")
#: How JSON may spell one, or one half of a pair that is whole.
_SPELLED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def refuse() -> Response | None:
    """Answer a request that holds such a character, in an address, a field of a form or JSON; None lets others pass."""
    if not any(map(_NEVER.search, _texts())):
        return None
    sentence = tk._("The request holds characters that cannot be stored (NUL, or half a character): leave them out.")
    if tk.request.endpoint != "api.action":
        return tk.abort(400, sentence)
    error = {"__type": "Validation Error", "message": [sentence]}
    body = json.dumps({"help": None, "success": False, "error": error})
    return Response(body, status=409, content_type="application/json;charset=utf-8")


def _texts() -> Iterator[str]:
    request = tk.request
    yield from map(str, (request.view_args or {}).values())
    for fields in (request.args, request.form):
        for name, value in fields.items(multi=True):
            yield name
            yield value
    # A form can be all JSON, under a name without a value; reading the body of one takes its fields away.
    for sent in (request.get_data(), *(name.encode(errors="replace") for name in list(request.form)[:1])):
        if _SPELLED.search(sent):
            yield from _inside(sent)


def _inside(sent: bytes) -> Iterator[str]:
    with suppress(ValueError):
        yield from _all(json.loads(sent))


def _all(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)
