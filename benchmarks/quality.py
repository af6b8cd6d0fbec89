"""How well the scanner finds: names by language and script, sentences by entity, labelled tables where they are.

Names and sentences are those of ``benchmarks/material``, put together from names, places and words that no training has
seen; the 1,500 sentences of presidio-research and the labelled tables are read where ``SUITE_CORPUS`` names a folder
with them. ``--write`` saves the figures where ``privacy-scan --explain`` reads them, and writes ``docs/quality.md``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import regex

from ckanext.privacy.engine.evidence import Column, find_names
from ckanext.privacy.engine.names import MODELS, classify
from ckanext.privacy.engine.profile import ColumnProfile
from ckanext.privacy.engine.spans import find_all_spans
from ckanext.privacy.engine.values import Values

ROOT = Path(__file__).resolve().parents[1]
MATERIAL = ROOT / "benchmarks" / "material"
SAVED = MODELS / "quality.json"
PAGE = ROOT / "docs" / "quality.md"
#: Cells of a column in the test of columns, and columns drawn of each kind.
CELLS, COLUMNS = 30, 12
#: Entities of presidio-research by the engine's names; both kinds of place count as one.
NAMES = {"GPE": "LOCATION", "ZIP_CODE": "POSTCODE", "DOMAIN_NAME": "URL"}
PLACES = frozenset({"LOCATION", "STREET_ADDRESS"})
#: Entities that only a model can tell; the others are told by their form.
NEED_MODEL = frozenset({"PERSON", "LOCATION", "STREET_ADDRESS", "ORGANIZATION"})
#: A find counts when it shares so much with what is marked: intersection over union of characters.
SHARED = 0.5
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")

Marks = list[tuple[str, int, int]]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read one JSON object a line from a compressed file."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def script_of(texts: Iterable[str]) -> str:
    """The script that most letters of some texts are in."""
    counts = Counter(
        unicodedata.name(char, "?").split()[0].title() for text in texts for char in text if char.isalpha()
    )
    return {"Cjk": "Han"}.get(name := counts.most_common(1)[0][0], name)


def measure_names() -> dict[str, dict[str, Any]]:
    """Recall of names and false alarms by language, in single cells and in whole columns without a heading."""
    kinds: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for line in read_lines(MATERIAL / "cells.jsonl.gz"):
        kinds[line["language"]][line["kind"]] = line["texts"]
    return {language: _names_of(texts) for language, texts in kinds.items()}


def _names_of(texts: dict[str, list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {"script": script_of(texts["full name"])}
    for kind in ("full name", "one name"):
        found[kind] = _share(texts[kind])
    others = [kind for kind in texts if kind not in found]
    found["false alarms"] = {kind: _share(texts[kind]) for kind in others}
    found["columns of names"] = _columns(texts["full name"])
    found["false columns"] = round(sum(_columns(texts[kind]) for kind in others) / len(others), 3)
    return found


def _share(texts: Sequence[str]) -> float:
    return round(float((classify(texts)[:, 0] > 0.5).mean()), 3)


def _columns(texts: Sequence[str]) -> float:
    """Share of columns without a heading, drawn from texts, in which names of people are found."""
    rng = random.Random(len(texts))
    drawn = [rng.sample(texts, min(CELLS, len(texts))) for _ in range(COLUMNS)]
    return round(sum(is_named(cells) for cells in drawn) / COLUMNS, 3)


def is_named(cells: Sequence[str], heading: str = "") -> bool:
    """Whether the engine finds names of people in a column of distinct cells."""
    profile = ColumnProfile("", heading)
    profile.filled = len(cells)
    return find_names(Column(profile, Values(dict.fromkeys(cells, 1), len(cells)), {})) is not None


def measure_sentences() -> dict[str, dict[str, Any]]:
    """Names, places and organisations in sentences of templates kept from training, by language."""
    lines = defaultdict(list)
    for line in read_lines(MATERIAL / "sentences.jsonl.gz"):
        lines[line["language"]].append(line)
    return {language: _sentences_of(each) for language, each in lines.items()}


def _sentences_of(lines: list[dict[str, Any]]) -> dict[str, Any]:
    marks = [[(label, start, end) for start, end, label in line["marks"]] for line in lines]
    scores = score([line["text"] for line in lines], marks)
    return {entity: scores[entity] for entity in ("PERSON", "LOCATION", "ORGANIZATION") if entity in scores}


def measure_presidio_research(folder: Path) -> dict[str, dict[str, Any]]:
    """Scores by entity on the sentences of presidio-research, none of which is trained on."""
    lines = json.loads((folder / "synth_dataset_v2.json").read_text("utf-8"))
    marks = [[_mark(span) for span in line["spans"]] for line in lines]
    return score([line["full_text"] for line in lines], marks)


def _mark(span: dict[str, Any]) -> tuple[str, int, int]:
    entity: str = span["entity_type"]
    return NAMES.get(entity) or entity, span["start_position"], span["end_position"]


def score(texts: Sequence[str], marks: Sequence[Marks]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F2 of spans by entity, the recall of words, and of all that needs no model together."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text, marked, found in zip(texts, marks, find_all_spans(texts, context=True), strict=True):
        _count(text, marked, [(span.entity, span.start, span.end) for span in found], counts)
    plain = [each for entity, each in counts.items() if entity not in NEED_MODEL and each["marked"]]
    counts["without a model"] = sum(plain, Counter())
    return {entity: _scores(each) for entity, each in counts.items() if each["marked"]}


def _count(text: str, marked: Marks, found: Marks, counts: dict[str, Counter[str]]) -> None:
    for mark in marked:
        counts[mark[0]].update(marked=1, hit=any(_meets(mark, each) for each in found))
    for each in found:
        counts[each[0]].update(found=1, right=any(_meets(mark, each) for mark in marked))
    for word in WORD.finditer(text):
        over = [each[0] for each in found if each[1] <= word.start() < each[2]]
        for entity in {mark[0] for mark in marked if mark[1] <= word.start() < mark[2]}:
            counts[entity].update(words=1, word_hits=any(_same(entity, other) for other in over))


def _meets(mark: tuple[str, int, int], found: tuple[str, int, int]) -> bool:
    inside = min(mark[2], found[2]) - max(mark[1], found[1])
    return _same(mark[0], found[0]) and inside >= SHARED * (max(mark[2], found[2]) - min(mark[1], found[1]))


def _same(one: str, other: str) -> bool:
    return one == other or (one in PLACES and other in PLACES)


def _scores(each: Counter[str]) -> dict[str, Any]:
    recall, precision = each["hit"] / each["marked"], each["right"] / (each["found"] or 1)
    words = each["word_hits"] / (each["words"] or 1)
    f2 = 5 * precision * recall / ((4 * precision + recall) or 1)
    numbers = {"precision": precision, "recall": recall, "f2": f2, "recall of words": words}
    return {"marked": each["marked"], **{name: round(number, 3) for name, number in numbers.items()}}


def measure_speed() -> dict[str, float]:
    """Milliseconds a column of 400 cells, and sentences a second, in processor time."""
    cells = [text for line in read_lines(MATERIAL / "cells.jsonl.gz") for text in line["texts"]][:4000]
    texts = [line["text"] for line in read_lines(MATERIAL / "sentences.jsonl.gz")]
    find_all_spans(texts[:5])
    started = time.process_time()
    for at in range(0, 4000, 400):
        classify(cells[at : at + 400])
    column = (time.process_time() - started) * 100
    started = time.process_time()
    find_all_spans(texts)
    return {"ms a column": round(column, 1), "sentences a second": round(len(texts) / (time.process_time() - started))}


def weights() -> dict[str, str]:
    """What is measured: the first characters of the models' SHA-256."""
    return {name: hashlib.sha256((MODELS / name).read_bytes()).hexdigest()[:16] for name in ("names.npz", "tagger.npz")}


def measure(corpus: Path | None) -> dict[str, Any]:
    """Measure all that there is material for."""
    found: dict[str, Any] = {"models": weights(), "names": measure_names(), "sentences": measure_sentences()}
    if corpus and (corpus / "presidio-research").exists():
        found["presidio-research"] = measure_presidio_research(corpus / "presidio-research")
    return found


def lines_of(figures: dict[str, Any]) -> Iterator[str]:
    """The tables, as Markdown."""
    yield "## Names in cells and columns, by language"
    yield ""
    yield "| language | script | full names | one name alone | columns of names | worst false alarms | false columns |"
    yield "|---|---|---|---|---|---|---|"
    for language, row in sorted(figures["names"].items()):
        kind, worst = max(row["false alarms"].items(), key=lambda item: item[1])
        yield (
            f"| {language} | {row['script']} | {row['full name']:.0%} | {row['one name']:.0%} |"
            f" {row['columns of names']:.0%} | {worst:.0%} ({kind}) | {row['false columns']:.0%} |"
        )
    yield from _entity_table(
        "Sentences of templates kept from training: people, by language", _people(figures["sentences"])
    )
    if "presidio-research" in figures:
        yield from _entity_table("presidio-research, by entity", figures["presidio-research"])


def _people(sentences: dict[str, Any]) -> dict[str, Any]:
    return {language: row["PERSON"] for language, row in sorted(sentences.items()) if "PERSON" in row}


def _entity_table(title: str, rows: dict[str, Any]) -> Iterator[str]:
    yield from (
        "",
        f"## {title}",
        "",
        "| | marked | precision | recall | F2 | recall of words |",
        "|---|---|---|---|---|---|",
    )
    for name, row in rows.items():
        numbers = " | ".join(f"{row[key]:.2f}" for key in ("precision", "recall", "f2", "recall of words"))
        yield f"| {name} | {row['marked']} | {numbers} |"


def summary(figures: dict[str, Any]) -> str:
    """The spread between languages in one line."""
    columns = {language: row["columns of names"] for language, row in figures["names"].items()}
    worst = min(columns, key=columns.__getitem__)
    cells = {language: row["full name"] for language, row in figures["names"].items()}
    poorest = min(cells, key=cells.__getitem__)
    false = sum(row["false columns"] for row in figures["names"].values()) / len(columns)
    return (
        f"{len(columns)} languages: columns of names found {sum(columns.values()) / len(columns):.1%} on average, least"
        f" {columns[worst]:.0%} ({worst}); full names in cells {sum(cells.values()) / len(cells):.1%}, least"
        f" {cells[poorest]:.0%} ({poorest}); columns of other things taken for names {false:.1%}"
    )


@click.command()
@click.option("--write", is_flag=True, help="Save the figures and write the page.")
def main(write: bool) -> None:
    """Measure, print, and compare with what is saved, or save."""
    corpus = Path(os.environ["SUITE_CORPUS"]) if os.environ.get("SUITE_CORPUS") else None
    figures = measure(corpus)
    click.echo("\n".join([*lines_of(figures), "", summary(figures), json.dumps(measure_speed())]))
    if write:
        SAVED.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
        write_page(figures)
        return
    if corpus:
        _evaluate_tables(corpus)
    saved = json.loads(SAVED.read_text("utf-8"))
    same = all(saved[key] == figures[key] for key in figures)
    click.echo("The same as the figures that are shown." if same else "NOT the figures that are shown: use --write.")
    sys.exit(0 if same else 1)


def _evaluate_tables(corpus: Path) -> None:
    scan = Path(sys.executable).with_name("privacy-scan")
    subprocess.run([sys.executable, corpus / "evaluate.py", "--scan", scan], check=False)  # noqa: S603 - both are ours


def write_page(figures: dict[str, Any]) -> None:
    """Put the tables below the page's own words."""
    head, mark, _ = PAGE.read_text("utf-8").partition("<!-- measured -->\n")
    PAGE.write_text(head + mark + "\n" + summary(figures) + "\n\n" + "\n".join(lines_of(figures)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
