"""Presidio recognizers for the country packs, and the analyzer made of them.

No model, no network: Presidio's no-op language engine, an explicit registry, and the snapshot of the public-suffix list
that tldextract ships.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Sequence
from typing import Any

import presidio_analyzer.predefined_recognizers as predefined
import tldextract
import tldextract.tldextract
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, Pattern, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from .own import LANGUAGE
from .packs import Identifier, Pack

#: Score from which a value counts as flagged.
THRESHOLD = 0.4

logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


class ChecksumRecognizer(PatternRecognizer):
    """A pattern whose matches python-stdnum proves or disproves."""

    def __init__(self, identifier: Identifier) -> None:
        patterns = [Pattern(identifier.entity, text, score) for text, score in identifier.patterns.items()]
        super().__init__(
            supported_entity=identifier.entity,
            patterns=patterns,
            context=list(identifier.context),
            supported_language=LANGUAGE,
            name=f"{identifier.entity}_{identifier.country}",
            country_code=identifier.country,
        )
        self._check = importlib.import_module(identifier.check) if identifier.check else None
        self._options = identifier.options

    def validate_result(self, pattern_text: str) -> bool | None:
        """Prove by checksum; None where the identifier has none."""
        if self._check is None:
            return None
        try:
            return bool(self._check.is_valid(pattern_text, **self._options))
        except (KeyError, ValueError, IndexError):
            # Some modules look a region up without a guard; an unknown region is no valid number.
            return False


class SilentEngine(NoOpNlpEngine):
    """Presidio's no-op language engine without the empty spaCy document, for which spaCy would have to be loaded."""

    def _create_empty_nlp_artifacts(self, language: str) -> NlpArtifacts:
        return NlpArtifacts([], [], [], [], self, language)  # type: ignore[arg-type]


def recognizer_of(identifier: Identifier, regions: Sequence[str]) -> EntityRecognizer:
    """Build one recognizer of a pack."""
    if not identifier.presidio:
        return ChecksumRecognizer(identifier)
    kind = getattr(predefined, identifier.presidio)
    options: dict[str, Any] = {"supported_language": LANGUAGE}
    if identifier.presidio == "PhoneRecognizer":
        options["supported_regions"] = tuple(regions)
    return kind(**options)


def analyzer_of(packs: Sequence[Pack], own: Sequence[EntityRecognizer] = ()) -> AnalyzerEngine:
    """Build the analyzer for some packs and the user's recognizers."""
    stay_offline()
    regions = [pack.phone for pack in packs if pack.phone]
    recognizers = [recognizer_of(identifier, regions) for pack in packs for identifier in pack.identifiers]
    registry = RecognizerRegistry(recognizers=[*recognizers, *own], supported_languages=[LANGUAGE])
    warnings.filterwarnings("ignore", message="LemmaContextAwareEnhancer", category=UserWarning)
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=SilentEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}]),
        supported_languages=[LANGUAGE],
        context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
        default_score_threshold=THRESHOLD,
    )


def stay_offline() -> None:
    """Make Presidio's e-mail recognizer use the public-suffix list that is installed, not the one on the network."""
    extract = tldextract.TLDExtract(suffix_list_urls=(), fallback_to_snapshot=True, cache_dir=None)
    tldextract.extract = extract
    tldextract.tldextract.TLD_EXTRACTOR = extract
