"""The prefilter is lossless: no cell that an enabled Presidio recognizer flags escapes it."""

from __future__ import annotations

import random
import string
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine.confirm import Confirmer, confirmer_of
from ckanext.privacy.engine.prefilter import ANYTHING, LAST_DIGIT, drop_invisible, fold_digits, fold_text, loosen

SEEDS = [
    "ana.perez@example.org", "ñandú@correo.example.com", "4111 1111 1111 1111", "ES91 2100 0418 4502 0005 1332",
    "192.0.2.17", "2001:db8::17", "00:1B:44:11:3A:B7", "12345678Z", "X1234567L", "078-05-1120", "219-09-9998",
    "529.982.247-25", "52998224725", "2341 2341 2346", "ABCPD1234F", "ABC1234567", "+34 612 345 678", "020 7946 0958",
    "(212) 555-2368", "RSSMRA85T10A562S", "11010519491231002X", "BOXW310820HNERXN09", "20-12345678-6", "44051401458",
    "943 476 5919", "AB 12 34 56 C", "784-1984-1234567-1", "30.686.957-4", "123456789", "12345678",
    "DE89370400440532013000",
]  # fmt: skip
ODD_DIGITS = ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "０１２３４５６７８９"]
ODD_SIGNS = ["\u200b", "\u200f", "\u00a0", "\u2009", "\u00e9", "\u0301", "\u2013", "\ufeff", "ſ", "\u212a", "ı"]


@pytest.fixture(scope="module")
def confirmer() -> Confirmer:
    return confirmer_of()


def flagged_by_presidio(confirmer: Confirmer, cell: str) -> bool:
    return bool(cell) and bool(confirmer.analyzer.analyze(cell, "en"))


def assert_nothing_lost(confirmer: Confirmer, cells: list[str]) -> int:
    passed = confirmer.prefilter(pl.Series(cells, dtype=pl.String)).to_list()
    lost = [cell for cell, kept in zip(cells, passed, strict=True) if not kept and flagged_by_presidio(confirmer, cell)]
    assert lost == []
    return sum(passed)


def disturb(rng: random.Random, cell: str) -> str:
    """Change a value as people and programs do: other digits, invisible characters, text around, a slip."""
    change = rng.randrange(6)
    place = rng.randrange(len(cell) + 1)
    if change == 0:
        digits = rng.choice(ODD_DIGITS)
        return cell.translate(str.maketrans(string.digits, digits))
    if change == 1:
        return cell[:place] + rng.choice(ODD_SIGNS) + cell[place:]
    if change == 2:
        before, after = (
            rng.choice(["é", "call ", "«", "身份证", "x", "-"]),
            rng.choice(["ñ", ".", " today", "»", "號", "_"]),
        )
        return f"{before}{cell}{after}"
    if change == 3:
        return cell[:place] + rng.choice(string.digits + " -./") + cell[place + 1 :]
    return cell.lower() if change == 4 else cell.replace(" ", "\u00a0").replace("-", "\u2011")


def test_no_adversarial_cell_is_lost(confirmer: Confirmer) -> None:
    rng = random.Random(20)
    cells = [disturb(rng, rng.choice(SEEDS)) for _ in range(400)] + SEEDS
    cells += [disturb(rng, disturb(rng, rng.choice(SEEDS))) for _ in range(200)]
    assert assert_nothing_lost(confirmer, cells) > 300


def test_no_random_cell_is_lost(confirmer: Confirmer) -> None:
    rng = random.Random(21)
    letters = string.ascii_letters + string.digits * 4 + " -./@:+()"
    cells = ["".join(rng.choices(letters, k=rng.randint(1, 24))) for _ in range(400)]
    cells += [str(rng.randrange(10 ** rng.randint(5, 19))) for _ in range(300)]
    assert_nothing_lost(confirmer, cells)


@given(st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_text_at_all_is_lost(text: str) -> None:
    assert_nothing_lost(confirmer_of(), [text])


def test_every_scripts_digits_are_folded_to_their_value() -> None:
    digits = [chr(code) for code in range(0x80, LAST_DIGIT) if chr(code).isdecimal()]
    assert fold_digits(pl.Series(digits)).to_list() == [str(unicodedata.digit(char)) for char in digits]


def test_one_text_is_folded_like_a_column() -> None:
    codes = [*range(0xD800), *range(0xE000, 0x11400), *range(0xE0000, 0xE0200)]
    chars = [chr(code) for code in codes]
    folded = drop_invisible(fold_digits(pl.Series(chars)))
    assert [unicodedata.normalize("NFC", each) for each in folded] == [fold_text(char) for char in chars]


def test_ordinary_words_are_kept_from_presidio(confirmer: Confirmer) -> None:
    words = ["municipal services", "School", "Parque de la Independencia", "North", "rue de la gare", "2019", "yes"]
    assert confirmer.prefilter(pl.Series(words)).sum() == 0


def test_every_enabled_pattern_can_be_loosened(confirmer: Confirmer) -> None:
    patterns = [
        pattern.regex for each in confirmer.analyzer.registry.recognizers for pattern in getattr(each, "patterns", ())
    ]
    assert [pattern for pattern in patterns if loosen(pattern) == ANYTHING] == []
