"""What reports say, on pages: in the language of the reader."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import ckan.plugins as p
from ckan.plugins import toolkit as tk
from flask import has_request_context

from ckanext.privacy import translation


def said(sentence: str | None) -> str:
    """Return a sentence of a report in the reader's language; as it is where we do not have it, as a city's own.

    A command has no reader's language: it speaks the site's.
    """
    if not sentence:
        return ""
    asked = tk.h.lang() if has_request_context() else None
    return translation.translated(sentence, _catalogues(asked or tk.config["ckan.locale_default"]))


@lru_cache
def _catalogues(language: str) -> tuple[Path, ...]:
    return tuple(
        Path(plugin.i18n_directory(), language, "LC_MESSAGES", f"{plugin.i18n_domain()}.mo")
        for plugin in p.PluginImplementations(p.ITranslation)
    )
