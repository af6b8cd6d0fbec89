"""Take what points at people out of running text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ckanext.privacy.engine.spans import find_all_spans


def redactor(entities: Sequence[str] | None = None) -> Callable[[str], str]:
    """Put ``[PERSON]`` and the like for everything in a text that points at people, or only for the `entities` named.

    Dates, places and organisations tell of someone only together with more: they go where they are named.
    """
    wanted = frozenset(entities or ())

    def apply(text: str) -> str:
        found = find_all_spans([text], context=bool(wanted))[0]
        spans = [span for span in found if not wanted or span.entity in wanted]
        for span in sorted(spans, key=lambda each: each.start, reverse=True):
            text = f"{text[: span.start]}[{span.entity}]{text[span.end :]}"
        return text

    return apply
