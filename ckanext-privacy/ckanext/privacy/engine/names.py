"""A small classifier that tells names of people from addresses, organisations, streets, places and ordinary words.

One hidden layer over hashed character n-grams, words and word shapes, computed with numpy. The weights in
:file:`models/names.npz` are made by :file:`training/train_names.py` from openly licensed and generated material; what
was measured with them, on names kept from training, lies beside them in :file:`models/quality.json`.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

MODELS = Path(__file__).with_name("models")
CLASSES = ("person", "organisation", "address", "place", "other", "street", "code")
#: Size of the hashed feature space; the model's weights have as many rows.
FEATURES = 1 << 16
LONGEST = 80
NGRAMS = (1, 2, 3, 4, 5)

MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
DIGITS = re.compile(r"\d")
#: What hides letters in a masked name.
HIDDEN = re.compile(r"[*•○●#]|(?<=[^\W\d_])[xX]{3,}")
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
    pieces += [_words(codes, owner), _shapes(texts)]
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


def _shapes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hash what the words look like, whatever they say: the whole row of shapes, and each pair of neighbours."""
    rows, hashes = [], []
    for index, text in enumerate(texts):
        shape = shape_of(text)
        pieces = {shape, *("2" + shape[at : at + 2] for at in range(len(shape) - 1)), f"n{len(shape)}"}
        rows += [index] * len(pieces)
        hashes += [zlib.crc32(piece.encode()) for piece in sorted(pieces)]
    return np.array(rows, dtype=np.int64), _bucket(np.array(hashes, dtype=np.uint64))


def shape_of(text: str) -> str:
    """Write a letter for each of the first words, and punctuation that ends one.

    >>> shape_of("PÉREZ, Juan M. de la Cruz 12")
    'A,TI.aaT0'
    """
    return "".join(map(_word_shape, text[:LONGEST].split()[:10]))


def _word_shape(word: str) -> str:
    bare = word.strip(".,;:()\"'")
    end = word[-1] if word[-1] in ".,;:" else ""
    if not bare:
        return "p" + end
    if HIDDEN.search(bare):
        return "*" + end
    if any(map(str.isdigit, bare)):
        return ("0" if not any(map(str.isalpha, bare)) else "m") + end
    if bare.upper() == bare.lower():
        return "x" + end
    if len(bare) == 1:
        return "I" + end
    return ("A" if bare.isupper() else "a" if bare.islower() else "T" if bare[1:].islower() else "M") + end


def _bucket(hashed: np.ndarray) -> np.ndarray:
    return ((hashed * MIX) >> np.uint64(48)).astype(np.int64) % FEATURES


@dataclass(frozen=True)
class _Model:
    """The weights: features x hidden units, hidden units x classes."""

    large: np.ndarray
    scale: float
    large_bias: np.ndarray
    small: np.ndarray
    small_bias: np.ndarray


@lru_cache
def _model() -> _Model:
    with np.load(MODELS / "names.npz") as data:
        return _Model(**{name: data[name] for name in data.files})


def classify(texts: Sequence[str]) -> np.ndarray:
    """Return one row a text and one column a class of :data:`CLASSES`: probabilities that sum to 1."""
    if not texts:
        return np.zeros((0, len(CLASSES)), dtype=np.float32)
    model = _model()
    rows, features = featurise(texts)
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=len(texts))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    # Whole numbers are summed as such: exact, and four times less memory than fractions.
    summed = np.add.reduceat(model.large[features[order]], starts, axis=0, dtype=np.int32)
    hidden = np.maximum(summed * (model.scale / np.sqrt(counts))[:, None] + model.large_bias, 0)
    logits = hidden @ model.small + model.small_bias
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def recall() -> dict[str, float]:
    """Return the share of full names found by their form alone in single cells, 0..1, by language."""
    return {language: figures["full name"] for language, figures in sorted(measured()["names"].items())}


def measured() -> dict[str, Any]:
    """Return what ``benchmarks/quality.py`` measured with these weights; see :file:`docs/quality.md`."""
    return json.loads((MODELS / "quality.json").read_text("utf-8"))
