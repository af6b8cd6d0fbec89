"""Tables of the kinds that cities publish, made up at run time: people are found in them, and nothing else is.

Names, streets and numbers come from Faker; headings are such as officers and survey tools write them.
"""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from faker import Faker

from ckanext.privacy.engine import ScanSettings, scan_file
from ckanext.privacy.engine.findings import ColumnReport

ROWS = 60
Cells = list[object]


def _made(seed: int, locale: str) -> tuple[Faker, random.Random]:
    fake = Faker(locale)
    fake.seed_instance(seed)
    return fake, random.Random(seed)


def _choice(rng: random.Random, *values: str) -> Cells:
    return [rng.choice(values) for _ in range(ROWS)]


def _numbers(rng: random.Random, low: int, high: int) -> Cells:
    return [rng.randint(low, high) for _ in range(ROWS)]


def _days(rng: random.Random) -> Cells:
    return [f"{rng.randint(2015, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" for _ in range(ROWS)]


def _times(make: object) -> Cells:
    return [make() for _ in range(ROWS)]  # type: ignore[operator]


def ordinary() -> dict[str, dict[str, Cells]]:
    fake, rng = _made(1, "en_US")
    point = {
        "latitude": [f"{40 + rng.random():.5f}" for _ in range(ROWS)],
        "longitude": [f"{-74 + rng.random():.5f}" for _ in range(ROWS)],
    }
    return {
        "trees": {
            "tree_id": list(range(ROWS)), "species": _choice(rng, "Acer", "Quercus", "Tilia"),
            "trunk_cm": _numbers(rng, 5, 90), "age_class": _choice(rng, "young", "old"), **point,
        },
        "air": {
            "station": _choice(rng, "North", "Harbour", "Airport"), "pm25": _numbers(rng, 1, 90),
            "measured_at": _days(rng), **point,
        },
        "budget": {
            "programa": _choice(rng, "Parques", "Agua potable", "Vialidad"), "partida": _numbers(rng, 1000, 9999),
            "presupuesto": _numbers(rng, 10**6, 10**9), "ejercicio": _numbers(rng, 2015, 2024),
        },
        "transit": {
            "route_id": _numbers(rng, 1, 99), "stop_name": _choice(rng, "Town Hall", "River Street", "Old Market"),
            "arrival_time": [f"{n % 24:02}:{n % 60:02}:00" for n in range(ROWS)],
            "wheelchair_boarding": _choice(rng, "0", "1"),
        },
        "streets": {
            "nom_voie": [f"Rue {fake.last_name()}" for _ in range(ROWS)], "longueur_m": _numbers(rng, 20, 3000),
            "commune": _choice(rng, "Lyon", "Villeurbanne"),
        },
        "health by district": {
            "district": _choice(rng, "Nord", "Sud", "Ouest"), "disease": _choice(rng, "measles", "cholera"),
            "cases": _numbers(rng, 10, 900), "deaths": _numbers(rng, 0, 90),
        },
        "crime": {
            "report_no": [f"24-{n:06}" for n in range(ROWS)], "offense": _choice(rng, "burglary", "theft"),
            "precinct": _numbers(rng, 1, 40), "reported": _days(rng),
        },
        "procurement": {
            "contract_no": [f"C-{n:05}" for n in range(ROWS)],
            "vendor": [f"{fake.last_name()} Ltd" for _ in range(ROWS)],
            "amount": _numbers(rng, 10**3, 10**6), "awarded": _days(rng),
        },
        "suppliers with a tax number that people have, too": {
            "proveedor": [f"{fake.last_name()} S.A." for _ in range(ROWS)], "nit": _numbers(rng, 8 * 10**8, 9 * 10**8),
            "monto": _numbers(rng, 10**3, 10**6),
        },
        "countries": {
            "country": [fake.unique.country() for _ in range(ROWS)],
            "national_income_per_capita": _numbers(rng, 500, 90_000),
            "immunization_one_year_olds": _numbers(rng, 30, 99),
        },
        "customers that are firms": {
            "CodigoCliente": [fake.lexify("?????").upper() for _ in range(ROWS)],
            "NombreCliente": [f"{fake.word().title()} {fake.word()} {fake.word()} Store" for _ in range(ROWS)],
            "Pais": _choice(rng, "Chile", "Suecia"),
        },
        "products": {
            "name": [f"{fake.word().title()} {n}" for n in range(ROWS)], "brand": _choice(rng, "Acme", "Nova"),
            "description": [f"A laptop with {n} GB RAM, a fast SSD and an OLED screen" for n in range(ROWS)],
            "imagePath": [f"https://shop.example/{n}.jpg" for n in range(ROWS)], "price": _numbers(rng, 1, 900),
        },
        "plays of a league whose games have a short name": {
            "gsis_id": _choice(rng, "2009091000", "2009091300"), "offense_team": _choice(rng, "PIT", "ATL"),
            "offense_won": _choice(rng, "True", "False"), "yards_to_go": _numbers(rng, 1, 20),
        },
        "marks by sex, each year": {
            "year": [2000 + n // 2 for n in range(ROWS)], "gender": ["M", "F"] * (ROWS // 2),
            "math score": _numbers(rng, 300, 600),
        },
        "births": {
            "year": _numbers(rng, 2000, 2023), "district": _choice(rng, "A", "B"), "births": _numbers(rng, 5, 900),
        },
    }  # fmt: skip


def people() -> dict[str, tuple[dict[str, Cells], set[str]]]:
    """Tables with the headings that must be found in them."""
    tables: dict[str, tuple[dict[str, Cells], set[str]]] = {}
    for locale, headings in {
        "es_MX": ("Nombre completo", "fec_nac", "sexo", "tel_cel", "tipo_discapacidad", "municipio"),
        "pt_BR": ("nome_aluno", "data_nascimento", "sexo", "celular", "deficiencia", "municipio"),
        "pl_PL": ("imię i nazwisko", "data urodzenia", "płeć", "telefon kontaktowy", "choroba", "gmina"),
        "tr_TR": ("adı soyadı", "doğum tarihi", "cinsiyet", "cep telefonu", "hastalık", "ilçe"),
        "fr_FR": ("nom et prénom", "date de naissance", "sexe", "téléphone", "handicap", "commune"),
        "hi_IN": ("लाभार्थी का नाम", "जन्म तिथि", "लिंग", "मोबाइल", "दिव्यांगता", "ब्लॉक"),
        "ru_RU": ("ФИО", "дата рождения", "пол", "телефон", "диагноз", "район"),
    }.items():
        fake, rng = _made(2, locale)
        columns: list[Cells] = [
            _times(fake.name),
            [str(fake.date_of_birth(minimum_age=5, maximum_age=90)) for _ in range(ROWS)],
            _choice(rng, "M", "F"),
            _times(fake.phone_number),
            _choice(rng, "0", "1", "2"),
            _choice(rng, "A", "B", "C"),
        ]
        table = dict(zip(headings, columns, strict=True))
        tables[locale] = (table, set(headings[:5]))
    tables["kobo"] = _kobo()
    tables["assistance"] = _assistance()
    tables["clinic"] = _clinic()
    tables["line list"] = _line_list()
    tables["taxi trips"] = _trips()
    tables["remarks"] = _remarks()
    return tables


def _kobo() -> tuple[dict[str, Cells], set[str]]:
    fake, rng = _made(3, "en_KE")
    columns = {
        "deviceid": [f"collect:{rng.getrandbits(60):x}" for _ in range(ROWS)],
        "_submitted_by": _choice(rng, "field_one", "field_two"),
        "hh_head_name": _times(fake.name),
        "hh_head_age": _numbers(rng, 18, 90),
        "religion": _choice(rng, "1", "2", "3"),
        "hh_gps_latitude": [f"{-1 - rng.random():.6f}" for _ in range(ROWS)],
        "water_source": _choice(rng, "tap", "well"),
    }
    return columns, {"deviceid", "hh_head_name", "hh_head_age", "religion", "hh_gps_latitude"}


def _assistance() -> tuple[dict[str, Cells], set[str]]:
    fake, rng = _made(4, "en_US")
    columns = {
        "client_last_name": _times(fake.last_name),
        "client_first_name": _times(fake.first_name),
        "receives_snap": _choice(rng, "Y", "N"),
        "immigration_status": _choice(rng, "a", "b"),
        "preferred_language": _choice(rng, "es", "zh", "en"),
        "eviction_date": _days(rng),
        "bin": _numbers(rng, 1, 9),
    }
    return columns, {
        "client_last_name", "client_first_name", "receives_snap", "immigration_status", "preferred_language",
    }  # fmt: skip


def _clinic() -> tuple[dict[str, Cells], set[str]]:
    _, rng = _made(5, "en_US")
    columns = {
        "record": list(range(ROWS)),
        "sex": _choice(rng, "M", "F"),
        "birth": [f"{rng.randint(1930, 2005)}-03-{rng.randint(1, 28):02}" for _ in range(ROWS)],
        "postcode": _numbers(rng, 1000, 1099),
        "icd10": _choice(rng, "E11.9", "B20", "F32.1"),
    }
    return columns, {"sex", "birth", "icd10"}


def _line_list() -> tuple[dict[str, Cells], set[str]]:
    _, rng = _made(6, "en_US")
    columns = {
        "case_id": [f"C{n:04}" for n in range(ROWS)],
        "date_onset": _days(rng),
        "age_group": _choice(rng, "0-9", "10-19", "70+"),
        "gender": _choice(rng, "M", "F"),
        "comorbid": _choice(rng, "HIV", "none"),
    }
    return columns, {"date_onset", "age_group", "gender", "comorbid"}


def _trips() -> tuple[dict[str, Cells], set[str]]:
    _, rng = _made(7, "en_US")
    columns = {
        "hack_license": [f"{rng.getrandbits(128):032X}" for _ in range(ROWS)],
        "pickup_datetime": _days(rng),
        "pickup_longitude": [f"{-74 + rng.random():.6f}" for _ in range(ROWS)],
        "pickup_latitude": [f"{40 + rng.random():.6f}" for _ in range(ROWS)],
    }
    return columns, {"hack_license", "pickup_longitude", "pickup_latitude"}


def _remarks() -> tuple[dict[str, Cells], set[str]]:
    fake, rng = _made(8, "en_IN")
    said = [
        lambda: "Water is late every day",
        lambda: f"Call me at +91 98{rng.randrange(10**8):08} please",
        lambda: f"My neighbour {fake.name()} in room {rng.randint(1, 90)} is ill",
    ]
    return {"ward": _choice(rng, "K/E", "L"), "comment": [rng.choice(said)() for _ in range(ROWS)]}, {"comment"}


def _kept_apart() -> dict[str, tuple[dict[str, Cells], set[str]]]:
    """Kinds of tables that once went wrong, each in another country, with all that must be found in them."""
    fake, rng = _made(12, "de_DE")
    point = {
        "Breitengrad": [f"{53 + rng.random():.5f}" for _ in range(ROWS)],
        "Längengrad": [f"{9 + rng.random():.5f}" for _ in range(ROWS)],
    }
    return {
        "places for one sex are no people": (
            {"baños": _choice(rng, "Plaza Norte", "Malecón"), "sexo": _choice(rng, "hombres", "mujeres"), **point},
            set(),
        ),
        "animals have a sex": (
            {"Hunderasse": _choice(rng, "Dackel", "Boxer"), "Geschlecht": _choice(rng, "m", "w"),
             "Alter": _numbers(rng, 0, 15), **point}, set(),
        ),
        "all sexes are a group": (
            {"classe_di_età": _choice(rng, "0-14", "15-64"), "sesso": _choice(rng, "maschi", "femmine", "totale"),
             "diagnosi": _choice(rng, "morbillo", "varicella"), "n": _numbers(rng, 0, 900)}, set(),
        ),
        "a chart of accounts": (
            {"conta contábil": [f"3.{n % 9}.{n % 7:02}.{n:03}" for n in range(ROWS)],
             "valor": _numbers(rng, 1, 10**6)}, set(),
        ),
        "ships and streets are named after people": (
            {"scheepsnaam": _times(fake.name), "straatnaam": _times(fake.last_name)}, set(),
        ),
        "a person's age is no count of persons": (
            {"persona_edad": _numbers(rng, 0, 90), "persona_sexo": _choice(rng, "H", "M"),
             "hora": _numbers(rng, 0, 23)}, {"persona_edad", "persona_sexo"},
        ),
        "short and cut words": (
            {"T.C. Kimlik No": [f"{rng.randrange(10**10, 10**11)}" for _ in range(ROWS)],
             "Staatsang.": _choice(rng, "syrisch", "deutsch"),
             "मोबाइल क्र.": _times(lambda: f"98{rng.randrange(10**8):08}"),
             "Nr tel": _times(fake.phone_number)},
            {"T.C. Kimlik No", "Staatsang.", "मोबाइल क्र.", "Nr tel"},
        ),
        "initials": (
            {"Initialen": _times(lambda: f"{rng.choice('ABDEH')}.{rng.choice('KLMRS')}.{rng.choice('AS')}."),
             "leeftijd": _numbers(rng, 1, 90), "diagnose": _choice(rng, "astma", "griep")},
            {"Initialen", "leeftijd", "diagnose"},
        ),
    }  # fmt: skip


def _of_one_each() -> dict[str, tuple[dict[str, Cells], set[str]]]:
    """Further kinds that went wrong: a row for each stay, home or place, with what is told of people in it."""
    fake, rng = _made(15, "en_US")
    point = {
        "lat": [f"{27 + rng.random():.5f}" for _ in range(ROWS)],
        "lon": [f"{85 + rng.random():.5f}" for _ in range(ROWS)],
    }
    return {
        "what a stay came to is no count of people": (
            {"Facility": _choice(rng, "North", "South"), "Gender": _choice(rng, "M", "F"),
             "Race": _choice(rng, "White", "Black/African American"), "Total Charges": _numbers(rng, 900, 90000)},
            {"Gender", "Race"},
        ),
        "the size of a home is no count of homes": (
            {"ward": _numbers(rng, 1, 9), "size_household": _numbers(rng, 1, 9),
             "caste_household": _choice(rng, "Rai", "Tamang"), "grade": _choice(rng, "1", "2")},
            {"size_household", "caste_household"},
        ),
        "who keeps a well does not live there": (
            {"well_no": list(range(ROWS)), "Caretaker": _times(fake.name), "depth_ft": _numbers(rng, 40, 800), **point},
            {"Caretaker"},
        ),
        "a library with hours has a telephone": (
            {"NOMBRE": _choice(rng, "Retiro", "Norte"), "HORARIO": _choice(rng, "8-20 h", "9-14 h"),
             "TELEFONO": [f"91{rng.randrange(10**7):07}" for _ in range(ROWS)]}, set(),
        ),
        "companies have a RUT": (
            {"RAZON SOCIAL": [f"{fake.last_name()} Hermanos Ltda." for _ in range(ROWS)],
             "RUT": [f"{rng.randrange(76_000_000, 77_000_000)}-{n % 10}" for n in range(ROWS)],
             "DIRECCION LOCAL": _times(fake.street_address)}, set(),
        ),
        "Thai words are no letters": (
            {"ลำดับ": list(range(ROWS)), "หน่วยงาน": _choice(rng, "สำนักการโยธา", "สำนักการศึกษา"),
             "งบประมาณ (บาท)": _numbers(rng, 10**5, 10**7), "เบิกจ่าย": _numbers(rng, 10**5, 10**7)}, set(),
        ),
    }  # fmt: skip


def test_a_register_of_schools_tells_of_schools_and_names_their_heads(tmp_path: Path) -> None:
    """Girls' schools have a sex, and church schools a religion."""
    fake, rng = _made(18, "en_GB")
    columns: dict[str, Cells] = {
        "EstablishmentName": [f"{fake.unique.last_name()} Primary School" for _ in range(ROWS)],
        "Gender (name)": _choice(rng, "Mixed", "Boys", "Girls"),
        "ReligiousCharacter (name)": _choice(rng, "Church of England", "Roman Catholic", "None"),
        "PercentageFSM": _numbers(rng, 1, 60),
        "HeadFirstName": _times(fake.first_name),
        "HeadLastName": _times(fake.last_name),
    }
    sensitive = {name for name, column in scanned(tmp_path, columns).items() if column.sensitive}
    assert sensitive == {"HeadFirstName", "HeadLastName"}


def _of_developers() -> dict[str, tuple[dict[str, Cells], set[str]]]:
    """Tables as developers, students and shops keep them, under short English headings."""
    fake, rng = _made(16, "en_US")
    firsts: Cells = [fake.unique.first_name() for _ in range(ROWS)]
    lasts: Cells = [fake.unique.last_name() for _ in range(ROWS)]
    scale: Cells = list(range(20, 20 + ROWS))
    return {
        "names that never come twice are people's beside each other": (
            {"id": list(range(ROWS)), "first_name": firsts, "last_name": lasts, "gender": _choice(rng, "M", "F")},
            {"first_name", "last_name", "gender"},
        ),
        "given names alone are a list of words": ({"name": firsts}, set()),
        "accounts are people's": (
            {"login": [f"{first}.{last}@acme.test".lower() for first, last in zip(firsts, lasts, strict=True)],
             "followers": _numbers(rng, 1, 900)}, {"login"},
        ),
        "what stands before the @": (
            {"email": [f"{str(first)[0]}{last}".upper() for first, last in zip(firsts, lasts, strict=True)],
             "hired": _days(rng)}, {"email"},
        ),
        "pupils with a sex and marks": (
            {"study_time": _numbers(rng, 1, 9), "gender": ["M"] * 25 + ["F"] * 35, "score": _numbers(rng, 1, 99)},
            {"gender"},
        ),
        "ages that all differ, beside a sex": (
            {"key": list(range(ROWS)), "age": scale, "sex": _choice(rng, "male", "female")}, {"age", "sex"},
        ),
        "heart patients, in short words": (
            {"age": _numbers(rng, 30, 80), "sex": _choice(rng, "0", "1"), "trestbps": _numbers(rng, 90, 190),
             "chol": _numbers(rng, 120, 400), "BloodPressure": _numbers(rng, 40, 120),
             "doi": _choice(rng, "10.1/a", "10.1/b"), "tenure": _numbers(rng, 0, 10)},
            {"age", "sex", "trestbps", "chol", "BloodPressure"},
        ),
        "diagnoses of patients who come again": (
            {"subject_id": _choice(rng, *(f"100{n}19" for n in range(20, 50))), "seq_num": _numbers(rng, 1, 9),
             "icd_code": _choice(rng, *(f"V{n}" for n in range(40)))}, {"subject_id", "icd_code"},
        ),
        "addresses of machines at home": (
            {"client": [f"{rng.choice(('10.0', '172.16', '192.168'))}.0.{n % 25}" for n in range(ROWS)],
                 "status": _choice(rng, "200", "404")}, {"client"},
        ),
        "loans, by ages that are counted in fractions": (
            {"income": _numbers(rng, 10**4, 10**5), "age": [f"{25 + n * 0.517:.4f}" for n in range(ROWS)]},
            {"income", "age"},
        ),
        "states of a country have a middle": (
            {"id": list(range(ROWS)), "name": [f"{name} State" for name in lasts],
             "latitude": [f"{6 + rng.random():.5f}" for _ in range(ROWS)],
             "longitude": [f"{7 + rng.random():.5f}" for _ in range(ROWS)]}, set(),
        ),
        "who complained, counted by origin": (
            {"precinct": _numbers(rng, 1, 40), "complainant_ethnicity": _choice(rng, "Hispanic", "Black", "Asian"),
             "count": _numbers(rng, 1, 90)}, set(),
        ),
        "films are not their directors": (
            {"titulo": [fake.sentence(3) for _ in range(ROWS)], "director": _times(fake.name),
             "ingresos": _numbers(rng, 10**5, 10**8), "url": [f"https://films.example/{n}" for n in range(ROWS)]},
            {"director"},
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(_of_developers()))
def test_tables_of_developers_and_students_are_told_apart(tmp_path: Path, kind: str) -> None:
    columns, told = _of_developers()[kind]
    assert {name for name, column in scanned(tmp_path, columns).items() if column.sensitive} == told


def test_places_and_trees_with_something_that_people_have_wait_for_nobody(tmp_path: Path) -> None:
    fake, rng = _made(14, "it_IT")
    point = {
        "lat": [f"{45 + rng.random():.5f}" for _ in range(ROWS)],
        "lon": [f"{9 + rng.random():.5f}" for _ in range(ROWS)],
    }
    toilets: dict[str, Cells] = {"bagno": list(range(ROWS)), "sesso": _choice(rng, "M", "F", "misto"), **point}
    trees: dict[str, Cells] = {
        "specie": _choice(rng, "tiglio", "platano"), "genere": _choice(rng, "Tilia", "Platanus"),
        "indirizzo": _times(fake.street_address),
    }  # fmt: skip
    for name, columns in (("toilets", toilets), ("trees", trees)):
        path = tmp_path / f"{name}.csv"
        pl.DataFrame({key: list(map(str, cells)) for key, cells in columns.items()}).write_csv(path)
        assert scan_file(path, settings=ScanSettings(isolated=False)).outcome.value == "clear"


@pytest.mark.parametrize("kind", [*_kept_apart(), *_of_one_each()])
def test_kinds_that_went_wrong_are_told_apart(tmp_path: Path, kind: str) -> None:
    columns, told = {**_kept_apart(), **_of_one_each()}[kind]
    assert {name for name, column in scanned(tmp_path, columns).items() if column.sensitive} == told


def test_what_stands_below_merged_cells_belongs_to_the_heading(tmp_path: Path) -> None:
    rng = random.Random(13)
    path = tmp_path / "table.csv"
    rows = (f"{n},{rng.randint(18, 90)},{rng.choice('KE')},{rng.randint(1, 9)}" for n in range(ROWS))
    path.write_text("\n".join(["Sıra,Kişisel bilgiler,,Hane", ",Yaş,Cinsiyet,", *rows]), "utf-8")
    columns = scan_file(path, settings=ScanSettings(isolated=False)).tables[0].columns
    assert [column.name for column in columns if column.sensitive] == [
        "Kişisel bilgiler Yaş",
        "Kişisel bilgiler Cinsiyet",
    ]


def scanned(tmp_path: Path, columns: dict[str, Cells]) -> dict[str, ColumnReport]:
    path = tmp_path / "table.csv"
    pl.DataFrame({name: list(map(str, cells)) for name, cells in columns.items()}).write_csv(path)
    report = scan_file(path, settings=ScanSettings(isolated=False))
    return {column.name: column for column in report.tables[0].columns}


@pytest.mark.parametrize("kind", list(ordinary()))
def test_ordinary_tables_raise_no_alarm(tmp_path: Path, kind: str) -> None:
    found = scanned(tmp_path, ordinary()[kind])
    alarms = {name: [each.entity for each in column.entities] for name, column in found.items() if column.sensitive}
    assert alarms == {}


@pytest.mark.parametrize("kind", list(people()))
def test_what_tells_of_people_is_found(tmp_path: Path, kind: str) -> None:
    columns, told = people()[kind]
    found = scanned(tmp_path, columns)
    assert told <= {name for name, column in found.items() if column.sensitive}
    assert all(column.reason.endswith(".") for column in found.values())


def test_a_remark_is_read_for_names_and_for_numbers_it_calls_a_telephone_s(tmp_path: Path) -> None:
    found = scanned(tmp_path, _remarks()[0])["comment"]
    assert {"PERSON", "PHONE_NUMBER"} <= {each.entity for each in found.entities}


def test_numbers_in_a_text_that_nobody_calls_a_telephone_s_are_none(tmp_path: Path) -> None:
    _, rng = _made(9, "en_US")
    texts = [f"Pipe {rng.randrange(10**9, 10**10)} laid along lot {rng.randrange(10**6)}" for _ in range(ROWS)]
    assert "PHONE_NUMBER" not in {each.entity for each in scanned(tmp_path, {"remarks": texts})["remarks"].entities}


def test_a_directory_of_organisations_names_those_who_head_them(tmp_path: Path) -> None:
    """They are named for their office, and the address and telephone are the organisation's."""
    fake, _rng = _made(10, "es_MX")
    columns: dict[str, Cells] = {
        "school_name": [f"Escuela {fake.last_name()}" for _ in range(ROWS)],
        "address": _times(fake.street_address),
        "phone": _times(fake.phone_number),
        "principal": _times(fake.name),
    }
    found = scanned(tmp_path, columns)
    sensitive = {name: column.sensitivity.value for name, column in found.items() if column.sensitive}
    assert sensitive == {"principal": "low"}
    assert "head an organisation" in found["principal"].reason


@pytest.mark.parametrize(
    ("heading", "places", "contact"),
    [
        ("mercado", ("Mercado Central", "Mercado Sur"), "telefono"),
        ("clinic", ("North Clinic", "South Clinic"), "phone"),
    ],
)
def test_many_telephones_beside_few_organisations_are_of_those_who_wrote_in(
    tmp_path: Path, heading: str, places: tuple[str, ...], contact: str
) -> None:
    """A market is reached by one number; a list of complaints has another in every row."""
    _, rng = _made(12, "es_MX")
    phones: Cells = [f"55{rng.randrange(10**7, 10**8)}" for _ in range(ROWS)]
    named = _choice(rng, *places)
    theirs: Cells = [phones[places.index(str(place))] for place in named]
    assert scanned(tmp_path, {"fecha": _days(rng), heading: named, contact: phones})[contact].sensitive
    assert not scanned(tmp_path, {"fecha": _days(rng), heading: named, contact: theirs})[contact].sensitive


def test_without_a_heading_numbers_beside_addresses_are_telephones(tmp_path: Path) -> None:
    fake, rng = _made(17, "en_GB")
    path = tmp_path / "table.csv"
    path.write_text(
        "\n".join(f"{fake.email()},07{rng.randrange(10**9):09},{rng.randint(1, 3)}" for _ in range(ROWS)), "utf-8"
    )
    columns = scan_file(path, settings=ScanSettings(isolated=False)).tables[0].columns
    assert [[each.entity for each in column.entities] for column in columns] == [
        ["EMAIL_ADDRESS"],
        ["PHONE_NUMBER"],
        [],
    ]


def test_without_a_heading_the_values_tell_sexes_and_days_of_birth(tmp_path: Path) -> None:
    fake, rng = _made(11, "en_US")
    path = tmp_path / "table.csv"
    rows = (
        f"{n};{fake.name()};{rng.randint(1, 28):02}.05.{rng.randint(1950, 2001)};{rng.choice('MF')}"
        for n in range(ROWS)
    )
    path.write_text("\n".join(rows), "utf-8")
    columns = scan_file(path, settings=ScanSettings(isolated=False)).tables[0].columns
    assert [[each.entity for each in column.entities] for column in columns] == [
        [],
        ["PERSON"],
        ["DATE_OF_BIRTH"],
        ["SEX"],
    ]
