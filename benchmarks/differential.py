"""Does the scan lose a cell that Presidio flags? Prints, for every enabled recognizer, cells tried, flagged and lost.

Cells are random, made from the recognizers' own patterns, disturbed as people, programs and attackers do, and real
where the folder is there that SUITE_CORPUS names. ``python benchmarks/differential.py [CELLS]``
"""

from __future__ import annotations

import os
import random
import string
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click
import polars as pl
import regex
from presidio_analyzer import EntityRecognizer

from ckanext.privacy.engine import UnreadableFile, open_tables
from ckanext.privacy.engine.confirm import Confirmer, confirmer_of
from ckanext.privacy.engine.recognizers import THRESHOLD

with warnings.catch_warnings():
    # The parser behind re; Python 3.11 moved it without another name for it in the open.
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_parse

ODD_DIGITS = ("٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "０１２３４５６７８９", "۰۱۲۳۴۵۶۷۸۹", "௦௧௨௩௪௫௬௭௮௯")
#: Zero-width and direction marks, odd spaces and dashes, accents, letters that fold to ASCII ones.
ODD_SIGNS = tuple(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\u00ad\u034f\ufe0f\u00a0\u2009\u202f\u3000"
    "\u2010\u2011\u2012\u2013\u2014\u2212\u00e9\u0301\u0941\u017f\u212a\u0131\uff21\uff20\uff0e"
)
AROUND = (
    "é",
    "call ",
    "«",
    "身份证",
    "x",
    "-",
    "",
    "",
    "ñ",
    ".",
    " today",
    "»",
    "號",
    "_",
    "/",
    "(",
    "#",
    "\n",
    "\t",
    "رقم ",
)
SPACES = {" ": ("\u00a0", "\u2009", "  ", "\t"), "-": ("\u2011", "\u2013", "-\u200b", "\u2010")}
#: Longest repeat that is made of a pattern without an end.
MOST_REPEATS = 6


@dataclass
class Count:
    """What became of one recognizer's cells.

    ``matched`` cells hold a match of its patterns, whatever its check digits say; it flags some. ``lost`` are those of
    either kind that the scan does not show to it.
    """

    tried: int = 0
    matched: int = 0
    flagged: int = 0
    lost: list[str] = field(default_factory=list)


def texts_of(pattern: str, rng: random.Random) -> Iterator[str]:
    """Yield random texts that a pattern matches as far as it looks at them, without end."""
    try:
        tree = sre_parse.parse(pattern, regex.IGNORECASE)
    except sre_parse.error:
        return
    while True:
        groups: dict[int, str] = {}
        yield "".join(_text(item, rng, groups) for item in tree)


def _text(item: Any, rng: random.Random, groups: dict[int, str]) -> str:
    kind, value = str(item[0]), item[1]
    made = _MAKERS.get(kind)
    return made(value, rng, groups) if made else ""


def _sequence(items: Iterable[Any], rng: random.Random, groups: dict[int, str]) -> str:
    return "".join(_text(item, rng, groups) for item in items)


def _group(value: Any, rng: random.Random, groups: dict[int, str]) -> str:
    number, _on, _off, items = value
    text = _sequence(items, rng, groups)
    if number:
        groups[number] = text
    return text


def _repeat(value: Any, rng: random.Random, groups: dict[int, str]) -> str:
    least, most, items = value
    times = rng.randint(least, min(int(most), least + MOST_REPEATS))
    return "".join(_sequence(items, rng, groups) for _ in range(times))


def _one_of(value: Any, rng: random.Random, _groups: dict[int, str]) -> str:
    items = [(str(kind), what) for kind, what in value]
    if items and items[0][0] == "NEGATE":
        banned = {char for item in items[1:] for char in _members(*item)}
        return rng.choice(sorted(set(string.printable) - banned) or ["é"])
    return rng.choice([char for item in items for char in _members(*item)])


def _members(kind: str, value: Any) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        return "".join(map(chr, range(value[0], min(value[1], value[0] + 200) + 1)))
    classes = {"DIGIT": string.digits, "SPACE": " ", "WORD": string.ascii_letters + string.digits + "_é"}
    return next((chars for name, chars in classes.items() if str(value) == f"CATEGORY_{name}"), ".- ")


_MAKERS: dict[str, Any] = {
    "LITERAL": lambda value, rng, _groups: rng.choice([chr(value), chr(value).swapcase()]),
    "NOT_LITERAL": lambda value, _rng, _groups: "a" if chr(value) != "a" else "b",
    "ANY": lambda _value, rng, _groups: rng.choice(string.printable),
    "IN": _one_of,
    "CATEGORY": lambda value, rng, _groups: rng.choice(_members("CATEGORY", value)),
    "BRANCH": lambda value, rng, groups: _sequence(rng.choice(value[1]), rng, groups),
    "SUBPATTERN": _group,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "ATOMIC_GROUP": _sequence,
    "GROUPREF": lambda value, _rng, groups: groups.get(value, ""),
}


def disturb(cell: str, rng: random.Random) -> str:
    """Change a value as people, programs and attackers do: other digits, signs nobody sees, text around, a slip."""
    place = rng.randrange(len(cell) + 1)
    changes = (
        lambda: cell.translate(str.maketrans(string.digits, rng.choice(ODD_DIGITS))),
        lambda: cell[:place] + rng.choice(ODD_SIGNS) + cell[place:],
        lambda: rng.choice(AROUND) + cell + rng.choice(AROUND),
        lambda: cell[:place] + rng.choice(string.digits + " -./") + cell[place + 1 :],
        cell.swapcase,
        lambda: "".join(rng.choice(SPACES[char]) if char in SPACES else char for char in cell),
        lambda: "lorem ipsum dolor sit amet consectetur " * rng.randint(1, 4) + cell + " sed do eiusmod",
    )
    return rng.choice(changes)()


def made_cells(patterns: Iterable[str], count: int, rng: random.Random) -> list[str]:
    """Cells from the patterns: a third as they are made, a third disturbed once, a third more than once."""
    makers = [texts_of(pattern, rng) for pattern in patterns]
    plain = [text for maker in makers for text in islice(maker, -(-count // len(makers) // 3))]
    once = [disturb(text, rng) for text in plain]
    return [*plain, *once, *(disturb(text, rng) for text in once)]


def random_cells(count: int, rng: random.Random) -> list[str]:
    """Cells of no kind: signs, digits and letters, and plain numbers."""
    signs = string.ascii_letters + string.digits * 4 + " -./@:+()"
    cells = ["".join(rng.choices(signs, k=rng.randint(1, 24))) for _ in range(count // 2)]
    return cells + [str(rng.randrange(10 ** rng.randint(4, 19))) for _ in range(count // 2)]


def real_cells(most: int) -> list[str]:
    """Distinct cells of labelled tables, spread over the tables."""
    folder = Path(os.environ.get("SUITE_CORPUS", ""), "tables", "files")
    paths = sorted(folder.iterdir()) if "SUITE_CORPUS" in os.environ and folder.is_dir() else []
    return [cell for path in paths for cell in islice(_cells_of(path), most // len(paths))]


def _cells_of(path: Path) -> Iterator[str]:
    try:
        tables = open_tables(path).tables
    except UnreadableFile:
        return
    for table in tables:
        for batch in table.batches():
            for name in batch.columns:
                yield from batch[name].drop_nulls().unique(maintain_order=True).head(500)


def flagged(recognizer: EntityRecognizer, cells: Iterable[str]) -> list[str]:
    """The cells that a recognizer flags above the engine's threshold, as Presidio asks it."""
    return [cell for cell in cells if cell and _flags(recognizer, cell)]


def _flags(recognizer: EntityRecognizer, cell: str) -> bool:
    try:
        found = recognizer.analyze(cell, recognizer.supported_entities, None)  # type: ignore[arg-type]
    except LookupError:
        # Some check digits of Presidio's know no digits but ASCII ones.
        return False
    return any(each.score >= THRESHOLD for each in found or ())


def matched(recognizer: EntityRecognizer, cells: Iterable[str]) -> list[str]:
    """The cells in which a recognizer's patterns match: more than it flags, as few have the right check digits."""
    flags = getattr(recognizer, "global_regex_flags", 0)
    patterns = [regex.compile(pattern.regex, flags) for pattern in getattr(recognizer, "patterns", ())]
    return [cell for cell in cells if any(pattern.search(cell) for pattern in patterns)]


def compare(confirmer: Confirmer, cells: list[str], recognizer: EntityRecognizer, count: Count) -> None:
    """Count the cells that a recognizer flags, and keep those that the scan would not have shown to it."""
    series = pl.Series(cells, dtype=pl.String)
    entities = tuple(recognizer.supported_entities)
    shown = {
        cell for _, found in confirmer.finder.find(series, entities) for cell in series.gather(found["cell"].unique())
    }
    matches, hits = matched(recognizer, cells), flagged(recognizer, cells)
    count.tried += len(cells)
    count.matched += len(matches)
    count.flagged += len(hits)
    count.lost += [cell for cell in {*matches, *hits} if cell not in shown]


def differ(confirmer: Confirmer, count: int, rng: random.Random, real: list[str]) -> dict[str, Count]:
    """Compare for every enabled recognizer, on ``count`` cells of each kind."""
    counts: dict[str, Count] = {}
    for recognizer in confirmer.analyzer.registry.recognizers:
        patterns = [pattern.regex for pattern in getattr(recognizer, "patterns", ())]
        # The recognizer of telephone numbers is slow, and has no pattern to make numbers from.
        few = count if patterns else count // 10
        cells = made_cells(patterns or TELEPHONES, few, rng) + random_cells(few, rng)
        cells += rng.sample(real, min(few, len(real)))
        compare(confirmer, cells, recognizer, counts.setdefault(recognizer.name, Count()))
    return counts


#: What telephone numbers look like around the world.
TELEPHONES = (
    r"\+\d{1,3}[ -]?\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}", r"\(0?\d{2,3}\) ?\d{3,4}[ -]\d{4}", r"0\d{2,4}[ /-]?\d{5,8}",
    r"\d{3}[.-]\d{3}[.-]\d{4}", r"tel:\+\d{8,13}",
)  # fmt: skip


def main() -> None:
    """Print the counts."""
    confirmer, rng = confirmer_of(), random.Random(2026)
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    counts = differ(confirmer, size, rng, real_cells(100_000))
    whole = Count()
    click.echo(f"{'recognizer':<36}{'cells':>9}{'matched':>9}{'flagged':>9}{'lost':>6}")
    for name, count in [*sorted(counts.items()), (f"all {len(counts)} recognizers", whole)]:
        click.echo(f"{name:<36}{count.tried:>9}{count.matched:>9}{count.flagged:>9}{len(count.lost):>6}")
        whole.tried, whole.matched = whole.tried + count.tried, whole.matched + count.matched
        whole.flagged, whole.lost = whole.flagged + count.flagged, whole.lost + count.lost
    sys.exit(1 if whole.lost else 0)


if __name__ == "__main__":
    main()
