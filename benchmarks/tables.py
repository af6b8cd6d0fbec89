"""How much of what made-up tables of cities tell of people is found: recall by country and by kind, and false alarms.

The tables are those of ``tests/support/city_tables``. Unlike the labelled tables of the corpus, they can be shown.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ckanext.privacy.engine import ScanSettings, scan_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.city_tables import NOTHING, OPEN, MadeTable, made_tables

#: Tables that were written together, oldest first.
LOTS = ("tables", "kept", "third", "sealed")
#: What a column of the tables turned out to be: the table, its heading, what it holds, whether it was found.
Result = tuple[MadeTable, str, str, bool]


@click.command()
@click.option("--seed", default=1, help="Another seed makes other names and numbers.")
@click.option("--lot", type=click.Choice(LOTS), default=LOTS[0], help="Which tables to make.")
@click.option("-v", "verbose", is_flag=True, help="Name what was missed and what was no alarm.")
def main(seed: int, lot: str, verbose: bool) -> None:
    """Measure the scanner on made-up tables of cities."""
    results = [each for each in _results(seed, lot) if each[2] != OPEN]
    holding = [each for each in results if each[2] != NOTHING]
    alarms = [each for each in results if each[2] == NOTHING and each[3]]
    missed = [each for each in holding if not each[3]]
    if verbose:
        for name, group in (("missed", missed), ("false alarms", alarms)):
            click.echo("\n".join([f"{name}:", *(f"  {table.name}: {heading}" for table, heading, _, _ in group)]))
    about = {table.name for table, _, _, _ in holding}
    ordinary = [each for each in results if each[0].name not in about]
    found = len(holding) - len(missed)
    precision, recall = found / (found + len(alarms)), found / len(holding)
    f2 = 5 * precision * recall / (4 * precision + recall)
    quiet = sum(each[3] for each in ordinary) / len(ordinary)
    click.echo(
        f"{len(results)} columns: P {precision:.3f} R {recall:.3f} F2 {f2:.3f}, alarms in tables of nobody {quiet:.1%}"
    )
    _print_recall("country", [(table.people, found) for table, _, _, found in holding])
    _print_recall("kind", [(holds, found) for _, _, holds, found in holding])


def _results(seed: int, lot: str) -> Iterator[Result]:
    with TemporaryDirectory() as folder:
        for table in made_tables(seed, lot):
            path = table.write(Path(folder))
            reports = scan_file(path, settings=ScanSettings(isolated=False)).tables[0].columns
            for made, report in zip(table.columns, reports, strict=True):
                yield table, made.heading, made.holds, report.sensitive


def _print_recall(title: str, results: list[tuple[str, bool]]) -> None:
    every, found = Counter(name for name, _ in results), Counter(name for name, hit in results if hit)
    click.echo(f"recall by {title}: " + ", ".join(f"{name} {found[name]}/{every[name]}" for name in sorted(every)))


if __name__ == "__main__":
    main()
