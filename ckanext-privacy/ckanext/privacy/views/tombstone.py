"""What a visitor finds where a dataset was: that it was taken down, when and why; for machines the same in RDF."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from flask import Response

from ckanext.privacy.said import said
from ckanext.privacy.views import words
from ckanext.privacy.workflow import tombstones

_RDF = "dcat.read_dataset"
#: RDF formats of ckanext-dcat's addresses -> (rdflib's name, media type).
_FORMATS = {
    "ttl": ("turtle", "text/turtle"),
    "rdf": ("xml", "application/rdf+xml"),
    "xml": ("xml", "application/rdf+xml"),
    "n3": ("n3", "text/n3"),
    "jsonld": ("json-ld", "application/ld+json"),
}


def answer(response: Response) -> Response:
    """Answer "gone" in place of "not found" where a dataset was public; asked only when nothing was found."""
    endpoint = tk.request.endpoint or ""
    if response.status_code != 404 or not (endpoint == _RDF or endpoint.endswith(".read")):
        return response
    arguments = tk.request.view_args or {}
    named = str(arguments.get("_id") or arguments.get("id") or "")
    found = tombstones.of(named) if named else None
    if found is None:
        return response
    gone = _graph(found, str(arguments.get("_format", ""))) if endpoint == _RDF else _page(found)
    gone.headers["Cache-Control"] = "no-cache"
    return gone


def _page(found: tombstones.Tombstone) -> Response:
    # "Not found" was rendered before, and took the styles with it.
    tk.g.pop("_webassets", None)
    told = {"state": words.state(found["state"]), "since": words.date(found["since"]), "reason": said(found["reason"])}
    return Response(tk.render("privacy/tombstone.html", {"told": told}), status=410, content_type="text/html")


def _graph(found: tombstones.Tombstone, asked: str) -> Response:
    from rdflib import Graph

    from ckanext.privacy import tombstone_profile

    graph = Graph()
    tombstone_profile.write(graph, found)
    name, media_type = _FORMATS.get(asked, _FORMATS["rdf"])
    return Response(graph.serialize(format=name), status=410, content_type=f"{media_type}; charset=utf-8")
