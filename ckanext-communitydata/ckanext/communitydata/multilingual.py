"""Texts in several languages: ``{language tag: text}``. Plain Python: no CKAN in here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .fields import FieldError, _, language_tag

Texts = dict[str, str]


def parse(value: Any, default_language: str) -> Texts:
    """Read texts from a mapping, its JSON, or a plain text, which is taken to be in the default language.

    Empty texts are dropped. Raises :class:`FieldError` when a language or a text cannot be used.
    """
    if isinstance(value, str):
        value = _from_text(value, default_language)
    if not isinstance(value, Mapping):
        raise FieldError(_("Give the text for each language, such as a mapping from en to the English text."))
    texts = {language_tag(str(code)): text for code, text in value.items() if text}
    if not all(isinstance(text, str) for text in texts.values()):
        raise FieldError(_("Every language must have a text."))
    return {code: text.strip() for code, text in texts.items() if text.strip()}


def _from_text(text: str, default_language: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            pass  # a sentence may well begin with a brace
    return {default_language: text}


def pick(texts: Mapping[str, str], wanted: str, default_language: str) -> str:
    """Return the text that serves a reader best: their language, its base language, the default, the first there is.

    >>> pick({"en": "House", "pt": "Casa"}, "pt_BR", "en")
    'Casa'
    """
    tag = wanted.replace("_", "-")
    for code in (tag, tag.split("-", maxsplit=1)[0], default_language):
        if texts.get(code):
            return texts[code]
    return next(iter(texts.values()), "")


def follow_plain(
    plain: str | None, texts: Texts, plain_before: str | None, texts_before: Texts, language: str
) -> Texts:
    """Let a change that was made to the plain text alone reach the texts by language.

    A client that knows only ``title`` sends it back beside the ``title_translated`` it was shown. If only the plain one
    has changed, it speaks for the language that it was shown in; otherwise the texts by language win.
    """
    if not plain:
        return texts
    if not texts:
        return {language: plain}
    if plain == plain_before or texts != texts_before:
        return texts
    shown_in = next((code for code, text in texts_before.items() if text == plain_before), language)
    return {**texts, shown_in: plain}
