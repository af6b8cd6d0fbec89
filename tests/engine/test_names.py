"""Whose names they are: people's, organisations', streets', places' or nobody's; and how well, by language."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from benchmarks.quality import CELLS, MATERIAL, is_named, read_lines, weights

from ckanext.privacy.engine.explain import explanation
from ckanext.privacy.engine.names import CLASSES, classify, measured, shape_of

PEOPLE = [
    "Juan Pérez",
    "PÉREZ GARCÍA, JUAN CARLOS",
    "J. M. Pérez",
    "María de los Ángeles Rodríguez",
    "Dr. Anna Schmidt",
    "Van den Berg, J.",
    "Smt. Lakshmi Devi",
    "Ramesh Kumar s/o Suresh Kumar",
    "Mohammed bin Rashid",
    "राजेश कुमार शर्मा",
    "محمد أحمد عبد الله",
    "Иванов Пётр Сергеевич",
    "Петров И.С.",
    "王小明",
    "田中 太郎",
    "Nguyễn Văn An",
    "Oluwaseun Adeyemi",
    "Siti Nurhaliza",
    "Dott.ssa Maria Rossi",
    "মোঃ আব্দুল করিম",
]
NOBODY = [
    "Plaza Simón Bolívar",
    "Avenida Francisco Madero",
    "Juan Pérez SL",
    "Gómez Hermanos S.A.",
    "Escuela Benito Juárez",
    "Hospital General de México",
    "Ministerio de Educación",
    "Via Giuseppe Verdi 12",
    "Rua Augusta, 1200",
    "12 Main Street",
    "Red fire ant",
    "Public works",
    "Acute bronchitis",
    "Head of Department",
    "Partido Verde",
    "Real Madrid",
    "A-1023",
    "राजकीय विद्यालय",
    "شارع الملك فهد",
    "ООО Ромашка",
    "北京大学",
    "Ward No. 12",
    "Universidad de Chile",
    "Smith & Sons Ltd",
]


def test_people_are_told_from_what_is_named_after_them() -> None:
    people = classify(PEOPLE)[:, 0] > 0.5
    others = classify(NOBODY)[:, 0] > 0.5
    assert people.mean() >= 0.9, [name for name, said in zip(PEOPLE, people, strict=True) if not said]
    assert others.mean() <= 0.05, [text for text, said in zip(NOBODY, others, strict=True) if said]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Juan Pérez SL", "organisation"),
        ("Escuela Benito Juárez", "organisation"),
        ("Plaza Simón Bolívar", "street"),
        ("Calle Simón Bolívar 14", "address"),
        ("Juan Pérez", "person"),
    ],
)
def test_the_same_name_in_five_uses(text: str, kind: str) -> None:
    assert CLASSES[int(classify([text])[0].argmax())] == kind


def test_odd_texts_get_an_answer_and_probabilities_sum_to_one() -> None:
    texts = ["", " ", "\u200b", "…", "a" * 5000, "J*** P***", "\U0001f600", "12", "\n"]
    chances = classify(texts)
    assert chances.shape == (len(texts), len(CLASSES))
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert classify([]).shape == (0, len(CLASSES))


def test_an_answer_does_not_depend_on_the_company() -> None:
    alone = np.stack([classify([text])[0] for text in (*PEOPLE, *NOBODY)])
    assert np.abs(classify([*PEOPLE, *NOBODY]) - alone).max() < 1e-5


def test_shapes() -> None:
    assert shape_of("PÉREZ, Juan M. de 12") == "A,TI.a0"
    assert shape_of("J*** P***") == "**"
    assert shape_of("राम 王") == "xx"


def test_a_column_is_looked_at_in_milliseconds() -> None:
    cells = (PEOPLE + NOBODY) * 10
    classify(cells[:400])
    started = time.process_time()
    classify(cells[:400])
    assert time.process_time() - started < 0.1


def test_the_figures_that_are_shown_are_those_of_these_weights() -> None:
    assert measured()["models"] == weights(), "measure again: benchmarks/quality.py --write"
    text = explanation(["mx"])
    assert "hi (Devanagari)" in text
    assert "In sentences" in text


def test_columns_of_names_are_found_in_every_language() -> None:
    figures = measured()["names"]
    least = min(row["columns of names"] for row in figures.values())
    assert least >= max(row["columns of names"] for row in figures.values()) - 0.10
    assert sum(row["false columns"] for row in figures.values()) / len(figures) <= 0.03
    assert {"Latin", "Devanagari", "Arabic", "Han", "Cyrillic", "Bengali"} <= {
        row["script"] for row in figures.values()
    }


def test_the_kept_names_of_some_languages_are_found_now() -> None:
    wanted = {"es", "hi-Latn", "zh", "ar", "ru", "bn", "en"}
    lines = [line for line in read_lines(MATERIAL / "cells.jsonl.gz") if line["language"] in wanted]
    for line in lines:
        said = is_named(line["texts"][:CELLS])
        assert said is (line["kind"] in {"full name"}) or line["kind"] == "one name", json.dumps(line)[:200]
