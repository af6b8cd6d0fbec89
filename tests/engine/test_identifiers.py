"""Identifiers of countries: found where they are, however they are written, and never where chance explains them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import polars as pl
import pytest
from support.identifiers import chance, same_shape, valid

from ckanext.privacy.engine.chance import luck
from ckanext.privacy.engine.confirm import Confirmer, confirmer_of
from ckanext.privacy.engine.evidence import Column, column_of
from ckanext.privacy.engine.headed import find_headed
from ckanext.privacy.engine.headings import words_of
from ckanext.privacy.engine.kinds import general_of
from ckanext.privacy.engine.packs import GENERAL, Identifier, identifiers, load_packs
from ckanext.privacy.engine.profile import profile_batch
from ckanext.privacy.engine.verdict import BELIEVED

#: Identifiers whose values cannot be drawn from their pattern: back-references, hashes, telephones, rare check digits.
NOT_DRAWN = {
    "MAC_ADDRESS", "CRYPTO", "PHONE_NUMBER", "EMAIL_ADDRESS", "IP_ADDRESS", "IBAN_CODE", "NZ_BANK_ACCOUNT", "UY_RUT",
    "IN_GSTIN",
}  # fmt: skip
DRAWN = [each for entity, each in sorted(identifiers().items()) if entity not in NOT_DRAWN]
SHOWN = [each for each in DRAWN if not each.headed]
ROWS = 8


@pytest.fixture(scope="module")
def everywhere() -> Confirmer:
    return confirmer_of()


def looked_at(confirmer: Confirmer, heading: str, values: Sequence[str]) -> Column:
    column = started(confirmer, heading, values)
    confirmer.confirm(column)
    return column


def started(confirmer: Confirmer, heading: str, values: Sequence[str]) -> Column:
    batch = pl.DataFrame({"cells": pl.Series(values, dtype=pl.String)})
    return column_of(profile_batch(batch, 0, {"cells": heading}, confirmer.watch).columns["cells"])


def named(confirmer: Confirmer, heading: str, values: Sequence[str]) -> set[str]:
    """What is believed of a column for its heading, without a look at single cells."""
    column = started(confirmer, heading, values)
    for evidence in find_headed(column, confirmer.packs):
        column.add(evidence)
    return believed(column)


def believed(column: Column) -> set[str]:
    return {each.entity for each in column.evidence.values() if each.confidence >= BELIEVED}


def told(identifier: Identifier, found: set[str]) -> bool:
    """Whether the identifier, or another of its kind that is written alike, was found."""
    return identifier.entity in found or identifier.kind in {general_of(each) for each in found}


@pytest.mark.parametrize("identifier", DRAWN, ids=lambda each: each.entity)
def test_every_heading_of_its_own_names_it(everywhere: Confirmer, identifier: Identifier) -> None:
    values = valid(identifier, ROWS)
    assert len(values) == ROWS
    for heading in identifier.heading:
        assert identifier.entity in named(everywhere, heading, values), heading


@pytest.mark.parametrize("identifier", SHOWN, ids=lambda each: each.entity)
def test_a_column_of_them_is_telling_without_a_heading(everywhere: Confirmer, identifier: Identifier) -> None:
    values = [value for value in valid(identifier, _enough(identifier)) if _is_telling(identifier, value)][:ROWS]
    assert told(identifier, believed(looked_at(everywhere, "", values)))


@pytest.mark.parametrize("identifier", SHOWN, ids=lambda each: each.entity)
def test_codes_of_the_same_shape_are_none(everywhere: Confirmer, identifier: Identifier) -> None:
    if identifier.written and identifier.chance > 0.2:
        pytest.skip("its way of writing is what tells")
    rng = random.Random(8)
    codes = [same_shape(valid(identifier, ROWS)[0], rng) for _ in range(2 * ROWS)]
    assert not told(identifier, believed(looked_at(everywhere, "order number", codes)))


@pytest.mark.parametrize(
    "entity", ["IN_AADHAAR", "BR_CPF", "MX_CURP", "ES_NIF", "PL_PESEL", "CN_RESIDENT_ID", "RO_CNP"]
)
def test_one_slip_in_a_column_changes_nothing(everywhere: Confirmer, entity: str) -> None:
    values = list(valid(identifiers()[entity], ROWS))
    values[3] = same_shape(values[3], random.Random(7))
    assert entity in believed(looked_at(everywhere, "field 7", values))


def test_numbers_that_lost_their_zeros_or_carry_a_name_are_known(everywhere: Confirmer) -> None:
    lost = []
    for each in (each for each in DRAWN if each.heading and each.chance <= 0.2):
        values = ["".join(filter(str.isalnum, value)) for value in valid(each, ROWS)]
        columns = [[f"No: {value}" for value in values]]
        if each.digits and all(value.isdigit() and len(value) == each.digits for value in values):
            columns.append([f"{int(value)}.0" for value in values])
        lost += [each.entity for column in columns if not told(each, named(everywhere, each.heading[0], column))]
    assert lost == []


@pytest.mark.parametrize("entity", ["IN_AADHAAR", "BR_CPF", "MX_CURP", "ES_NIF", "CO_CEDULA", "PL_PESEL", "PE_DNI"])
def test_half_hidden_numbers_under_their_heading_are_still_somebodys(everywhere: Confirmer, entity: str) -> None:
    identifier = identifiers()[entity]
    values = [f"****{value[4:]}" for value in valid(identifier, ROWS)]
    assert told(identifier, named(everywhere, identifier.heading[0], values))


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("timestamp", [f"2011{m:02}{d:02}{h:02}3015" for m in (10, 11, 12) for d in (3, 14, 25) for h in (9, 12, 20)]),
        ("created", [f"17{n:08}123" for n in range(11_000, 90_000, 1_931)]),
        ("isbn", [f"978{n:010}" for n in range(1_000_000, 90_000_000, 2_222_222)]),
        ("invoice_no", [f"{n:010}" for n in range(4_000_000, 4_000_040)]),
        ("account_code", [f"{n}.{n % 7}.{n % 9:02}.{n % 4:03}" for n in range(100, 140)]),
        ("tract", [f"36061{n:06}" for n in range(100, 4_100, 100)]),
        ("enquiry", [f"10100{n:07}" for n in range(2_900_000, 3_900_000, 9_973)]),
        ("case_id", [f"101000{n:06}" for n in range(290_000, 294_000, 37)]),
        ("area", [f"110{n % 16:03}{n:03}" for n in range(100, 140)]),
        ("price", [f"{n}.{n % 100:02}" for n in range(1_000_000, 1_040_000, 1_000)]),
        ("project", [f"PRJ-{n:06}" for n in range(500, 540)]),
        ("cadastre", [f"{n:03}-{n % 9:02}-{n * 37 % 10_000:04}x" for n in range(100, 140)]),
    ],
)
def test_ordinary_codes_are_nobodys(everywhere: Confirmer, heading: str, values: list[str]) -> None:
    kinds = {general_of(entity) for entity in believed(looked_at(everywhere, heading, values))}
    assert not kinds & {"NATIONAL_ID", "FINANCIAL_ACCOUNT", "DEVICE_ID", "PHONE_NUMBER"}


def test_a_heading_that_says_otherwise_is_believed(everywhere: Confirmer) -> None:
    numbers = [str(n) for n in random.Random(9).sample(range(10**7, 10**8), ROWS)]
    for heading in ("population", "budget", "area_m2", "order number", "parcel id"):
        found = believed(looked_at(everywhere, heading, numbers))
        assert "NATIONAL_ID" not in {general_of(each) for each in found}, heading
    assert "CO_CEDULA" in named(everywhere, "cédula de ciudadanía", numbers)


def test_the_chance_in_a_pack_is_the_one_that_is_measured() -> None:
    measured = {each.entity: (chance(each, trials=80), each.chance) for each in DRAWN}
    wrong = {name: pair for name, pair in measured.items() if abs(pair[0] - pair[1]) > max(0.1, pair[1] * 0.5)}
    assert wrong == {}


def test_chance_is_counted_as_the_binomial_distribution_has_it() -> None:
    assert luck(0.5, 2, 2) == 0.25
    assert luck(0.1, 0, 9) == pytest.approx(1)
    assert luck(0.02, 4, 80) > 0.05 > luck(0.02, 8, 80)


def test_every_pack_is_whole() -> None:
    for pack in load_packs():
        if pack.code == GENERAL:
            continue
        assert pack.languages, pack.code
        assert pack.phone == pack.code.upper()
        assert pack.address, pack.code
        assert all(each.label for each in pack.identifiers), pack.code
        assert all(each.heading or each.context for each in pack.identifiers), pack.code
        assert any(each.source for each in pack.identifiers), pack.code
        for pattern in (*pack.plate, pack.postcode):
            re.compile(pattern)


def test_no_two_packs_claim_one_name() -> None:
    names = [each.entity for pack in load_packs() for each in pack.identifiers]
    assert len(names) == len(set(names))


def test_no_word_of_a_heading_is_lost() -> None:
    assert [text for each in DRAWN for text in (*each.heading, *each.context) if not words_of(text)] == []


def _enough(identifier: Identifier) -> int:
    """How many to make up so that some are written in the telling way."""
    return ROWS if identifier.alone else 8 * ROWS


def _is_telling(identifier: Identifier, value: str) -> bool:
    return identifier.alone or bool(re.fullmatch(identifier.written, value))
