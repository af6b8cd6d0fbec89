"""What everyone may know of the scanner: its version, what it looks for, in which languages, how often it misses."""

from __future__ import annotations

from typing import Any

from ckanext.privacy.engine import VERSION
from ckanext.privacy.engine.headings import languages
from ckanext.privacy.engine.kinds import load_kinds
from ckanext.privacy.engine.names import measured
from ckanext.privacy.engine.packs import load_packs
from ckanext.privacy.views import words


def facts() -> dict[str, Any]:
    """Return the scanner's entry for the page about it.

    ``recall`` lists for each language which share of people is found by the form of their names alone: in columns of
    names, in single cells, in sentences; measured on names and sentences that nothing was trained on, worst first.
    """
    packs = load_packs(())
    return {
        "version": VERSION,
        "kinds": sorted({words.kind(code) for code in load_kinds()}),
        "languages": sorted(words.language(code) for code in languages()),
        "countries": sorted(words.country(pack.code) for pack in packs if len(pack.code) == 2),
        "identifiers": sorted({each.entity for pack in packs for each in pack.identifiers}),
        "recall": _recall(),
    }


def _recall() -> list[dict[str, Any]]:
    figures = measured()
    names: dict[str, dict[str, Any]] = figures["names"]
    sentences = {code: row["PERSON"]["recall"] for code, row in figures["sentences"].items() if "PERSON" in row}
    return [
        {
            "what": words.language(code),
            "columns": words.percent(row["columns of names"]),
            "cells": words.percent(row["full name"]),
            "sentences": words.percent(sentences.get(code)),
        }
        for code, row in sorted(names.items(), key=lambda each: each[1]["full name"])
    ]
