"""What the engine says is read in another language: the templates found again, whatever stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from docs import translations
from hypothesis import given
from hypothesis import strategies as st

from ckanext.privacy.engine import judge, load_policy, scan_file
from ckanext.privacy.engine.quality import check_quality
from ckanext.privacy.engine.sentences import WORDS, listed, say
from ckanext.privacy.translation import SENTENCE, load_sentences, translated

SPANISH = (translations.PACKAGES[1].language("es").with_suffix(".mo"),)
TEMPLATES = [
    message.id for message in translations.load(translations.PACKAGES[1].template) if message.context == SENTENCE
]


@pytest.fixture(scope="module")
def shouted(tmp_path_factory):
    """A language in which everything is said in capitals, values aside: what stays small was not translated."""
    catalog = Catalog(locale="es")
    for template in TEMPLATES:
        parts = translations.PLACEHOLDER.split(template)
        names = translations.PLACEHOLDER.findall(template)
        shout = "".join(part.upper() + name for part, name in zip(parts, [*names, ""], strict=True))
        catalog.add(template, shout, context=SENTENCE)
    path = tmp_path_factory.mktemp("shouted") / "shouted.mo"
    with path.open("wb") as file:
        write_mo(file, catalog)
    return load_sentences((path,))


def test_a_template_is_found_for_every_sentence_of_a_scan(tmp_path, shouted):
    """A table of people, a line too long, a wrong value, a picture: nothing said of them is left over."""
    table = tmp_path / "register.csv"
    people = [f"Ana Gómez {n},+52 55 1234 {n:04},{1950 + n},F,Norte,diabetes\n" for n in range(30)]
    table.write_text("name,phone,year of birth,sex,district,illness\n" + "".join(people) + "x\n\n1,2,3,4,5,6,7,8\n")
    picture = tmp_path / "picture.psd"
    picture.write_bytes(b"8BPS" + bytes(200))
    said = []
    for path in (table, picture):
        report = scan_file(path)
        said += [reason.sentence for reason in judge(report, load_policy(), declarations={}, quality_errors=3).reasons]
        said += [column.reason for each in report.tables for column in each.columns]
        said += [each.reason for each in report.held]
        said += [each.reason for table in report.tables for each in table.risk.combinations]
        said += [each for table in report.tables for each in table.risk.not_said]
    quality = check_quality(table)
    said += [error.sentence for each in quality.tables for error in each.errors]
    assert len(said) > 12
    for sentence in said:
        other = shouted.translate(sentence)
        assert other is not None, sentence
        assert not [word for word in ("holds", "rows", "the", "is", "and") if f" {word} " in other], (sentence, other)


@pytest.mark.parametrize(
    ("sentence", "spanish"),
    [
        (say("{name}: {sentence}", name="a.csv", sentence=say("Row {row} is empty.", row=3)), "a.csv: La fila 3 "),
        (say('Column "{column}" of "{table}"', column="x", table="y"), "Columna"),
    ],
)
def test_a_sentence_within_a_sentence_is_said_in_spanish(sentence, spanish):
    """The inner one is translated too."""
    assert translated(sentence, SPANISH).startswith(spanish)


@given(st.sampled_from([each for each in TEMPLATES if "{" in each]), st.text(min_size=1, max_size=30))
def test_names_and_figures_pass_unchanged(template, value):
    """Whatever a column is called, its name stands in the sentence as it is, once for each place."""
    names = {name[1:-1] for name in translations.PLACEHOLDER.findall(template)}
    sentence = say(template, **dict.fromkeys(names, value))
    free = names - WORDS
    if free:
        assert value in translated(sentence, SPANISH)


def test_a_list_of_phrases_is_joined_anew(shouted):
    """Each phrase is translated, and what stands between them."""
    assert (
        shouted.translate(listed(["religion", "nationality", "health data"])) == "RELIGION, NATIONALITY AND HEALTH DATA"
    )


def test_what_is_not_ours_stays():
    """A policy of a city speaks the city's language."""
    own = "Frag die Datenschutzbeauftragte."
    assert translated(own, SPANISH) == own
    assert translated(own, (Path("nowhere.mo"),)) == own
