"""The demo's files. Everybody in them is made up, and the same people come out at every run.

Identity numbers lie in the range that India's authority keeps for tests (9999…), with right check digits; telephone
numbers in the well-known placeholder block 98765 432xx. So the scanner meets what it would meet in the field, and
nobody's own number can be hit by chance.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from typing import Any

from faker import Faker
from openpyxl import Workbook
from stdnum import verhoeff

HOUSEHOLDS = 240
LANES = 11
SMALLEST_GROUP = 10
_SEED = 20260112
#: Nobody lives there: the points lie in the Arabian Sea.
_AT_SEA = (17.2, 71.9)
_ILLNESSES = ("", "", "", "", "asthma", "diabetes", "tuberculosis", "high blood pressure")
_CASTES = ("SC", "ST", "OBC", "General", "prefers not to say")
_WATER = ("tap inside", "public tap", "tanker", "river")
_TOILETS = ("own", "shared", "public block", "none")
_REMARKS = (
    "",
    "",
    "",
    "Ask again in the evening, {name} works at the market.",
    "Phone of the brother: {phone}.",
    "Afraid of the road project, does not want her name shown.",
)

Row = dict[str, Any]


def _household(number: int, people: Faker, dice: random.Random) -> Row:
    phone = f"+91 98765 432{dice.randrange(100):02d}"
    name = people.name()
    rooms, size = dice.choice((1, 1, 1, 2, 2, 3)), dice.randint(1, 9)
    body = f"9999{dice.randrange(10**7):07d}"
    return {
        "household": f"R-{number:04d}",
        "lane": number % LANES + 1,
        "name of household head": name,
        "phone": phone,
        "aadhaar": body + verhoeff.calc_check_digit(body),
        "latitude": round(_AT_SEA[0] + dice.random() / 100, 6),
        "longitude": round(_AT_SEA[1] + dice.random() / 100, 6),
        "caste": dice.choice(_CASTES),
        "people": size,
        "children under 5": dice.randint(0, min(3, size - 1)) if size > 1 else 0,
        "rooms": rooms,
        "monthly income (INR)": dice.randrange(4000, 26000, 500),
        "illness": dice.choice(_ILLNESSES),
        "water": dice.choice(_WATER),
        "toilet": dice.choice(_TOILETS),
        "firm roof": dice.choice(("yes", "yes", "no")),
        "remarks": dice.choice(_REMARKS).format(name=name.split()[0], phone=phone),
    }


def households() -> list[Row]:
    """The answers of every household of the made-up Riverside Colony."""
    people = Faker("en_IN")
    people.seed_instance(_SEED)
    dice = random.Random(_SEED)  # noqa: S311 - a story, not a secret
    return [_household(number, people, dice) for number in range(1, HOUSEHOLDS + 1)]


def household_survey_csv() -> bytes:
    """The survey as it came from the field."""
    return _csv(households())


def household_survey_xlsx() -> bytes:
    """The same survey; a hidden sheet holds the field team's names and telephone numbers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    _fill(book.create_sheet("households"), households())
    team = book.create_sheet("field team")
    team.sheet_state = "hidden"
    people = Faker("en_IN")
    people.seed_instance(_SEED + 1)
    _fill(
        team, [{"member": people.name(), "mobile": f"+91 98765 432{n:02d}", "lanes": n % LANES + 1} for n in range(22)]
    )
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def lane_figures_csv() -> bytes:
    """Counts by lane; a count of fewer than ten households is left out."""
    lanes: dict[int, list[Row]] = {}
    for row in households():
        lanes.setdefault(row["lane"], []).append(row)
    questions: dict[str, Callable[[Row], bool]] = {
        "households without a tap": lambda row: row["water"] in {"tanker", "river"},
        "households without a toilet of their own": lambda row: row["toilet"] != "own",
        "households with a firm roof": lambda row: row["firm roof"] == "yes",
    }
    return _csv(
        [
            {"lane": lane, "households": len(rows)}
            | {question: _count(sum(map(holds, rows))) for question, holds in questions.items()}
            for lane, rows in sorted(lanes.items())
        ]
    )


def _count(number: int) -> int | str:
    return number if number >= SMALLEST_GROUP else ""


def public_taps_csv() -> bytes:
    """The water department's list of taps."""
    dice = random.Random(_SEED)  # noqa: S311 - a story, not a secret
    conditions = ("works", "works", "works", "drips", "dry")
    return _csv(
        [
            {
                "tap": f"T{number:03d}",
                "ward": f"Ward {number % 9 + 1}",
                "condition": dice.choice(conditions),
                "litres a day": dice.randrange(200, 2400, 50),
                "last repair": f"2025-{dice.randint(1, 12):02d}",
                "latitude": round(26.99 + dice.gauss(0, 0.012), 4),
                "longitude": round(70.92 + dice.gauss(0, 0.014), 4),
            }
            for number in range(1, 121)
        ]
    )


def _csv(rows: list[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _fill(sheet: Any, rows: list[Row]) -> None:
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))


#: What a story names under `maker`.
MAKERS: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker for maker in (household_survey_csv, household_survey_xlsx, lane_figures_csv, public_taps_csv)
}
