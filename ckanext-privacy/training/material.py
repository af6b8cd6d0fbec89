"""Material to train the name classifier on: openly licensed lists, and forms generated from them.

Sources
    names       Faker's locale providers (MIT), and the CC0 list of common names by country of sigpwned,
                ``popular-names-by-country-dataset`` (two CSV files, given by path)
    places      the geocoding data of the phonenumbers library (Apache-2.0), CLDR territories through Babel (Unicode licence)
    words       CLDR names of languages, currencies, days, months and units through Babel, Faker's words and jobs (MIT),
                CKAN's own translations (AGPL-3.0)
    the rest    organisations, addresses and codes made from these by the patterns below
"""

from __future__ import annotations

import csv
import gettext
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import ckan
from babel import Locale, localedata
from faker import Faker
from phonenumbers.geodata import GEOCODE_DATA

#: Locale of Faker: names drawn from it. Large countries weigh more.
LOCALES = {
    "es_MX": 9, "es_ES": 9, "es_CO": 6, "es_AR": 5, "es_CL": 4, "pt_BR": 9, "pt_PT": 5, "fr_FR": 8, "fr_CA": 2,
    "it_IT": 9, "nl_NL": 8, "nl_BE": 2, "de_DE": 9, "de_CH": 2, "de_AT": 2, "en_US": 10, "en_GB": 6, "en_IN": 10,
    "en_KE": 6, "en_NG": 6, "en_PK": 6, "en_PH": 3, "en_IE": 2, "en_NZ": 2, "en_TH": 3, "en_BD": 4, "hi_IN": 8,
    "mr_IN": 3, "ne_NP": 5, "bn_BD": 7, "gu_IN": 3, "ta_IN": 4, "or_IN": 2, "si_LK": 2, "ar_AA": 4, "ar_AE": 4,
    "ar_DZ": 3, "ar_EG": 4, "ar_JO": 3, "ar_PS": 4, "ar_SA": 4, "fa_IR": 3, "he_IL": 2, "zh_CN": 9, "zh_TW": 8,
    "ja_JP": 4, "ko_KR": 4, "vi_VN": 3, "id_ID": 8, "fil_PH": 3, "th_TH": 3, "tr_TR": 5, "pl_PL": 5, "ru_RU": 6,
    "uk_UA": 4, "cs_CZ": 2, "hu_HU": 2, "ro_RO": 2, "el_GR": 3, "sv_SE": 2, "da_DK": 2, "fi_FI": 2, "no_NO": 2,
    "bg_BG": 2, "hr_HR": 2, "sw": 4, "yo_NG": 4, "ha_NG": 4, "ig_NG": 4, "zu_ZA": 3, "tw_GH": 3, "am_ET": 2,
    "hy_AM": 2, "ka_GE": 2, "es_CA": 5, "uz_UZ": 1, "az_AZ": 1, "sq_AL": 1, "lt_LT": 1, "lv_LV": 1, "et_EE": 1,
}  # fmt: skip
TITLES = {
    "en": ["Mr", "Mrs.", "Ms", "Dr.", "Hon.", "Prof.", "Sir", "Rev."],
    "es": ["Sr.", "Sra.", "Dr.", "Dra.", "Lic.", "Ing.", "Don", "Doña"],
    "pt": ["Sr.", "Sra.", "Dr.", "Dra.", "Prof."],
    "fr": ["M.", "Mme", "Dr", "Pr", "Mlle"],
    "it": ["Sig.", "Sig.ra", "Dott.", "Dott.ssa", "Avv.", "Ing."],
    "de": ["Herr", "Frau", "Dr.", "Prof. Dr."],
    "nl": ["dhr.", "mevr.", "drs.", "ir."],
    "hi": ["श्री", "श्रीमती", "डॉ", "कुमारी"],
    "id": ["Bapak", "Ibu", "H.", "Hj.", "Drs.", "dr."],
}
ORGANISATIONS = {
    "es": ["Escuela {p}", "Escuela Primaria {p}", "Colegio {p}", "Instituto {w}", "Hospital {p}", "Hospital General {c}", "Farmacia {l}", "Fundación {p}",
           "{p} SL", "{p} S.A.", "{l} e Hijos S.A. de C.V.", "{l} y {l} S.A.", "Secretaría de {w}", "Dirección General de {w}", "Municipalidad de {c}",
           "Ayuntamiento de {c}", "Partido {w}", "Asociación {w}", "Universidad de {c}", "Universidad {p}", "Centro de Salud {c}", "Comisión de {w}", "Unión {w}",
           "Clínica {l}", "Restaurante {f}", "Hotel {l}", "Biblioteca {p}", "Museo {p}", "Sindicato de {w}", "Constructora {l} SA", "Transportes {l}", "Alianza {w}", "Movimiento {w}"],
    "pt": ["Escola Municipal {p}", "Hospital {p}", "Farmácia {l}", "{l} & {l} Ltda", "{p} ME", "{l} S/A", "Prefeitura de {c}", "Secretaria de {w}", "Instituto {p}",
           "Associação {w}", "Universidade {c}", "Colégio {p}", "Partido {w}", "Posto {l}", "UBS {p}", "Comercial {l} Eireli", "Coligação {w}", "Padaria {f}"],
    "fr": ["École {p}", "Collège {p}", "Lycée {p}", "Hôpital {c}", "Pharmacie {l}", "{l} SARL", "{l} et fils", "Mairie de {c}", "Association {w}", "Ministère de {w}",
           "Université {p}", "Société {l}", "Laboratoire {l}", "Clinique {l}", "Fondation {p}", "Syndicat {w}", "SAS {l}", "Parti {w}", "Union {w}", "Laboratoires {l}"],
    "it": ["Scuola {p}", "Istituto Comprensivo {p}", "Ospedale {c}", "Farmacia {l}", "{l} S.r.l.", "{l} & Figli S.p.A.", "Comune di {c}", "Associazione {w}",
           "Università di {c}", "Ministero {w}", "Liceo {p}", "Cooperativa {w}", "Fondazione {p}", "Studio {l}", "Protezione Civile {c}", "Partito {w}", "ASL {c}", "Pro Loco {c}", "Croce Rossa {c}"],
    "nl": ["Basisschool {l}", "{l} B.V.", "Gemeente {c}", "Stichting {w}", "Ziekenhuis {c}", "Apotheek {l}", "Vereniging {w}", "Ministerie van {w}", "Universiteit {c}",
           "{l} en Zonen", "Partij {w}", "Bibliotheek {c}", "Provincie {c}", "Waterschap {c}", "Openbare basisschool {c}", "Christelijke school {l}"],
    "de": ["Grundschule {c}", "{l} GmbH", "{l} AG", "{l} & Söhne KG", "Stadt {c}", "Landkreis {c}", "Apotheke {l}", "Verein {w} e.V.", "Universität {c}",
           "Ministerium für {w}", "Krankenhaus {c}", "{p}-Schule", "Stiftung {l}", "Partei {w}", "Amt für {w}", "{l} Handels GmbH"],
    "en": ["{l} Elementary School", "{p} High School", "{l} Hospital", "{l} & {l} LLP", "{l} Inc.", "{l} LLC", "{p} Ltd", "{c} Council", "City of {c}", "{l} Pharmacy",
           "Department of {w}", "Ministry of {w}", "{w} Association", "University of {c}", "{l} and Sons", "{l} Foundation", "{w} Party", "Bank of {c}", "{l} Trust Fund", "{l} Realty Corp",
           "{l} Travels Pvt. Ltd.", "{c} Clinic", "{l} Holdings", "{w} Services", "{l} Management", "Church of {f}", "{w} Committee", "{l} Tours & Travels", "{w} Union", "{c} Public Library",
           "{l} ASSOCIATES", "{l} PROPERTIES", "{w} Company", "{l} Brothers", "{w} Agency", "{c} Transport", "{w} Group"],
    "id": ["SMA Negeri {c}", "Rumah Sakit {l}", "PT {w}", "CV {l} Jaya", "Puskesmas {c}", "Dinas {w}", "Universitas {l}", "Partai {w}", "RSUD {c}", "RSU {p}", "Yayasan {f}"],
    "ar": ["مدرسة {p}", "مستشفى {c}", "شركة {l}", "جمعية {w}", "جامعة {c}", "بلدية {c}", "صيدلية {l}", "وزارة {w}", "مكتب بريد {c}", "مؤسسة {l}"],
    "hi": ["{p} विद्यालय", "{c} अस्पताल", "प्राथमिक विद्यालय {c}", "{l} ट्रेडर्स", "नगर निगम {c}", "{w} समिति", "{w} विभाग", "{w} पार्टी"],
    "zh": ["{c}{l}有限公司", "{c}小学", "{c}國民小學", "{c}医院", "{c}区人民政府", "{l}股份有限公司", "{c}大学", "{w}局", "{c}農會", "{w}委员会", "{c}市公所", "{w}黨", "{c}派出所"],
    "tr": ["{l} A.Ş.", "{p} İlkokulu", "{c} Belediyesi", "{l} Eczanesi", "{c} Üniversitesi"],
    "pl": ["Szkoła Podstawowa {c}", "{l} Sp. z o.o.", "Urząd Miasta {c}", "Apteka {l}", "Fundacja {w}"],
    "ru": ["ООО {l}", "Школа № 5 {c}", "Больница {c}", "ЗАО {l}", "Администрация {c}"],
}  # fmt: skip
STREETS = {
    "es": ["Calle {p} {n}", "C/ {l}, {n}", "Av. {p} #{n}", "Avenida {l} {n}, Col. {w}", "Carrera {n} # {n}-{n}", "Cl {n} No {n} - {n}", "Jr. {l} {n}", "Plaza {p} {n}", "Calle {f} {l}", "Pasaje {l} s/n", "Camino {c} km {n}"],
    "pt": ["Rua {p}, {n}", "Av. {p} {n}", "Travessa {l}, {n} - {c}", "Rua {l}", "Praça {p}", "Estrada {c} km {n}"],
    "fr": ["{n} rue {p}", "{n} avenue {l}", "{n} bis chemin de {c}", "rue {p}", "place {p}", "{n}, boulevard {l}", "impasse {l}"],
    "it": ["Via {p} {n}", "Via {l}, {n}", "Piazza {p} {n}", "Corso {l} {n}", "Viale {p}", "Strada {c} {n}", "VIA {l} {f} {n}"],
    "nl": ["{l}straat {n}", "{l}laan {n}", "{l}weg {n}, {n} AB {c}", "{c}plein {n}", "{l}straat"],
    "de": ["{l}straße {n}", "{l}str. {n}", "{p}-Str. {n}", "{c}er Weg {n}", "{l}platz {n}", "Am {l} {n}", "{l}weg {n}, {n} {c}"],
    "en": ["{n} {l} Street", "{n} {l} AVE", "{n} {l} Rd, {c}", "{l} STREET", "{n} {f} Drive Apt {n}", "{l} Road", "House No {n}, {l} Nagar, {c}", "Plot {n} {l} Colony", "P.O. Box {n} {c}", "{n}-{n} {n} STREET", "Flat {n} {l} Apartments", "{l}-{n}, {c}", "APT {n}", "{n} E {n} ST", "FLOOR {n}", "SUITE {n}", "UNIT {n}"],
    "id": ["Jl. {p} No. {n}", "Jalan {l} No {n}, {c}", "Jl. {c} KM {n}", "Gang {l} {n}"],
    "ar": ["شارع {p} {n}", "شارع {l}، {c}", "حي {l} {n}", "ص.ب {n} {c}"],
    "hi": ["मकान नं {n}, {l} नगर, {c}", "ग्राम {c} पोस्ट {c}", "{n} {l} मार्ग", "गली नं {n} {c}"],
    "zh": ["{c}市{l}路{n}号", "{c}區{w}路{n}號{n}樓", "{l}街{n}巷{n}弄", "{c}县{w}镇{n}组"],
    "tr": ["{p} Cad. No:{n}", "{l} Sok. {n} {c}"],
    "pl": ["ul. {l} {n}", "al. {p} {n}, {c}"],
    "ru": ["ул. {l}, д. {n}", "пр. {l} {n}"],
    "ca": ["c. {p}, {n}", "Carrer {l} {n}", "Pl. {p}, s/n", "av. {l}, {n}-{n}"],
}  # fmt: skip

Parts = tuple[list[str], list[str]]


class Words:
    """Places and ordinary words by language; ``pick`` draws one."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.places: dict[str, list[str]] = {}
        self.words: dict[str, list[str]] = {}
        for language, text in _geodata():
            self.places.setdefault(language, []).append(text)
        for language, text in _ordinary():
            self.words.setdefault(language, []).append(text)

    def place(self, language: str) -> str:
        """Draw a place name of the language, else an English one."""
        return self.rng.choice(self.places.get(language) or self.places["en"])

    def word(self, language: str) -> str:
        """Draw a word or short phrase of the language, else an English one."""
        return self.rng.choice(self.words.get(language) or self.words["en"])


def name_parts(locale: str, size: int = 1500) -> Parts:
    """Draw the distinct forenames and surnames of a locale."""
    fake = Faker(locale)
    fake.seed_instance(7)
    firsts = {fake.first_name() for _ in range(size)}
    lasts = {fake.last_name() for _ in range(size)}
    return sorted(firsts), sorted(lasts)


def names_by_country(folder: Path) -> dict[str, Parts]:
    """Read the CC0 lists: forenames and surnames by country, in local script and romanised."""
    parts: dict[str, Parts] = {}
    for index, name in enumerate(("common-forenames-by-country.csv", "common-surnames-by-country.csv")):
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for form in {row["Localized Name"], row["Romanized Name"]} - {"", None}:
                    script = "local" if form == row["Localized Name"] else "roman"
                    parts.setdefault(f"{row['Country']}-{script}", ([], []))[index].append(form)
    return {key: value for key, value in parts.items() if value[0] and value[1]}


def people(parts: Parts, language: str, rng: random.Random, count: int) -> Iterator[str]:
    """Write names as tables write them: full, reversed, initials, titles, capitals, one part alone."""
    firsts, lasts = parts
    for _ in range(count):
        first, other = rng.choice(firsts), rng.choice(firsts)
        last, second = rng.choice(lasts), rng.choice(lasts)
        title = rng.choice(TITLES.get(language, TITLES["en"]))
        forms = _forms(first, other, last, second, title, language)
        text = rng.choices([form for form, _ in forms], [weight for _, weight in forms])[0]
        yield rng.choices([text, text.upper(), text.lower()], [6, 3, 1])[0]


def _forms(first: str, other: str, last: str, second: str, title: str, language: str) -> list[tuple[str, float]]:
    if language in {"zh", "ja", "ko"}:
        return [(last + first, 8), (f"{last} {first}", 1), (last, 0.3), (first, 1), (f"{last}\u3000{first}", 1)]
    return [
        (f"{first} {last}", 5), (f"{first} {other} {last}", 2), (f"{first} {last} {second}", 3), (f"{last}, {first}", 2),
        (f"{last} {first}", 2), (f"{last} {second} {first}", 1), (f"{first[0]}. {last}", 1), (f"{last}, {first[0]}.", 1),
        (f"{title} {first} {last}", 1), (f"{last}, {title} {first} {other}", 0.5), (first, 3), (last, 3),
        (f"{first} {other}", 1), (f"{last} {second}", 1), (f"{first} {last}, {other} {second}", 0.5),
        (f"{first}-{other} {last}".replace(" ", "-"), 0.4), (f"{first} {other[0]} {last}", 0.7),
    ]  # fmt: skip


def organisations(parts: Parts, language: str, words: Words, rng: random.Random, count: int) -> Iterator[str]:
    """Write organisations, many of them named after people."""
    templates = ORGANISATIONS.get(language, ORGANISATIONS["en"])
    for _ in range(count):
        yield _cased(_fill(rng.choice(templates), parts, language, words, rng), rng)


def addresses(parts: Parts, language: str, words: Words, rng: random.Random, count: int) -> Iterator[str]:
    """Write street addresses."""
    templates = STREETS.get(language, STREETS["en"])
    for _ in range(count):
        yield _cased(_fill(rng.choice(templates), parts, language, words, rng), rng)


def _fill(template: str, parts: Parts, language: str, words: Words, rng: random.Random) -> str:
    first, last = rng.choice(parts[0]), rng.choice(parts[1])
    text = template.format(
        p=f"{first} {last}", f=first, l=last, c=words.place(language), w=words.word(language), n="\0"
    )  # fmt: skip
    return re.sub("\0", lambda _match: str(rng.randint(1, 10 ** rng.randint(1, 4))), text)


def _cased(text: str, rng: random.Random) -> str:
    return text.upper() if rng.random() < 0.3 else text


def codes(rng: random.Random, count: int) -> Iterator[str]:
    """Write codes, dates, amounts and flags."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    for _ in range(count):
        size = rng.randint(1, 4)
        prefix = "".join(rng.choices(letters, k=size))
        number = rng.randint(0, 10**size)
        yield rng.choice(
            [prefix, f"{prefix}-{number}", f"{number}{prefix}", f"{prefix}{number}", str(number), f"{number}.{number}"]
        )


def _geodata() -> Iterator[tuple[str, str]]:
    seen = set()
    for texts in GEOCODE_DATA.values():
        for language, text in texts.items():
            for piece in {text, text.split(",")[0].split("/")[0]}:
                if (language, piece) not in seen:
                    seen.add((language, piece))
                    yield language, piece


def territories() -> Iterator[str]:
    """Yield countries and time-zone cities in every language of CLDR."""
    for locale in _locales():
        yield from locale.territories.values()
        yield from (zone["city"] for zone in locale.time_zones.values() if "city" in zone)


def _locales() -> Iterable[Locale]:
    names = "en es pt fr it nl ca de hi mr bn ta gu ar fa ur zh zh_Hant ja ko id ms vi th tr pl ru uk sw yo ha ig zu am he el sv da fi nb cs hu ro bg hr".split()
    return (Locale.parse(name) for name in names if localedata.exists(name))


def _ordinary() -> Iterator[tuple[str, str]]:
    for locale in _locales():
        for names in (locale.languages, locale.currencies, locale.scripts):
            yield from ((locale.language, str(text)) for text in names.values())
        for kind in ("months", "days", "eras", "quarters"):
            yield from ((locale.language, text) for text in _leaves(getattr(locale, kind)))
        yield from ((locale.language, text) for text in _leaves(locale._data["unit_display_names"]))
    yield from _translations()
    for code in LOCALES:
        fake = Faker(code)
        fake.seed_instance(11)
        yield from ((code[:2], fake.job()) for _ in range(300))
        yield from ((code[:2], word) for word in fake.get_words_list())


def _leaves(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif hasattr(node, "values"):
        for child in node.values():
            yield from _leaves(child)


def _translations() -> Iterator[tuple[str, str]]:
    folder = Path(ckan.__file__).parent / "i18n"
    for path in sorted(folder.glob("*/LC_MESSAGES/ckan.mo")):
        language = path.parts[-3][:2]
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog
        for text in catalogue.values():
            plain = re.sub(r"<[^>]+>|[{%(][^ ]*", " ", str(text)).strip()
            if plain and len(plain) < 300:
                yield language, plain
                yield from ((language, word) for word in plain.split() if len(word) > 3)
