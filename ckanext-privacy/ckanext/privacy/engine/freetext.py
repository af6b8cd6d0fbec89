"""People in running text: which share of a column's texts names someone, and where.

Texts are those of the sample. What is said of the whole column is an estimate, and the finding's detector says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from .evidence import Column, Evidence
from .names import CLASSES, classify
from .ner import find_names_in
from .tagger import Tagged

#: Texts of a column that are read, and characters of each.
TEXTS, CHARACTERS = 150, 1_000
#: A cell with so many words on average, or words and characters, is text; shorter ones the classifier sees whole.
WORDS, FEWER_WORDS, LENGTH = 9, 5, 60
#: The same where the heading says that it is text: a remark may be short.
SAID_WORDS = 2.5
#: Web addresses, shapes and records are no text, however long.
NO_TEXT = re.compile(r"\s*(?:https?://|www\.|[\[{<]|\w+://).*", re.IGNORECASE | re.DOTALL)
#: Addresses are full of people's names, and are no sentences.
NO_SENTENCE = [CLASSES.index(name) for name in ("address", "street")]
#: Confidence from which a name in a text is believed, and from which one word alone is.
NAMED, ALONE = 0.6, 0.9
#: Share of texts that must name someone: the tagger errs in some, and ordinary texts name a writer or a statesman.
LEAST = 0.1
#: The same where the heading does not say that it is text.
LEAST_UNSAID = 0.2
#: Texts in which the same word may name somebody.
FEW_TEXTS = 3
#: Letters up to which a word in capitals is an acronym: SSD, WHO.
ACRONYM = 4
MOST = 0.9


def names_in_texts(column: Column) -> Evidence | None:
    """Return people named inside the texts of a column; None for columns that hold no text, or nobody."""
    values = column.values
    if not is_text(column):
        return None
    texts = list(values.real)[:TEXTS]
    if float(classify(texts)[:, NO_SENTENCE].sum(axis=1).mean()) > 0.5:
        return None
    found = find_names_in([text[:CHARACTERS] for text in texts])
    named = {text: _people(text, spans) for text, spans in zip(texts, found, strict=True)}
    topics = _topics(named)
    named = {text: [name for name in names if name not in topics] for text, names in named.items()}
    holding = [text for text in texts if named[text]]
    read = sum(values.real[text] for text in texts)
    share = sum(values.real[text] for text in holding) / read if read else 0.0
    if share < (LEAST if "FREE_TEXT" in column.said else LEAST_UNSAID):
        return None
    examples = tuple(name for text in holding for name in named[text])
    rows = {text.strip(): row for text, row in column.profile.first_rows.items()}
    first = tuple(sorted(rows[text] for text in holding if text in rows)[:3])
    return Evidence("PERSON", MOST, ("text",), max(1, round(share * column.profile.filled)), examples, first)


def _topics(named: Mapping[str, Sequence[str]]) -> set[str]:
    """Single words that come in every fifth text: what the texts are about, a brand or a dish."""
    seen = Counter(name for names in named.values() for name in set(names) if " " not in name)
    return {name for name, texts in seen.items() if texts > max(FEW_TEXTS, LEAST_UNSAID * len(named))}


def is_text(column: Column) -> bool:
    """Whether a column holds running text: by its length, or by its heading and a few words a cell."""
    values = column.values
    long = values.words > WORDS or (values.words > FEWER_WORDS and values.length > LENGTH)
    said = "FREE_TEXT" in column.said and values.words > SAID_WORDS and not values.category
    return (long or said) and values.share(NO_TEXT) < 0.5


def _people(text: str, spans: Sequence[Tagged]) -> list[str]:
    """Names of people in one text that can be believed: by where they stand, and by themselves."""
    people = [(text[each.start : each.end], each.confidence) for each in spans if each.label == "PERSON"]
    sure = [name for name, confidence in people if confidence >= (NAMED if " " in name else ALONE)]
    sure = [name for name in sure if " " in name or not _is_common(name, text)]
    chances = classify(sure)[:, CLASSES.index("person")]
    return [name for name, chance in zip(sure, chances, strict=True) if chance > 0.5]


def _is_common(word: str, text: str) -> bool:
    """Whether one word alone is an acronym, or small in a text that writes others large."""
    if text == text.upper() or text == text.lower():
        return False
    return word == word.lower() or (word == word.upper() and len(word) <= ACRONYM)
