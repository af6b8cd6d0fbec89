"""A made-up table with people in it, as text: the same at every call. Its e-mail domain is reserved for examples."""

from __future__ import annotations

import csv
import io
import random

ROWS = 60
#: Nothing in it is about people: one steward is enough for a first release.
WATER = "point,year,litres_per_minute\n" + "".join(f"W{n},20{n % 20 + 5:02},{n % 30 + 4}\n" for n in range(ROWS))
#: What a dataset about it must say of itself where the community fields are on, beside its title.
ABOUT_WATER = {
    "notes_translated": {"en": "Where water is, and how much."},
    "data_about": ["facilities"],
    "license_id": "cc-by",
    "contact": [{"name": "Data desk", "email": "data-desk@example.org"}],
}
GIVEN = ("Asha", "Ravi", "Meena", "Suresh", "Lakshmi", "Anil", "Geeta", "Vijay", "Sunita", "Kiran")
FAMILY = ("Patil", "Kamble", "Jadhav", "More", "Shinde", "Pawar", "Gaikwad", "Chavan", "Salve", "Bhosale")
COLUMNS = ("point_id", "caretaker_name", "caretaker_email", "built", "working")
#: What is about nobody, and so stays when the table is cleaned.
KEPT = ("point_id", "built", "working")


def water_points(seed: int = 7) -> str:
    """Return a table of water points with their caretakers' names and addresses, as CSV."""
    dice = random.Random(seed)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number in range(1, ROWS + 1):
        given, family = dice.choice(GIVEN), dice.choice(FAMILY)
        email = f"{given}.{family}{number}@mail.example.org".lower()
        table.writerow([f"WP-{number:03}", f"{given} {family}", email, dice.randint(1995, 2024), dice.choice("yn")])
    return text.getvalue()


def cleaned(table: str) -> list[list[str]]:
    """Return a table's rows without the columns about people, heading first."""
    return [[row[name] for name in KEPT] for row in [{n: n for n in KEPT}, *csv.DictReader(io.StringIO(table))]]
