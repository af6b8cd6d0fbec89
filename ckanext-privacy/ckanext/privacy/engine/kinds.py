"""What the engine knows about each entity: what it is called, how grave it is, which values bear it out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .documents import read_own
from .findings import Sensitivity
from .packs import identifiers
from .sentences import say

ENTITIES = Path(__file__).with_name("lexicon") / "entities.yaml"


@dataclass(frozen=True)
class Kind:
    """What the engine knows about an entity; see the head of :file:`lexicon/entities.yaml`."""

    entity: str
    label: str
    sensitivity: Sensitivity
    values: str
    people: bool = False


@lru_cache
def load_kinds(path: Path = ENTITIES) -> dict[str, Kind]:
    """Read the entities the engine knows."""
    data = read_own(path)
    return {
        entity: Kind(entity, **{**facts, "sensitivity": Sensitivity(facts["sensitivity"])})
        for entity, facts in data.items()
    }


def kind_of(entity: str) -> Kind:
    """Return what is known about an entity; identifiers of countries are a case of a more general kind.

    Of an entity of the user's own nothing is known: somebody looks for it, so it is taken to be grave.
    """
    known = load_kinds().get(general_of(entity))
    return known or Kind(entity, entity.replace("_", " ").lower(), Sensitivity.HIGH, "attribute")


def general_of(entity: str) -> str:
    """Return the entity that another is a case of: NATIONAL_ID for MX_CURP, itself for PERSON."""
    known = identifiers().get(entity)
    return known.kind if known else entity


def called(entity: str) -> str:
    """Return what a reader calls an entity: "telephone numbers", or "identity numbers (CURP)"."""
    kind, identifier = kind_of(entity).label, identifiers().get(entity)
    return say("{what} ({kind})", what=kind, kind=identifier.label) if identifier and identifier.label else kind
