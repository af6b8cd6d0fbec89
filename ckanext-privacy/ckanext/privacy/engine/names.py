"""A small classifier that tells names of people from addresses, organisations, places and ordinary words.

Logistic regression over hashed character n-grams, scored with numpy. The weights in :file:`models/names.npz` are made
by :file:`training/names.py` from openly licensed and generated material; their recall by language and script lies
beside them in :file:`models/names.json`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

MODELS = Path(__file__).with_name("models")
CLASSES = ("person", "organisation", "address", "place", "other")
#: Size of the hashed feature space; the model's weights have as many rows.
FEATURES = 1 << 16
LONGEST = 80
NGRAMS = (1, 2, 3, 4, 5)

MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
DIGITS = re.compile(r"\d")
SPACES = re.compile(r"[\s_]+")
BASE = np.uint64(1_099_511_628_211)
MIX = np.uint64(0x9E3779B97F4A7C15)


def fold(text: str) -> str:
    """Bring a value to the form the classifier knows: no case, no Latin accents, every digit a zero."""
    plain = MARKS.sub("", unicodedata.normalize("NFKD", text[:LONGEST].lower()))[: LONGEST * 3]
    return SPACES.sub(" ", DIGITS.sub("0", unicodedata.normalize("NFC", plain))).strip(" .,;")


def featurise(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return two aligned arrays: the index of the text and the hashed feature, for every n-gram and word of each."""
    folded = [f"^ {fold(text)} $" for text in texts]
    lengths = np.fromiter(map(len, folded), dtype=np.int64, count=len(folded))
    codes = np.frombuffer("".join(folded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(folded)), lengths)
    ends = np.cumsum(lengths)[owner]
    pieces = [_ngrams(codes, owner, ends, size) for size in NGRAMS]
    pieces += [_words(codes, owner), _counts(folded)]
    return np.concatenate([rows for rows, _ in pieces]), np.concatenate([hashes for _, hashes in pieces])


def _ngrams(codes: np.ndarray, owner: np.ndarray, ends: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    count = max(0, codes.size - size + 1)
    hashed = np.full(count, np.uint64(size))
    for step in range(size):
        hashed = hashed * BASE + codes[step : step + count]
    inside = np.arange(count) + size <= ends[:count]
    return owner[:count][inside], _bucket(hashed[inside])


def _words(codes: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash whole words: the spaces that surround them are always there."""
    spaces = np.flatnonzero(codes == ord(" "))
    starts, stops = spaces[:-1], spaces[1:]
    same = owner[starts] == owner[stops]
    starts, stops = starts[same], stops[same]
    powers = np.multiply.accumulate(np.full(LONGEST * 8, BASE))
    # Codes weighed by their place within the word, summed: tells words apart without a loop.
    place = _places(codes.size, spaces)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(codes * powers[place], dtype=np.uint64)])
    return owner[starts], _bucket(sums[stops] - sums[starts])


def _places(size: int, spaces: np.ndarray) -> np.ndarray:
    last = np.zeros(size, dtype=np.int64)
    last[spaces] = spaces
    return np.arange(size) - np.maximum.accumulate(last)


def _counts(folded: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    shapes = [min(text.count(" ") - 1, 8) * 4 + ("," in text) * 2 + ("0" in text) for text in folded]
    return np.arange(len(folded)), _bucket(np.array(shapes, dtype=np.uint64) + np.uint64(7))


def _bucket(hashed: np.ndarray) -> np.ndarray:
    return ((hashed * MIX) >> np.uint64(48)).astype(np.int64) % FEATURES


@lru_cache
def _weights() -> tuple[np.ndarray, np.ndarray]:
    with np.load(MODELS / "names.npz") as data:
        return data["weights"].astype(np.float32) * data["scale"], data["bias"]


def classify(texts: Sequence[str]) -> np.ndarray:
    """Return one row a text and one column a class of :data:`CLASSES`: probabilities that sum to 1."""
    if not texts:
        return np.zeros((0, len(CLASSES)), dtype=np.float32)
    weights, bias = _weights()
    rows, features = featurise(texts)
    counts = np.bincount(rows, minlength=len(texts)).astype(np.float32)
    summed = np.stack(
        [np.bincount(rows, weights=weights[features, index], minlength=len(texts)) for index in range(len(CLASSES))],
        axis=1,
    )
    logits = summed / np.sqrt(counts)[:, None] + bias
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def measured() -> dict[str, Any]:
    """Return how often the classifier finds names of people, by language and script, on names kept from training."""
    return json.loads((MODELS / "names.json").read_text("utf-8"))
