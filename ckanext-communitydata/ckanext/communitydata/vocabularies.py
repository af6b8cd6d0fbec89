"""The lists that people pick from, read once from vocabularies.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ckanext.privacy.engine.documents import parse_yaml

SOURCE = Path(__file__).with_name("vocabularies.yaml")

#: Where our own terms live unless a site says otherwise. One constant, so that catalogues can be merged.
DEFAULT_NAMESPACE = "https://w3id.org/community-data#"


@dataclass(frozen=True)
class Concept:
    """One entry of a list: the token that is stored, its English label, and somebody else's IRI where one exists."""

    scheme: str
    token: str
    label: str
    foreign_iri: str | None = None
    metres: int = 0

    def iri(self, namespace: str = DEFAULT_NAMESPACE) -> str:
        """Full IRI of the concept."""
        return self.foreign_iri or f"{namespace}{self.scheme}.{self.token}"


@dataclass(frozen=True)
class Scheme:
    """A list of concepts in the order in which they are shown."""

    name: str
    label: str
    definition: str
    concepts: dict[str, Concept]

    def iri(self, namespace: str = DEFAULT_NAMESPACE) -> str:
        """Full IRI of the list; set apart from the properties, some of which carry the same name."""
        return f"{namespace}scheme.{self.name}"


@cache
def source() -> dict[str, Any]:
    """Everything in vocabularies.yaml as plain data."""
    return parse_yaml(SOURCE.read_text(encoding="utf-8"))


def expand(name: str, namespace: str = DEFAULT_NAMESPACE) -> str:
    """Turn a short name such as ``dpv:Purpose`` or ``cdg:stage`` into a full IRI; anything else comes back as it is."""
    prefix, _, local = name.partition(":")
    if prefix == "cdg":
        return namespace + local
    base = source()["prefixes"].get(prefix)
    return f"{base}{local}" if base else name


def _concept(scheme: str, token: str, entry: dict[str, Any]) -> Concept:
    iri = entry.get("iri")
    return Concept(scheme, token, entry["label"], expand(iri) if iri else None, entry.get("metres", 0))


@cache
def schemes() -> dict[str, Scheme]:
    """All lists by name."""
    return {
        name: Scheme(
            name,
            entry["label"],
            entry["definition"],
            {token: _concept(name, token, concept) for token, concept in entry["concepts"].items()},
        )
        for name, entry in source()["schemes"].items()
    }


def concepts(scheme: str) -> list[Concept]:
    """The entries of one list, in the order in which they are shown."""
    return list(schemes()[scheme].concepts.values())


def find(scheme: str, value: str, namespace: str = DEFAULT_NAMESPACE) -> Concept | None:
    """The concept meant by a token, a short name or a full IRI; None if the list has no such entry."""
    known = schemes()[scheme].concepts
    if value in known:
        return known[value]
    wanted = expand(value, namespace)
    return next((c for c in known.values() if c.iri(namespace) == wanted), None)
