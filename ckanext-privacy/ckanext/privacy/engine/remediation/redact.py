"""Take what points at people out of running text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ckanext.privacy.engine.spans import find_spans


def redactor(entities: Sequence[str] | None = None) -> Callable[[str], str]:
    """Put ``[PHONE_NUMBER]`` and the like for everything found in a text, or only for the `entities` named."""
    wanted = frozenset(entities or ())

    def apply(text: str) -> str:
        spans = [span for span in find_spans(text) if not wanted or span.entity in wanted]
        for span in sorted(spans, key=lambda each: each.start, reverse=True):
            text = f"{text[: span.start]}[{span.entity}]{text[span.end :]}"
        return text

    return apply
