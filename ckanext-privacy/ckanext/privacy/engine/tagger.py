"""Names of people, organisations and places inside sentences, without a language model that must be downloaded.

A linear model looks at each word: what the name classifier thinks of it and of its neighbours, how it is written, which
words stand beside it. Everything is computed for all words of all texts at once. The weights in
:file:`models/tagger.npz` are made by :file:`training/train_tagger.py` from sentences of our own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import regex

from .names import CLASSES, MODELS, classify, shape_of

#: What a word may be part of; the first is none of it.
LABELS = ("", "PERSON", "ORGANIZATION", "LOCATION", "STREET_ADDRESS")
#: Size of the hashed feature space; the model's weights have as many rows.
FEATURES = 1 << 16
#: Words with their marks and inner apostrophes or hyphens; else single signs. Line ends count as signs.
TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’`*\-][\p{L}\p{M}\p{N}]+)*|\n|[^\s\p{L}\p{M}\p{N}]")
#: Texts looked at together: bounds memory.
TOGETHER = 2_000
#: Signs that may stand within one name.
JOINS = frozenset(".-'’")
#: A word is nothing only when that is so much likelier than all else; a name missed is worse than a word too many.
DOUBT = 0.4
#: Probability from which a word goes on with the name beside it.
GOES_ON = 0.1
#: How sure the model is said to be at most: it knows no meaning.
MOST = 0.95

MIX = np.uint64(0x9E3779B97F4A7C15)
BASE = np.uint64(1_099_511_628_211)


@dataclass(frozen=True)
class Tagged:
    """Characters `start` to `end` of a text are of a `label`, with `confidence` 0..1."""

    label: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True)
class Tokens:
    """Words and signs of many texts in a row: which text, where in it, and what."""

    owners: np.ndarray
    starts: Sequence[int]
    words: Sequence[str]


def tag(texts: Sequence[str]) -> list[tuple[Tagged, ...]]:
    """Return for each text what was found in it, in its order."""
    found: list[tuple[Tagged, ...]] = []
    for at in range(0, len(texts), TOGETHER):
        found += _tag(texts[at : at + TOGETHER])
    return found


def _tag(texts: Sequence[str]) -> list[tuple[Tagged, ...]]:
    tokens = tokenise(texts)
    found: list[list[Tagged]] = [[] for _ in texts]
    if not tokens.words:
        return [() for _ in texts]
    chances = probabilities(tokens)
    labels = decide(tokens, chances)
    for run in _runs(tokens, labels):
        found[int(tokens.owners[run[0]])].append(_span(tokens, chances, run, int(labels[run[0]])))
    return [tuple(spans) for spans in found]


def decide(tokens: Tokens, chances: np.ndarray) -> np.ndarray:
    """Give each word its label: in doubt something, and beside a name's word what may go on with it."""
    leaning = chances.copy()
    leaning[:, 0] *= DOUBT
    labels = leaning.argmax(axis=1)
    for step in (1, -1):
        beside, owners = np.roll(labels, step), np.roll(tokens.owners, step)
        likely = np.take_along_axis(chances, beside[:, None], axis=1)[:, 0] >= GOES_ON
        labels = np.where((labels == 0) & (beside > 0) & (owners == tokens.owners) & likely, beside, labels)
    return labels


def tokenise(texts: Sequence[str]) -> Tokens:
    """Cut texts into words and signs."""
    owners, starts, words = [], [], []
    for owner, text in enumerate(texts):
        for match in TOKEN.finditer(text):
            owners.append(owner)
            starts.append(match.start())
            words.append(match[0])
    return Tokens(np.array(owners, dtype=np.int64), starts, words)


def _runs(tokens: Tokens, labels: np.ndarray) -> Iterator[list[int]]:
    """Neighbours of one label in one text, without signs at their ends."""
    for _, group in groupby(range(len(labels)), key=lambda at: (tokens.owners[at], labels[at])):
        run = list(group)
        if labels[run[0]] == 0:
            continue
        yield from (piece for piece in _pieces(tokens, run, LABELS[labels[run[0]]]) if _is_word(tokens, piece))


def _pieces(tokens: Tokens, run: list[int], label: str) -> Iterator[list[int]]:
    """A comma or a line's end parts two people; an address goes on after it."""
    piece: list[int] = []
    for at in run:
        word = tokens.words[at]
        if word[0].isalnum() or (piece and (word in JOINS or label == "STREET_ADDRESS")):
            piece.append(at)
        elif piece:
            yield _trimmed(tokens, piece)
            piece = []
    if piece:
        yield _trimmed(tokens, piece)


def _is_word(tokens: Tokens, piece: list[int]) -> bool:
    """A single Latin letter is an initial of nobody's."""
    return len(piece) > 1 or len(tokens.words[piece[0]]) > 1 or not tokens.words[piece[0]].isascii()


def _trimmed(tokens: Tokens, piece: list[int]) -> list[int]:
    while len(piece) > 1 and not tokens.words[piece[-1]][0].isalnum() and not _is_initial(tokens, piece):
        piece = piece[:-1]
    return piece


def _is_initial(tokens: Tokens, piece: list[int]) -> bool:
    return tokens.words[piece[-1]] == "." and len(tokens.words[piece[-2]]) == 1


def _span(tokens: Tokens, chances: np.ndarray, run: list[int], label: int) -> Tagged:
    words = [at for at in run if tokens.words[at][0].isalnum()] or run
    sure = min(MOST, float(chances[words, label].mean()))
    last = run[-1]
    return Tagged(LABELS[label], round(sure, 2), tokens.starts[run[0]], tokens.starts[last] + len(tokens.words[last]))


def probabilities(tokens: Tokens) -> np.ndarray:
    """Return one row a word and one column a label of :data:`LABELS`: probabilities that sum to 1."""
    weights, scale, bias = _weights()
    total = np.zeros((len(tokens.words), len(LABELS)), dtype=np.int64)
    for features in featurise(tokens):
        total += weights[features]
    logits = total * scale + bias
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


@lru_cache
def _weights() -> tuple[np.ndarray, float, np.ndarray]:
    with np.load(MODELS / "tagger.npz") as data:
        return data["weights"], float(data["scale"]), data["bias"]


def featurise(tokens: Tokens) -> Iterable[np.ndarray]:
    """Yield hashed features, one array over all words for each kind of feature."""
    for number, parts in enumerate(_kinds(_Words(tokens), tokens)):
        hashed = np.full(len(tokens.words), np.uint64(number + 1))
        for part in parts:
            hashed = (hashed ^ part) * BASE
            hashed ^= hashed >> np.uint64(29)
        yield ((hashed * MIX) >> np.uint64(48)).astype(np.int64)


def _kinds(words: _Words, tokens: Tokens) -> Iterator[tuple[np.ndarray, ...]]:
    """What is looked at together: a word, the words beside it, and the row of capitalised words it is in."""
    word, shape, name = words.look("word"), words.look("shape"), words.look("name")
    near, shapes, names = _around(word, tokens), _around(shape, tokens), _around(name, tokens)
    pair, pair_before = words.pairs()
    run, place = words.runs()
    yield from ((word,), (shape,), (name,), (words.look("ends"),), (words.look("start"),), (pair,), (pair_before,))
    yield from ((near[step],) for step in (-3, -2, -1, 1, 2, 3))
    yield from ((names[step],) for step in (-2, -1, 1, 2))
    yield from ((name, shape), (name, near[-1]), (name, near[1]), (shape, near[-1]), (near[-2], near[-1]))
    yield from ((near[1], near[2]), (name, near[-2], near[-1]), (shape, near[-2], near[-1]))
    yield from ((shapes[-1], shape, shapes[1]), (shapes[-2], shapes[-1], shape), (shape, shapes[1], shapes[2]))
    yield from ((names[-1], name, names[1]), (names[-1], shapes[-1], name, shape), (name, shape, names[1], shapes[1]))
    yield from ((pair, shape), (pair_before, shape))
    yield from ((run,), (run, place), (run, name, place), (run, near[-1]), (run, near[1]), (run, name, word))
    yield (place, shape, shapes[-1])


def _around(values: np.ndarray, tokens: Tokens) -> dict[int, np.ndarray]:
    """The same value of the words before (-) and after (+), 1 beyond the text's ends."""
    found = {}
    for step in (-3, -2, -1, 1, 2, 3):
        moved, owners = np.roll(values, -step), np.roll(tokens.owners, -step)
        outside = owners != tokens.owners
        edge = slice(None, -step) if step < 0 else slice(-step, None)
        outside[edge] = True
        moved[outside] = 1
        found[step] = moved
    return found


class _Words:
    """What is known of each distinct word, looked up for all words."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        numbers: dict[str, int] = {}
        self.ids = np.array([numbers.setdefault(word, len(numbers)) for word in tokens.words], dtype=np.int64)
        self.distinct = list(numbers)

    def look(self, kind: str) -> np.ndarray:
        """Hash one thing about each word."""
        if kind == "name":
            return name_bins(self.distinct)[self.ids]
        makers = {
            "word": lambda word: word.lower(),
            "shape": shape_of,
            "ends": lambda word: word.lower()[-3:],
            "start": lambda word: word.lower()[:4],
        }
        make = makers[kind]
        hashes = np.array([zlib.crc32(make(word).encode()) for word in self.distinct], dtype=np.uint64)
        return hashes[self.ids] + np.uint64(2)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """What the name classifier thinks of each word with the next, and of the one before with it."""
        words, owners = self.tokens.words, self.tokens.owners
        both = [
            f"{words[at]} {words[at + 1]}" if at + 1 < len(words) and owners[at] == owners[at + 1] else ""
            for at in range(len(words))
        ]
        numbers: dict[str, int] = {}
        ids = np.array([numbers.setdefault(pair, len(numbers)) for pair in both], dtype=np.int64)
        after = name_bins(list(numbers))[ids]
        return after, np.concatenate([[np.uint64(1)], after[:-1]])

    def runs(self) -> tuple[np.ndarray, np.ndarray]:
        """What the name classifier thinks of the whole row of capitalised words a word is in, and where it is in it."""
        phrases, places = [""] * len(self.tokens.words), np.ones(len(self.tokens.words), dtype=np.uint64)
        for run in self._capitalised():
            phrase = " ".join(self.tokens.words[at] for at in run)
            for number, at in enumerate(run):
                phrases[at] = phrase
                places[at] = 2 + 3 * min(len(run), 6) + (number > 0) + (0 < number == len(run) - 1)
        numbers: dict[str, int] = {}
        ids = np.array([numbers.setdefault(phrase, len(numbers)) for phrase in phrases], dtype=np.int64)
        return name_bins(list(numbers))[ids], places

    def _capitalised(self) -> Iterator[list[int]]:
        run: list[int] = []
        for at, word in enumerate(self.tokens.words):
            if run and (not word[0].isupper() or self.tokens.owners[at] != self.tokens.owners[run[0]]):
                yield run
                run = []
            if word[0].isupper():
                run.append(at)
        if run:
            yield run


def name_bins(texts: Sequence[str]) -> np.ndarray:
    """What the classifier thinks, in coarse steps: the likeliest class and how likely a person is."""
    chances = classify(texts)
    person = np.minimum((chances[:, CLASSES.index("person")] * 5).astype(np.uint64), np.uint64(4))
    return person * np.uint64(len(CLASSES)) + chances.argmax(axis=1).astype(np.uint64) + np.uint64(2)
