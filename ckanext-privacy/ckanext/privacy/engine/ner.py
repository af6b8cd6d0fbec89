"""Who finds names in sentences: a language model of spaCy where one is installed, and the project's own tagger always.

Nothing is ever downloaded, and no model is required. What a model finds joins what the tagger finds; the report names
the models that were used.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from .tagger import Tagged, tag

#: What spaCy's models call things, in many languages, and what they are called here.
LABELS = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "persName": "PERSON",
    "PS": "PERSON",
    "ORG": "ORGANIZATION",
    "orgName": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "placeName": "LOCATION",
    "NORP": "NRP",
}
#: A model's finds have no probability of their own.
SURE = 0.85
#: Pipes of a model that names do not need.
SPARED = ("lemmatizer", "attribute_ruler", "parser", "tagger", "morphologizer")


def find_names_in(texts: Sequence[str]) -> list[tuple[Tagged, ...]]:
    """Return for each text the people, organisations and places in it; finds of several finders may overlap."""
    found = tag(texts)
    for pipeline in pipelines():
        found = [(*one, *more) for one, more in zip(found, _by_model(pipeline, texts), strict=True)]
    return found


@lru_cache(maxsize=1)
def models() -> tuple[str, ...]:
    """Names of the language models that are installed and used, for the report; none where spaCy is not.

    Models say by an entry point that they are there: to look takes no import of spaCy.
    """
    if importlib.util.find_spec("spacy") is None:
        return ()
    return tuple(sorted({point.name for point in entry_points(group="spacy_models")}))


@lru_cache(maxsize=1)
def pipelines() -> tuple[Any, ...]:
    """Load the language models that are installed."""
    if not models():
        return ()
    import spacy  # takes seconds, which a scan without a model must not wait for

    return tuple(spacy.load(name, exclude=list(SPARED)) for name in models())


def _by_model(pipeline: Any, texts: Sequence[str]) -> Iterable[tuple[Tagged, ...]]:
    for document in pipeline.pipe(texts):
        yield tuple(
            Tagged(LABELS[each.label_], SURE, each.start_char, each.end_char)
            for each in document.ents
            if each.label_ in LABELS
        )
