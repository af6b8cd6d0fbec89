"""Every format is looked at in all its places; what cannot be is held, and no broken file breaks anything else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.formats import PLACES

from ckanext.privacy.engine import Limits, UnreadableFile, open_tables, scan_file
from ckanext.privacy.engine.sandbox import Worker

SECRET = "ana.perez@example.org"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(Limits().memory)
    yield worker
    worker.stop()


@pytest.mark.parametrize(("name", "write", "place"), PLACES, ids=[f"{name}" for name, _, _ in PLACES])
def test_a_telling_word_is_found_in_every_place_of_every_format(
    tmp_path: Path, worker: Worker, name: str, write: Any, place: str
) -> None:
    write(tmp_path / name, SECRET)
    report = scan_file(tmp_path / name, worker=worker)
    found = {
        table.name
        for table in report.tables
        for column in table.columns
        if any(each.entity == "EMAIL_ADDRESS" for each in column.entities)
    }
    assert place in found, (found, [table.name for table in report.tables], report.held)


@pytest.mark.parametrize(("name", "write"), [(name, write) for name, write, _ in PLACES], ids=[n for n, _, _ in PLACES])
def test_a_broken_file_is_read_or_held(tmp_path: Path, name: str, write: Any) -> None:
    write(tmp_path / name, SECRET)
    content = (tmp_path / name).read_bytes()
    rng = random.Random(name)
    for _ in range(12):
        broken = bytearray(content[: rng.randrange(1, len(content))] if rng.random() < 0.3 else content)
        for _ in range(rng.randrange(1, 20)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (tmp_path / f"broken-{name}").write_bytes(broken)
        _read_or_hold(tmp_path / f"broken-{name}")


def _read_or_hold(path: Path) -> None:
    with suppress(UnreadableFile):
        for table in open_tables(path).tables:
            for _batch in table.batches():
                pass
