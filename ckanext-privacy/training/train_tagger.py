"""Train the tagger of sentences: ``python training/train_tagger.py --archives A --names N``, after the name classifier.

The templates of :file:`sentences.yaml` are our own; what is put into them comes from the lists' training split, and
sentences without a name also from CKAN's translations. Every fifth template is kept for the test.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import click
import numpy as np
from compose import Writer
from material import LANGUAGES, Material, split_of, translations
from scipy.sparse import csr_matrix
from sentences import TEMPLATES, Sentence, sentences, templates_of
from sklearn.linear_model import SGDClassifier

from ckanext.privacy.engine.names import MODELS
from ckanext.privacy.engine.tagger import FEATURES, LABELS, Tokens, featurise, tokenise

#: Sentences written for each unit of a language's weight, and drawn from the translations.
DRAWN, PLAIN = 230, 7_000
#: Languages whose names are written in another's sentences, too.
#: English has the most templates, and is drawn from more often.
OFTEN = {"en": 2}
GUESTS = {
    "en": [
        "hi-Latn",
        "ur-Latn",
        "ar-Latn",
        "zh-Latn",
        "yo",
        "sw",
        "zu",
        "fil",
        "es",
        "it",
        "de",
        "nl",
        "fr",
        "pl",
        "cs",
        "hu",
        "fi",
        "no",
        "da",
        "sv",
        "pt",
        "id",
        "hr",
        "ja-Latn",
        "is",
        "et",
        "vi",
        "tr",
    ]
}


def written(material: Material, split: str, drawn: int, seed: int) -> list[Sentence]:
    """Write the sentences of one split."""
    rng = random.Random(seed)  # noqa: S311 - drawn for a model, not for a secret
    found: list[Sentence] = []
    for language in TEMPLATES:
        templates = templates_of(language, split)
        writer = Writer(language, material, split, rng)
        found += sentences(writer, templates, drawn * LANGUAGES[language]["weight"] * OFTEN.get(language, 1))
        for guest in GUESTS.get(language, ()):
            other = Writer(guest, material, split, rng)
            if other.parts.firsts and other.parts.lasts:
                found += sentences(other, templates, drawn)
    plain = [text for _, text in translations() if len(text.split()) > 4 and split_of(text) == split]
    plain += [text for text in material.topics("sentences") if split_of(text) == split] * 3
    found += [Sentence(text, "", ()) for text in rng.sample(plain, min(PLAIN, len(plain)))]
    rng.shuffle(found)
    return found


def labels_of(tokens: Tokens, texts: list[Sentence]) -> np.ndarray:
    """The label of each word, by the characters it stands on."""
    found = np.zeros(len(tokens.words), dtype=np.int64)
    for at, (owner, start) in enumerate(zip(tokens.owners, tokens.starts, strict=True)):
        for first, last, label in texts[owner].marks:
            if first <= start < last:
                found[at] = LABELS.index(label)
    return found


def matrix(tokens: Tokens) -> csr_matrix:
    """One row a word, with a one for each of its features."""
    rows = np.arange(len(tokens.words))
    ones = np.ones(len(rows), dtype=np.float32)
    shape = (len(rows), FEATURES)
    found = csr_matrix(shape, dtype=np.float32)
    for features in featurise(tokens):
        found = found + csr_matrix((ones, (rows, features)), shape=shape)
    return found


def fit(texts: list[Sentence]) -> SGDClassifier:
    """Fit the linear model."""
    tokens = tokenise([each.text for each in texts])
    # Six rounds and no early end, which scikit-learn's stubs do not know.
    options: dict[str, Any] = {"tol": None}
    model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=6, random_state=3, average=True, **options)
    return model.fit(matrix(tokens), labels_of(tokens, texts))


def save(model: SGDClassifier) -> None:
    """Write the weights as whole numbers of one byte."""
    weights = np.asarray(model.coef_).T
    scale = np.percentile(np.abs(weights), 99.97) / 127
    whole = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
    bias = np.asarray(model.intercept_).astype(np.float32)
    np.savez_compressed(MODELS / "tagger.npz", weights=whole, scale=np.float32(scale), bias=bias)


@click.command()
@click.option("--archives", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--names", "folder", type=click.Path(path_type=Path, exists=True), required=True)
def main(archives: Path, folder: Path) -> None:
    """Write sentences, train, save."""
    texts = written(Material(archives, folder).load(), "train", DRAWN, 11)
    click.echo(f"{len(texts)} sentences")
    save(fit(texts))


if __name__ == "__main__":
    main()
