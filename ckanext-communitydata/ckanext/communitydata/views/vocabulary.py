"""The vocabulary, for people and for machines."""

from __future__ import annotations

from pathlib import Path

import ckan.plugins.toolkit as tk
from babel.support import Translations
from flask import Blueprint, Response, request

from ckanext.communitydata import config, skos, vocabularies

__all__ = ["communitydata"]

I18N = Path(__file__).parents[1] / "i18n"
DOMAIN = "ckanext-communitydata"

#: What a client may ask for, the page for people first: it wins when the client does not care.
MEDIA_TYPES = {
    "text/html": "html",
    "text/turtle": "turtle",
    "application/ld+json": "json-ld",
    "application/rdf+xml": "xml",
}
SUFFIXES = {"ttl": "text/turtle", "jsonld": "application/ld+json", "rdf": "application/rdf+xml"}

communitydata = Blueprint("communitydata", __name__)


def translations() -> dict[str, skos.Translate]:
    """A translating function for each language that the suite's own strings come in."""
    return {
        folder.name.replace("_", "-"): Translations.load(str(I18N), [folder.name], DOMAIN).gettext
        for folder in sorted(I18N.iterdir())
        if folder.is_dir()
    }


def vocabulary(suffix: str | None = None) -> Response | str:
    """The vocabulary as a page, Turtle, JSON-LD or RDF/XML, by suffix or by what the client accepts."""
    wanted = SUFFIXES.get(suffix or "") or request.accept_mimetypes.best_match(list(MEDIA_TYPES), "text/html")
    if suffix and suffix not in SUFFIXES:
        tk.abort(404, tk._("The vocabulary comes as .ttl, .jsonld and .rdf."))
    if wanted == "text/html":
        return tk.render(
            "communitydata/vocabulary.html",
            {
                "schemes": vocabularies.schemes().values(),
                "terms": vocabularies.source(),
                "namespace": config.namespace(),
            },
        )
    graph = skos.graph(config.namespace(), translations())
    answer = Response(graph.serialize(format=MEDIA_TYPES[wanted], encoding="utf-8"), mimetype=wanted)
    answer.vary.add("Accept")
    return answer


communitydata.add_url_rule("/ns/community-data", view_func=vocabulary)
communitydata.add_url_rule("/ns/community-data.<suffix>", view_func=vocabulary)
