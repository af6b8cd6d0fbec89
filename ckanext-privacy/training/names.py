"""Train the name classifier: ``python training/names.py --names FOLDER`` writes the model into the engine.

Needs scikit-learn, Faker and CKAN beside the engine. The same input gives the same model. One forename and surname in
ten is kept from training; recall by locale is measured on names made of those alone, and saved with the model.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from material import (
    LOCALES,
    Parts,
    Words,
    addresses,
    codes,
    name_parts,
    names_by_country,
    organisations,
    people,
    territories,
)
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from ckanext.privacy.engine.names import CLASSES, FEATURES, MODELS, featurise

#: Names drawn for each unit of a locale's weight.
DRAWN = 700
LANGUAGES = {"sw": "en", "yo": "en", "ha": "en", "ig": "en", "zu": "en", "tw": "en", "es_CA": "ca"}

Example = tuple[str, int]


def is_kept(part: str) -> bool:
    """Say whether a forename or surname is kept from training."""
    return zlib.crc32(part.lower().encode()) % 10 == 0


def split(parts: Parts) -> tuple[Parts, Parts]:
    """Split names into those to train on and those to test with."""
    return _share(parts, kept=False), _share(parts, kept=True)


def _share(parts: Parts, *, kept: bool) -> Parts:
    forenames, surnames = parts
    return [part for part in forenames if is_kept(part) is kept], [part for part in surnames if is_kept(part) is kept]


def examples(locale: str, parts: Parts, words: Words, rng: random.Random, count: int) -> Iterator[Example]:
    """Yield labelled texts of one locale."""
    language = LANGUAGES.get(locale, LANGUAGES.get(locale[:2], locale[:2]))
    yield from ((text, 0) for text in people(parts, language, rng, count))
    yield from ((text, 1) for text in organisations(parts, language, words, count // 2))
    yield from ((text, 2) for text in addresses(parts, language, words, count // 2))
    yield from ((words.place(language), 3) for _ in range(count // 2))
    yield from ((words.word(language), 4) for _ in range(count // 2))


def matrix(texts: list[str]) -> csr_matrix:
    """Featurise texts as the engine does, each row divided by the root of its number of features."""
    rows, features = featurise(texts)
    counts = np.bincount(rows, minlength=len(texts))
    values = 1 / np.sqrt(counts[rows])
    return csr_matrix((values, (rows, features)), shape=(len(texts), FEATURES))


def fit(data: list[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (features x classes) and biases."""
    # No early end: -inf is reached by no loss, so every run takes the same twelve rounds.
    model = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=-np.inf, random_state=3, n_jobs=2, average=True)
    model.fit(matrix([text for text, _ in data]), [label for _, label in data])
    return np.asarray(model.coef_).T, np.asarray(model.intercept_)


def save(weights: np.ndarray, bias: np.ndarray) -> None:
    """Write the weights as whole numbers of one byte."""
    scale = np.percentile(np.abs(weights), 99.97) / 127
    small = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
    np.savez_compressed(MODELS / "names.npz", weights=small, scale=np.float32(scale), bias=bias.astype(np.float32))


@click.command()
@click.option("--names", "folder", type=click.Path(path_type=Path, exists=True), required=True)
def main(folder: Path) -> None:
    """Train, save, measure."""
    rng = random.Random(5)  # noqa: S311 - drawn for a model, not for a secret
    words = Words(rng)
    data: list[Example] = [(text, 3) for text in territories()]
    data += [(text, 4) for text in codes(rng, 20_000)]
    tests: dict[str, Parts] = {}
    sources = [(locale, name_parts(locale), weight) for locale, weight in LOCALES.items()]
    sources += [(f"{key}", parts, 0.6) for key, parts in names_by_country(folder).items()]
    for locale, parts, weight in sources:
        train, tests[locale] = split(parts)
        if all(train):
            data += examples(_language(locale), train, words, rng, int(DRAWN * weight))
    rng.shuffle(data)
    click.echo(f"{len(data)} examples")
    save(*fit(data))
    measure(tests, rng)


def _language(source: str) -> str:
    country_language = {"CN": "zh", "TW": "zh", "HK": "zh", "JP": "ja", "KR": "ko", "MX": "es", "ES": "es", "IT": "it"}
    if source.endswith("-local"):
        return country_language.get(source[:2], "en")
    return "en" if source.endswith("-roman") else source


def measure(tests: dict[str, Parts], rng: random.Random) -> None:
    """Save the share of full names, made of unseen parts only, that are found, by locale."""
    from ckanext.privacy.engine.names import classify

    found = {}
    for locale, parts in tests.items():
        if locale in LOCALES and all(len(side) >= 5 for side in parts):
            texts = list(people(parts, LANGUAGES.get(locale, locale[:2]), rng, 400))
            found[locale] = round(float((classify(texts)[:, 0] > 0.5).mean()), 3)
    (MODELS / "names.json").write_text(json.dumps({"recall": found, "classes": CLASSES}, indent=1) + "\n", "utf-8")
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
