"""Who is named inside sentences: by the tagger alone, with a language model, in columns, and blacked out."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from benchmarks.quality import NEED_MODEL, measure_presidio_research
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine import ner
from ckanext.privacy.engine.evidence import Column
from ckanext.privacy.engine.explain import explanation
from ckanext.privacy.engine.freetext import names_in_texts
from ckanext.privacy.engine.names import measured
from ckanext.privacy.engine.phrases import find_phrases
from ckanext.privacy.engine.profile import ColumnProfile
from ckanext.privacy.engine.sentence_recognizer import SentenceRecognizer
from ckanext.privacy.engine.spans import find_all_spans
from ckanext.privacy.engine.tagger import tag
from ckanext.privacy.engine.values import Values

CORPUS = Path(os.environ.get("SUITE_CORPUS", "/nowhere")) / "presidio-research"


def people(text: str) -> list[str]:
    return [text[each.start : each.end] for each in tag([text])[0] if each.label == "PERSON"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My name is Rebecca Thornton and I live in Leeds.", ["Rebecca Thornton"]),
        ("La señora Guadalupe Hernández se queja del ruido.", ["Guadalupe Hernández"]),
        ("O vereador Carlos Eduardo Souza propôs a obra.", ["Carlos Eduardo Souza"]),
        ("Madame Sylvie Dubois demande une aide.", ["Sylvie Dubois"]),
        ("मेरा नाम सुनीता शर्मा है और मैं पुणे में रहती हूँ।", ["सुनीता शर्मा"]),
        ("اسمي محمد الأحمد وأسكن هنا.", ["محمد الأحمد"]),
        ("The street light is broken and nobody came.", []),
        ("No hay agua en la colonia desde el lunes.", []),
        ("Need more trees, better roads and cheaper buses", []),
    ],
)
def test_people_in_sentences_of_many_languages(text: str, names: list[str]) -> None:
    assert people(text) == names


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_gets_spans_inside_it_in_order(texts: list[str]) -> None:
    for text, found in zip(texts, find_all_spans(texts, context=True), strict=True):
        ends = [0]
        for span in found:
            assert ends[-1] <= span.start < span.end <= len(text)
            assert 0 < span.confidence <= 1
            ends.append(span.end)


def test_a_text_is_read_the_same_alone_and_among_others() -> None:
    texts = ["My name is Rebecca Thornton.", "", "Pregunte por Lucía Fernández en la oficina.", "…"]
    assert find_all_spans(texts) == [find_all_spans([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("text", "entity", "found"),
    [
        ("I am a 43 year old man", "AGE", "43"),
        ("tengo 43 años", "AGE", "43"),
        ("मेरी उम्र 45 साल है", "AGE", "45"),
        ("seen on 3 de marzo de 2020 there", "DATE_TIME", "3 de marzo de 2020"),
        ("on 2020-03-05 12:30:00 it", "DATE_TIME", "2020-03-05 12:30:00"),
        ("my card # 5038 9054 7220 is lost", "CREDIT_CARD", "5038 9054 7220"),
        ("mi tarjeta 676222165679 está bloqueada", "CREDIT_CARD", "676222165679"),
        ("Tel. 345-899-3560x4587", "PHONE_NUMBER", "345-899-3560x4587"),
        ("फोन: 98200 12345", "PHONE_NUMBER", "98200 12345"),
        ("My zip code is 3910", "POSTCODE", "3910"),
        ("a Nigerian family", "NRP", "Nigerian"),
        ("see https://example.org/a.", "URL", "https://example.org/a"),
    ],
)
def test_what_form_and_neighbours_tell(text: str, entity: str, found: str) -> None:
    finds = {(each.entity, text[each.start : each.end]) for each in find_phrases(text)}
    assert (entity, found) in finds


def test_numbers_without_a_word_for_them_are_nothing() -> None:
    finds = [
        each.entity
        for each in find_phrases("Section 12.4 lists 43 items, 120 trees and 98200 bricks at 5038 9054 7220.")
    ]
    assert finds == []


def test_organisations_and_dates_are_told_only_when_asked_for() -> None:
    text = "Rebecca Thornton of Thornton & Sons Ltd called on 2020-03-05."
    assert {span.entity for span in find_all_spans([text])[0]} == {"PERSON"}
    assert {"PERSON", "DATE_TIME"} <= {span.entity for span in find_all_spans([text], context=True)[0]}


def test_an_installed_language_model_joins_in(monkeypatch: pytest.MonkeyPatch) -> None:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Qwxz"}, {"label": "MONEY", "pattern": "ten"}])
    monkeypatch.setattr(ner, "pipelines", lambda: (pipeline,))
    spans = find_all_spans(["it was qwertz or Qwxz for ten"])[0]
    assert ("PERSON", 17, 21) in [(span.entity, span.start, span.end) for span in spans]


def test_the_report_names_the_models_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [EntryPoint("xx_fake_sm", "xx_fake_sm", "spacy_models")]
    monkeypatch.setattr(ner, "entry_points", lambda group: installed if group == "spacy_models" else [])
    ner.models.cache_clear()
    assert ner.models() == ("xx_fake_sm",)
    assert "xx_fake_sm" in explanation(["mx"])
    ner.models.cache_clear()


def test_no_model_is_looked_for_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    ner.pipelines.cache_clear()
    assert ner.pipelines() == ()


def test_it_joins_a_registry_of_presidio() -> None:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    from ckanext.privacy.engine.recognizers import SilentEngine

    registry = RecognizerRegistry(recognizers=[SentenceRecognizer()], supported_languages=["en"])
    engine = SilentEngine(models=[{"lang_code": "en", "model_name": "none"}])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    text = "My name is Rebecca Thornton, I am 43 years old."
    found = {(each.entity_type, text[each.start : each.end]) for each in analyzer.analyze(text, "en")}
    assert {("PERSON", "Rebecca Thornton"), ("AGE", "43")} <= found
    assert [each.entity_type for each in analyzer.analyze(text, "en", entities=["AGE"])] == ["AGE"]


def column(cells: list[str], rows: int) -> Column:
    profile = ColumnProfile("remarks", "remarks")
    profile.filled = rows
    return Column(profile, Values(dict.fromkeys(cells, 1), rows), {})


COMPLAINTS = [
    f"The bin at the corner was not emptied for {n} days and it smells, please do something." for n in range(40)
]


def test_a_column_of_texts_tells_how_many_name_someone() -> None:
    named = [
        f"My neighbour Rebecca Thornton burns rubbish {n} times a week, she said it was Suresh Kumar."
        for n in range(10)
    ]
    evidence = names_in_texts(column(COMPLAINTS + named, 5000))
    assert evidence is not None
    assert (evidence.entity, evidence.detectors, evidence.rows) == ("PERSON", ("text",), 1000)
    assert "Rebecca Thornton" in evidence.values


def test_texts_that_name_nobody_are_no_finding() -> None:
    assert names_in_texts(column(COMPLAINTS, 5000)) is None
    assert names_in_texts(column(["short", "cells"], 10)) is None


def test_sentences_of_kept_templates_keep_their_floor() -> None:
    people_found = {language: row["PERSON"] for language, row in measured()["sentences"].items() if "PERSON" in row}
    assert len(people_found) >= 10
    assert sum(row["f2"] for row in people_found.values()) / len(people_found) > 0.6


@pytest.mark.skipif(not CORPUS.exists(), reason="SUITE_CORPUS holds no presidio-research")
def test_presidio_research_reaches_the_goal() -> None:
    scores = measure_presidio_research(CORPUS)
    assert scores["without a model"]["f2"] > 0.85
    assert scores["PERSON"]["f2"] > 0.70
    assert {"PERSON", "LOCATION"} <= NEED_MODEL
