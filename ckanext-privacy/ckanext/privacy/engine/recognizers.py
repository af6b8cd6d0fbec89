"""Presidio recognizers for the country packs, and the analyzer made of them.

No model, no network: Presidio's no-op language engine, an explicit registry, and the snapshot of the public-suffix list
that tldextract ships.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
import presidio_analyzer.predefined_recognizers as predefined
import regex
import tldextract
import tldextract.tldextract
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from .checks import check_of
from .own import LANGUAGE
from .packs import Identifier, Pack
from .prefilter import PHONE

#: Score from which a value counts as flagged.
THRESHOLD = 0.4
#: Digits that a country code, a trunk prefix and a prefix for calls abroad add to a national number.
PREFIXES = 6

logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)


class ChecksumRecognizer(PatternRecognizer):
    """A country's identifier that Presidio has no recognizer for; check digits prove or disprove its matches."""

    def __init__(self, identifier: Identifier) -> None:
        patterns = [Pattern(identifier.entity, text, score) for text, score in identifier.patterns.items()]
        super().__init__(
            supported_entity=identifier.entity,
            patterns=patterns,
            context=sorted(_words([*identifier.heading, *identifier.context])),
            supported_language=LANGUAGE,
            name=f"{identifier.entity}_{identifier.country}",
            country_code=identifier.country,
        )
        self._check = check_of(identifier.check, identifier.options) or (lambda _text: None)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Prove by check digits; None where the identifier has none."""
        return self._check(pattern_text)


class TelephoneRecognizer(predefined.PhoneRecognizer):
    """Presidio's, which asks every region about every text, without the regions whose numbers are longer or shorter.

    It stops asking when every number of the text was found.
    """

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find telephone numbers of any region."""
        numbers = [match.span() for match in DIGITS.finditer(text)]
        most = max((sum(char.isdigit() for char in text[start:end]) for start, end in numbers), default=0)
        found: list[RecognizerResult] = []
        for region in self.supported_regions:
            if not _may_have(region, most, whole=text.isdigit()):
                continue
            matches = phonenumbers.PhoneNumberMatcher(text, region, leniency=self.leniency or 1)
            found.extend(self._get_recognizer_result(match, text, region, nlp_artifacts) for match in matches)
            if all(any(each.start < end and start < each.end for each in found) for start, end in numbers):
                break
        return EntityRecognizer.remove_duplicates(found)


DIGITS = regex.compile(PHONE.replace("0-9", r"\d"))


def _may_have(region: str, digits: int, whole: bool) -> bool:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.general_desc is None:
        return True
    lengths = [*metadata.general_desc.possible_length, *metadata.general_desc.possible_length_local_only]
    return digits >= min(lengths) and not (whole and digits > max(lengths) + PREFIXES)


def _words(phrases: Sequence[str]) -> set[str]:
    return {word for phrase in phrases for word in phrase.lower().split()}


class SilentEngine(NoOpNlpEngine):
    """Presidio's no-op language engine without the empty spaCy document, for which spaCy would have to be loaded."""

    def _create_empty_nlp_artifacts(self, language: str) -> NlpArtifacts:
        return NlpArtifacts([], [], [], [], self, language)  # type: ignore[arg-type]


def recognizers_of(packs: Sequence[Pack]) -> list[EntityRecognizer]:
    """Build the recognizers of some packs: Presidio's where it has one. What needs a heading has none."""
    regions = [pack.phone for pack in packs if pack.phone]
    return [recognizer_of(each, regions) for pack in packs for each in pack.identifiers if not each.headed]


def recognizer_of(identifier: Identifier, regions: Sequence[str] = ()) -> EntityRecognizer:
    """Build one recognizer of a pack."""
    if not identifier.presidio:
        return ChecksumRecognizer(identifier)
    if identifier.presidio == "PhoneRecognizer":
        return TelephoneRecognizer(supported_language=LANGUAGE, supported_regions=tuple(regions))
    # Who builds one recognizer by itself must not reach for the network either.
    stay_offline()
    return getattr(predefined, identifier.presidio)(supported_language=LANGUAGE)


def analyzer_of(packs: Sequence[Pack], own: Sequence[EntityRecognizer] = ()) -> AnalyzerEngine:
    """Build the analyzer for some packs and the user's recognizers."""
    stay_offline()
    registry = RecognizerRegistry(recognizers=[*recognizers_of(packs), *own], supported_languages=[LANGUAGE])
    warnings.filterwarnings("ignore", message="LemmaContextAwareEnhancer", category=UserWarning)
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=SilentEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}]),
        supported_languages=[LANGUAGE],
        context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
        default_score_threshold=THRESHOLD,
    )


@lru_cache(maxsize=1)
def stay_offline() -> None:
    """Make Presidio's e-mail recognizer use the public-suffix list that is installed, not the one on the network."""
    extract = tldextract.TLDExtract(suffix_list_urls=(), fallback_to_snapshot=True, cache_dir=None)
    tldextract.extract = extract
    tldextract.tldextract.TLD_EXTRACTOR = extract
