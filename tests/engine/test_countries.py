"""Every country that cities of the goal lie in: its numbers, telephones, plates, postcodes and words are known.

Check digits, and codes of the same shape that are none, are tested for every identifier in ``test_identifiers``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import phonenumbers
import polars as pl
import pytest
import yaml
from support.identifiers import drawn

from ckanext.privacy.engine.confirm import Confirmer, confirmer_of
from ckanext.privacy.engine.country_forms import fold, is_plate, is_postcode
from ckanext.privacy.engine.evidence import Column, column_of
from ckanext.privacy.engine.headings import LEXICON, meanings
from ckanext.privacy.engine.kinds import general_of
from ckanext.privacy.engine.packs import Pack, load_packs
from ckanext.privacy.engine.profile import profile_batch
from ckanext.privacy.engine.verdict import BELIEVED

COUNTRIES = (
    *("mx", "in", "es", "it", "nl", "us", "co", "cn", "ps", "ae", "pe", "br", "ar", "cl", "za", "ke", "ng", "id", "ph"),
    *("gb", "fr", "de", "pt", "pl", "tr", "eg", "pk", "bd"),
)
PACKS = [pack for pack in load_packs(COUNTRIES) if pack.code in COUNTRIES]
#: Countries without postcodes.
NO_POSTCODE = {"ae"}
#: What a heading must be able to say in every language of these countries.
SAID = ("PERSON", "PHONE_NUMBER", "DATE_OF_BIRTH", "AGE", "SEX", "STREET_ADDRESS", "HEALTH", "NATIONAL_ID")
#: Languages spoken there that tables are hardly ever headed in: they are not known yet.
SELDOM = {"fy", "ig", "jv", "qu", "xh", "zu"}
ROWS = 30


@pytest.fixture(scope="module")
def everywhere() -> Confirmer:
    return confirmer_of()


def _looked_at(confirmer: Confirmer, heading: str, values: Sequence[str]) -> Column:
    batch = pl.DataFrame({"cells": pl.Series(values, dtype=pl.String)})
    column = column_of(profile_batch(batch, 0, {"cells": heading}, confirmer.watch).columns["cells"])
    confirmer.confirm(column)
    return column


def _kinds(column: Column) -> set[str]:
    return {general_of(each.entity) for each in column.evidence.values() if each.confidence >= BELIEVED}


@pytest.mark.parametrize("pack", PACKS, ids=lambda each: each.code)
def test_a_country_has_numbers_of_people_and_words_for_streets(pack: Pack) -> None:
    assert any(each.kind == "NATIONAL_ID" and each.heading for each in pack.identifiers)
    assert pack.address
    assert pack.phone
    assert pack.plate
    assert bool(pack.postcode) is (pack.code not in NO_POSTCODE)


@pytest.mark.parametrize("pack", PACKS, ids=lambda each: each.code)
def test_plates_of_a_country_are_known_under_their_heading(everywhere: Confirmer, pack: Pack) -> None:
    rng = random.Random(pack.code)
    for form in pack.plate:
        plates = [drawn(form, rng) for _ in range(ROWS)]
        assert all(is_plate(plate) for plate in plates)
        assert "VEHICLE_PLATE" in _kinds(_looked_at(everywhere, "licence plate", plates))


@pytest.mark.parametrize("pack", [each for each in PACKS if each.postcode], ids=lambda each: each.code)
def test_postcodes_of_a_country_are_known_under_their_heading(everywhere: Confirmer, pack: Pack) -> None:
    codes = [drawn(pack.postcode, random.Random(number)) for number in range(ROWS)]
    assert all(is_postcode(code) for code in codes)
    assert "POSTCODE" in _kinds(_looked_at(everywhere, "postcode", codes))
    assert "POSTCODE" not in _kinds(_looked_at(everywhere, "batch", codes))


@pytest.mark.parametrize("pack", PACKS, ids=lambda each: each.code)
def test_telephones_of_a_country_are_known_with_and_without_a_heading(everywhere: Confirmer, pack: Pack) -> None:
    example = phonenumbers.example_number_for_type(pack.phone, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    numbers = [_turned(example, place) for place in range(ROWS)]
    national = [phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.NATIONAL) for each in numbers]
    abroad = [phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.INTERNATIONAL) for each in numbers]
    assert "PHONE_NUMBER" in _kinds(_looked_at(everywhere, "mobile", national))
    assert "PHONE_NUMBER" in _kinds(_looked_at(everywhere, "field 9", abroad))


def _turned(example: phonenumbers.PhoneNumber, place: int) -> phonenumbers.PhoneNumber:
    """Another number of the same network: the last digits differ."""
    return phonenumbers.PhoneNumber(
        country_code=example.country_code, national_number=(example.national_number or 0) // 100 * 100 + place
    )


@pytest.mark.parametrize(
    ("heading", "make"),
    [
        ("order", lambda rng: f"{rng.randrange(10**6, 10**7)}"),
        ("amount", lambda rng: f"{rng.uniform(10, 90_000):.2f}"),
        ("entered", lambda rng: f"{rng.randint(2010, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"),
        ("field 3", lambda rng: f"{rng.randrange(10**9, 10**10)}"),
        ("field 4", lambda rng: f"{rng.randrange(10**10, 10**11)}"),
        ("lot", lambda rng: f"{rng.choice('ABCDE')}{rng.choice('XYZ')}-{rng.randrange(1000, 9999)}"),
        ("sku", lambda rng: f"{rng.choice('ABCDE')}{rng.choice('AEIOU')}{rng.randrange(100, 999)}{rng.choice('IOU')}A"),
    ],
)
def test_look_alikes_are_nobody_s(everywhere: Confirmer, heading: str, make) -> None:
    rng = random.Random(3)
    assert _kinds(_looked_at(everywhere, heading, [make(rng) for _ in range(60)])) == set()


@pytest.mark.parametrize("code", ["cn", "ru", "it", "es", "fr", "za"])
def test_a_narrow_form_tells_of_plates_without_a_heading(everywhere: Confirmer, code: str) -> None:
    (pack,) = (each for each in load_packs([code]) if each.code == code)
    rng = random.Random(5)
    plates = [drawn(pack.plate[0], rng) for _ in range(60)]
    assert "VEHICLE_PLATE" in _kinds(_looked_at(everywhere, "", plates))


def test_digits_of_other_scripts_are_folded() -> None:
    assert fold(" ab ١٢ ") == "AB 12"
    assert is_plate("دبي A ٧٧٢٠٧")


def test_every_language_of_these_countries_can_say_what_tells_of_people() -> None:
    lexicon = yaml.safe_load(LEXICON.read_text("utf-8"))
    spoken = {language for pack in PACKS for language in pack.languages} - SELDOM
    missing = [(entity, each) for entity in SAID for each in sorted(spoken) if each not in lexicon[entity]["words"]]
    assert missing == []


@pytest.mark.parametrize(
    ("heading", "entity"),
    [
        ("nombre del beneficiario", "PERSON"), ("लाभार्थी का नाम", "PERSON"), ("受益人姓名", "PERSON"),
        ("اسم المستفيد", "PERSON"), ("উপকারভোগীর নাম", "PERSON"), ("imię i nazwisko", "PERSON"),
        ("data de nascimento", "DATE_OF_BIRTH"), ("जन्म तारीख", "DATE_OF_BIRTH"), ("出生日期", "DATE_OF_BIRTH"),
        ("placa", "VEHICLE_PLATE"), ("رقم اللوحة", "VEHICLE_PLATE"), ("车牌号", "VEHICLE_PLATE"),
        ("kenteken", "VEHICLE_PLATE"), ("पिन कोड", "POSTCODE"), ("kode pos", "POSTCODE"), ("邮编", "POSTCODE"),
        ("paciente_id", "PERSON_ID"), ("alumno código", "PERSON_ID"), ("tamaño del hogar", "HOUSEHOLD_SIZE"),
    ],
)  # fmt: skip
def test_headings_of_many_languages_are_read(heading: str, entity: str) -> None:
    assert entity in meanings(heading)
