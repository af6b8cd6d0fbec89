"""The finders of sentences as a recognizer of Presidio, so that they join any registry where text is analysed."""

from __future__ import annotations

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from .ner import find_names_in
from .phrases import entities as phrase_entities
from .phrases import find_phrases
from .tagger import LABELS


class SentenceRecognizer(EntityRecognizer):
    """Names of people, organisations, places and addresses, and what the phrases' rules know: no model to download.

    >>> registry.add_recognizer(SentenceRecognizer())  # doctest: +SKIP
    """

    def __init__(self, supported_language: str = "en") -> None:
        known = [label for label in LABELS if label]
        super().__init__(
            supported_entities=[*known, *phrase_entities()],
            supported_language=supported_language,
            name="SentenceRecognizer",
        )

    def load(self) -> None:
        """Load nothing: the models are read when they are first asked."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Return what was found of the entities asked for, or of all; finds may overlap."""
        wanted = set(entities or self.supported_entities)
        names = [(each.label, each.start, each.end, each.confidence) for each in find_names_in([text])[0]]
        phrases = [(each.entity, each.start, each.end, each.confidence) for each in find_phrases(text)]
        return [
            RecognizerResult(
                *each,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for each in (*names, *phrases)
            if each[0] in wanted
        ]
