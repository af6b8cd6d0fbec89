"""Train the name classifier: ``python training/train_names.py --archives A --names N`` writes it into the engine.

Needs scikit-learn, Faker and CKAN beside the engine, and what ``fetch.py`` fetched. Run with ``OMP_NUM_THREADS=1``:
the same material and libraries then give the same bytes. Of names that only one list knows, of places and of words one
in ten is kept for the test and one in twenty for development, in all languages alike; nothing is fitted to either.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from compose import Writer, codes
from material import LANGUAGES, Material, split_of
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier

from ckanext.privacy.engine.names import CLASSES, FEATURES, MODELS, featurise

#: Texts of each class written for each unit of a language's weight.
DRAWN = 240
HIDDEN = 16
#: Share of a text's features that training does not see.
LEFT_OUT = 0.35
ROUNDS = 5

Example = tuple[str, int]


def examples(writer: Writer, count: int) -> Iterator[Example]:
    """Yield labelled texts of one language: as many people as of everything that is none."""
    number = {name: index for index, name in enumerate(CLASSES)}
    drawn = (
        ("person", writer.person, 2.4), ("organisation", writer.organisation, 0.7), ("street", writer.street, 0.5),
        ("address", writer.address, 0.4), ("place", writer.area, 1.3), ("other", writer.thing, 1.3),
    )  # fmt: skip
    for name, write, share in drawn:
        yield from ((write(), number[name]) for _ in range(int(count * share)))


def material_of(material: Material, split: str, seed: int, drawn: int = DRAWN) -> list[Example]:
    """Write the examples of one split in every language."""
    rng = random.Random(seed)  # noqa: S311 - drawn for a model, not for a secret
    data: list[Example] = [(text, CLASSES.index("code")) for text in codes(rng, 20 * drawn)]
    for kind, label in (("organisations", "organisation"), ("words", "other")):
        data += [(text, CLASSES.index(label)) for text in material.topics(kind) if split_of(text) == split]
    for language, facts in LANGUAGES.items():
        writer = Writer(language, material, split, rng)
        if writer.parts.firsts and writer.parts.lasts:
            data += examples(writer, drawn * facts["weight"])
            data += [(text, 1) for text in material.companies(language) if split_of(text) == split]
    rng.shuffle(data)
    return data


def matrix(texts: list[str]) -> csr_matrix:
    """Featurise texts as the engine does, each row divided by the root of its number of features.

    Some features of each text are left out, so that a name is known by all its pieces and not by one of them.
    """
    rows, features = featurise(texts)
    kept = np.random.default_rng(7).random(len(rows)) >= LEFT_OUT
    rows, features = rows[kept], features[kept]
    counts = np.maximum(np.bincount(rows, minlength=len(texts)), 1)
    values = (1 / np.sqrt(counts[rows])).astype(np.float32)
    found = csr_matrix((values, (rows, features)), shape=(len(texts), FEATURES), dtype=np.float32)
    found.sum_duplicates()
    return found


def fit(data: list[Example]) -> MLPClassifier:
    """Fit one hidden layer over the hashed features."""
    # scikit-learn's stubs know less than scikit-learn.
    options: dict[str, Any] = {"batch_size": 1024, "n_iter_no_change": ROUNDS, "tol": 0.0}
    model = MLPClassifier((HIDDEN,), max_iter=ROUNDS, learning_rate_init=3e-3, alpha=1e-4, random_state=3, **options)
    features, labels = matrix([text for text, _ in data]), np.array([label for _, label in data])
    return model.fit(features, labels)


def save(model: MLPClassifier) -> None:
    """Write the large layer as whole numbers of one byte, the small one as they are."""
    large, small = model.coefs_
    scale = np.percentile(np.abs(large), 99.99) / 127
    whole = np.clip(np.round(large / scale), -127, 127).astype(np.int8)
    parts = {"large": whole, "scale": np.float32(scale), "large_bias": model.intercepts_[0].astype(np.float32)}
    parts |= {"small": small.astype(np.float32), "small_bias": model.intercepts_[1].astype(np.float32)}
    np.savez_compressed(MODELS / "names.npz", **parts)


@click.command()
@click.option("--archives", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--names", "folder", type=click.Path(path_type=Path, exists=True), required=True)
def main(archives: Path, folder: Path) -> None:
    """Write the material, train, save."""
    data = material_of(Material(archives, folder).load(), "train", 5)
    click.echo(f"{len(data)} examples")
    save(fit(data))


if __name__ == "__main__":
    main()
