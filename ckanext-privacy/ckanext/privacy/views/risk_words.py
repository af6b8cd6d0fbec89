"""What a scan measured of the risk in a table beside the size of its groups, in plain words for the review page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.said import said

Json = Mapping[str, Any]


def sentences(risk: Json) -> Iterator[str]:
    """Yield a sentence for each figure that a report has; none for what was not found."""
    yield from _people(risk)
    for each in risk.get("l_diversity") or ():
        yield from _secret(each)
    for each in risk.get("points") or ():
        yield _points(each)
    for each in risk.get("undone") or ():
        yield tk.ungettext(
            "{n} small count in {column} was left out, but its totals give it away.",
            "{n} small counts in {column} were left out, but its totals give them away.",
            each["cells"],
        ).format(n=each["cells"], column=each["column"])
    for each in risk.get("dominance") or ():
        yield tk.ungettext(
            "{n} amount in {columns} is mostly made up by one or two contributors, who can work out each other's.",
            "{n} amounts in {columns} are mostly made up by one or two contributors, who can work out each other's.",
            each["cells"],
        ).format(n=each["cells"], columns=_listed(each["columns"]))
    if weak := risk.get("other_quasi_identifiers"):
        yield tk._("Who knows {columns} as well can narrow it down further.").format(columns=_listed(weak))
    yield from map(said, risk.get("not_said") or ())


def _people(risk: Json) -> Iterator[str]:
    people, most, special = risk.get("people"), risk.get("most_rows"), risk.get("special_uniques")
    if people and most:
        yield tk._("The rows are about {people} people; one of them has {most} rows.").format(people=people, most=most)
    if special:
        yield tk.ungettext(
            "{n} row stands alone by one or two columns already.",
            "{n} rows stand alone by one or two columns already.",
            special,
        ).format(n=special)


def _secret(each: Json) -> Iterator[str]:
    if each.get("told"):
        yield tk.ungettext(
            "In {n} row, {column} is known without finding the row: everyone in its group has the same.",
            "In {n} rows, {column} is known without finding the row: everyone in their group has the same.",
            each["told"],
        ).format(n=each["told"], column=each["column"])
    else:
        yield tk.ungettext(
            "Every group of people who look the same has at least {n} value of {column}.",
            "Every group of people who look the same has at least {n} different values of {column}.",
            each["l"],
        ).format(n=each["l"], column=each["column"])
    if each.get("t") is not None:
        yield tk._("In some group the shares of {column} lie {share}% away from those of the whole table.").format(
            column=each["column"], share=round(100 * each["t"])
        )


def _points(each: Json) -> str:
    return tk._(
        "Places in {columns} are told to within {metres} metres; {alone} of {points} have no other within 100 metres."
    ).format(columns=_listed(each["columns"]), metres=round(each["metres"]), alone=each["alone"], points=each["points"])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
