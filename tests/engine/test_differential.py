"""Nothing that Presidio flags is lost: not by the prefilter, nor in a column that hides it among many others."""

from __future__ import annotations

import os
import random
from pathlib import Path

import polars as pl
import pytest
import regex
from benchmarks.differential import Count as Tally
from benchmarks.differential import compare, differ, made_cells, real_cells, texts_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import verhoeff

from ckanext.privacy.engine import ScanSettings, scan_file
from ckanext.privacy.engine.confirm import Confirmer, confirmer_of
from ckanext.privacy.engine.finder import finder_of
from ckanext.privacy.engine.findings import ColumnReport
from ckanext.privacy.engine.forms import COARSE, FINE, form_ids, form_of, widen
from ckanext.privacy.engine.prefilter import loosened


@pytest.fixture(scope="module")
def confirmer() -> Confirmer:
    return confirmer_of()


def test_no_recognizer_loses_a_cell(confirmer: Confirmer) -> None:
    """Random, made from the patterns, disturbed, real. benchmarks/differential.py takes more of them."""
    counts = differ(confirmer, 150, random.Random(int(os.environ.get("SEED", "7"))), real_cells(4_000))
    assert {name: count.lost for name, count in counts.items() if count.lost} == {}
    assert len(counts) == len({each.name for each in confirmer.analyzer.registry.recognizers})
    assert sum(count.matched for count in counts.values()) > 5_000
    assert sum(count.flagged for count in counts.values()) > 500


def test_no_recognizer_loses_a_cell_of_a_long_column(confirmer: Confirmer) -> None:
    """Long columns take another way than short ones."""
    rng, tally = random.Random(8), Tally()
    for recognizer in confirmer.analyzer.registry.recognizers:
        patterns = [pattern.regex for pattern in getattr(recognizer, "patterns", ())]
        if patterns and recognizer.name in {
            "CryptoRecognizer",
            "IbanRecognizer",
            "EsNifRecognizer",
            "MX_CURP_mx",
            "IpRecognizer",
        }:
            compare(confirmer, made_cells(patterns, 2_400, rng), recognizer, tally)
    assert tally.lost == []
    assert tally.matched > 3_000


PIECES = st.sampled_from(
    [r"\d{3,5}", r"[A-CX-Z]", r"[^0-9]", r"[^A-F]", r"\b", r"\w+", r"[-. ]?", r"(?:19|20)", r"[a-z0-9]{2}", r"\s", "7",
     "k", r"[+\-*]", r"(?!000)", r"(?<!\d)", r"[\s\S]", r"\.", "@", r"[-9]", r"[a\-z]", r"\D", r"x?"]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=7), st.integers(0, 1 << 30), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_widened_pattern_matches_the_form_of_whatever_the_pattern_matches(
    pieces: list[str], seed: int, disturbed: bool
) -> None:
    pattern = "".join(pieces)
    finder = finder_of({"X": [pattern]}, {"X"})
    made = made_cells([pattern], 30, random.Random(seed)) if disturbed else []
    cells = made + [next(texts_of(pattern, random.Random(seed + n))) for n in range(5)]
    matching = {
        cell
        for cell in cells
        if cell and regex.search(pattern, cell, regex.IGNORECASE | regex.MULTILINE | regex.DOTALL)
    }
    found = {cells[index] for _, found in finder.find(pl.Series(cells), ("X",)) for index in found["cell"]}
    assert matching <= found
    fine, coarse = widen(loosened(pattern, bounded=False))
    for cell in matching:
        if cell.isascii():
            for table, wide in ((FINE, fine), (COARSE, coarse)):
                assert pl.Series([form_of(cell, table)]).str.contains(f"(?is:{wide})")[0]


@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=48), min_size=1, max_size=40))
@example(["", "\x01", "longer than twelve"])
@settings(max_examples=150, deadline=None)
def test_equal_numbers_mean_equal_forms(cells: list[str]) -> None:
    for table in (FINE, COARSE):
        ids = form_ids(pl.Series(cells), max(map(len, cells)), table)
        forms = [form_of(cell, table) for cell in cells]
        assert len(set(ids.tolist())) == len(set(forms)) == len(set(zip(ids.tolist(), forms, strict=True)))


def column(tmp_path: Path, cells: list[str], heading: str = "value") -> ColumnReport:
    path = tmp_path / "table.csv"
    pl.DataFrame({"n": range(len(cells)), heading: cells}).write_csv(path)
    report = scan_file(path, settings=ScanSettings(isolated=False))
    return report.tables[0].columns[1]


def aadhaar() -> str:
    return "23412341234" + verhoeff.calc_check_digit("23412341234")


#: What stands alone in a column of other things, and what it is.
RARE = {
    "ana.perez@example.org": "EMAIL_ADDRESS",
    "ES91 2100 0418 4502 0005 1332": "IBAN_CODE",
    "BOXW310820HNERXN09": "MX_CURP",
    "RSSMRA85T10A562S": "IT_FISCAL_CODE",
    "00:1B:44:11:3A:B7": "MAC_ADDRESS",
    "call ana@example.org, any time": "EMAIL_ADDRESS",
    "४१११-११११-११११-११११": "CREDIT_CARD",
    "ana.perez\u200b@example.org": "EMAIL_ADDRESS",
}


def crowd(kind: str, count: int = 20_000) -> list[str]:
    rng = random.Random(kind)
    signs = "-./ #_"
    makers = {
        "telephones": lambda: f"6{rng.randrange(10**8):08}",
        "shapes": lambda: "".join(rng.choice(["7", "x", *signs]) for _ in range(rng.randint(3, 14))),
        "texts": lambda: "queue in the morning at tap " + str(rng.randrange(10**6)) + ", litres 20 @ noon, ward 4",
        "false addresses": lambda: f"user{rng.randrange(10**6)}@host{rng.randrange(999)}.local",
        "hashes": lambda: f"{rng.getrandbits(128):032x}",
        "scripts": lambda: "".join(rng.choices("पानीस्कूल" * 3 + "१२३", k=20)),
    }
    return [makers[kind]() for _ in range(count)]


@pytest.mark.parametrize("kind", ["telephones", "shapes", "texts", "false addresses", "hashes", "scripts"])
def test_a_rare_value_is_found_in_any_crowd(tmp_path: Path, kind: str) -> None:
    cells = crowd(kind)
    places = {19_000 + 7 * index: value for index, value in enumerate(RARE)}
    for place, value in places.items():
        cells[place] = value
    found = {each.entity: each for each in column(tmp_path, cells).entities}
    assert set(RARE.values()) <= set(found)
    for place, value in places.items():
        rows = found[RARE[value]].first_rows
        assert place + 1 in rows or len([each for each in RARE.values() if each == RARE[value]]) > 1


def test_an_identifier_behind_thousands_of_forms_is_found_where_the_heading_names_it(tmp_path: Path) -> None:
    cells = crowd("shapes", 30_000)
    cells[29_999] = aadhaar()
    found = {each.entity: each.first_rows for each in column(tmp_path, cells, "aadhaar").entities}
    assert found["IN_AADHAAR"] == (30_000,)
