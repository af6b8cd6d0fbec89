"""A scan shared out over threads, processes or a cluster says the same; a killed one goes on where it stopped."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import fsspec
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine import FileReport, Limits, ScanSettings, profile, scan_file, scan_files, to_dict
from ckanext.privacy.engine.checkpoint import from_plain, to_plain
from ckanext.privacy.engine.cli import scan_command
from ckanext.privacy.engine.confirm import confirmer_of
from ckanext.privacy.engine.profile import TableProfile, profile_batch

#: Small batches, so that a small file has many parts.
SMALL = ScanSettings(isolated=False, limits=Limits(batch=64 << 10))


def make_table(path: Path, rows: int = 40_000) -> Path:
    rng = random.Random(9)
    lines = ["id,code,note,mail"]
    for n in range(rows):
        mail = f"ana{n % 50}@example.org" if n % 5_000 == 4_999 else ""
        note = rng.choice(["tap works", '"queue, in the\nmorning"', "عطل", ""])
        lines.append(f"{n},{rng.randrange(10**9)},{note},{mail}")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_table(tmp_path_factory.mktemp("scale") / "table.csv")


@pytest.fixture(scope="module")
def alone(table: Path) -> FileReport:
    return scan_file(table, settings=SMALL)


def test_batches_of_any_size_find_the_same(table: Path, alone: FileReport) -> None:
    whole = scan_file(table, settings=ScanSettings(isolated=False))
    for one, other in zip(whole.tables[0].columns, alone.tables[0].columns, strict=True):
        assert [(each.entity, each.rows, each.first_rows) for each in one.entities] == [
            (each.entity, each.rows, each.first_rows) for each in other.entities
        ]


def same(one: FileReport, other: FileReport) -> bool:
    return to_dict(replace(one, engine=other.engine)) == to_dict(other)


def cells() -> st.SearchStrategy[str | None]:
    values = st.sampled_from(["a", "7", "ana@example.org", "b@x.org", "ES9121000418450200051332", "n/a"])
    return st.none() | values | st.from_regex(r"[a-c]{1,3}@[x-z]\.org", fullmatch=True)


@given(st.lists(st.lists(cells(), max_size=12), min_size=1, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_parts_merge_to_the_same_whole_however_they_are_shared_out(
    batches: list[list[str | None]], data: st.DataObject
) -> None:
    watch = confirmer_of().watch
    frames = [pl.DataFrame({"v": pl.Series(batch, dtype=pl.String)}) for batch in batches]
    parts = [to_plain(profile_batch(each, number, {"v": "mail"}, watch)) for number, each in enumerate(frames)]
    whole = TableProfile()
    for part in parts:
        whole.merge(from_plain(part))
    cut = data.draw(st.integers(0, len(parts)))
    halves = TableProfile(), TableProfile()
    for number, part in enumerate(parts):
        halves[number >= cut].merge(from_plain(part))
    halves[0].merge(halves[1])
    assert to_plain(halves[0]) == to_plain(whole)
    filled = [cell for batch in batches for cell in batch if cell]
    assert (whole.rows, whole.columns["v"].filled) == (sum(map(len, batches)), len(filled))
    mails = [row for row, cell in enumerate((c for batch in batches for c in batch), 1) if cell and "@" in cell]
    found = whole.columns["v"].found.get("EMAIL_ADDRESS", {}).values()
    assert sum(each.rows for each in found) == len(mails)
    assert {row for each in found for row in each.values.values()} <= set(mails)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=40), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_part_draws_no_rows_that_earlier_ones_leave_no_room_for(batches: list[list[str | None]]) -> None:
    watch = confirmer_of().watch
    whole, bounded = TableProfile(), TableProfile()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "DRAWN", 5)
        for number, batch in enumerate(batches):
            frame = pl.DataFrame({"v": pl.Series(batch, dtype=pl.String)})
            whole.merge(profile_batch(frame, number, {}, watch))
            part = profile_batch(frame, number, {}, watch, bounded.bounds())
            if "v" in bounded.columns:
                assert all(part.columns["v"].drawn.priorities < bounded.columns["v"].drawn.bound)
            bounded.merge(part)
    assert to_plain(bounded) == to_plain(whole)


def test_processes_say_the_same_as_threads(table: Path, alone: FileReport) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert same(scan_file(table, settings=SMALL, executor=pool), alone)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as machines,
        distributed.Client(machines) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        yield client.get_executor(pure=False)


def test_a_cluster_of_two_says_the_same_and_reads_its_parts_itself(
    table: Path, alone: FileReport, cluster: Executor
) -> None:
    assert same(scan_file(f"file://{table}", settings=SMALL, executor=cluster), alone)
    assert same(scan_file(table, settings=SMALL, executor=cluster), alone)


def test_a_cluster_scans_many_files_in_order(tmp_path: Path, cluster: Executor) -> None:
    paths = [make_table(tmp_path / f"{name}.csv", 200) for name in "abc"]
    reports = list(scan_files(paths, settings=ScanSettings(isolated=False), executor=cluster))
    assert [report.file.name for report in reports] == ["a.csv", "b.csv", "c.csv"]
    assert all(report.tables[0].rows == 200 for report in reports)


def test_a_url_is_read_like_a_file(alone: FileReport, table: Path) -> None:
    fsspec.filesystem("memory").pipe("/bucket/table.csv", table.read_bytes())
    assert same(scan_file("memory://bucket/table.csv", settings=SMALL), alone)


def test_a_url_that_cannot_be_read_is_held() -> None:
    report = scan_file("memory://bucket/absent.csv", settings=SMALL)
    assert report.outcome.value == "blocked"
    assert "cannot be fetched" in report.held[0].reason


def test_a_url_over_the_limit_is_held(table: Path) -> None:
    fsspec.filesystem("memory").pipe("/bucket/large.csv", table.read_bytes())
    report = scan_file("memory://bucket/large.csv", settings=replace(SMALL, limits=Limits(bytes=1000)))
    assert "larger than the limit" in report.held[0].reason


SCAN = """
import sys
from pathlib import Path
from ckanext.privacy.engine import Limits, ScanSettings, scan_file
if __name__ == "__main__":
    limits, folder = Limits(batch=64 << 10), Path(sys.argv[2])
    scan_file(sys.argv[1], settings=ScanSettings(isolated=False, limits=limits, checkpoint=folder))
"""


def killed_scan(table: Path, folder: Path, parts: int) -> int:
    """Kill a scan once some of its parts are finished; return how many were."""
    process = subprocess.Popen([sys.executable, "-c", SCAN, str(table), str(folder)])
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if sum(file.read_bytes().count(b"\n") for file in folder.glob("*.jsonl")) >= parts:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.002)
    assert process.returncode == -signal.SIGKILL
    (file,) = folder.glob("*.jsonl")
    assert file.stat().st_mode & 0o077 == 0
    return file.read_bytes().count(b"\n")


@pytest.fixture(scope="module")
def killed(table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The checkpoint that a killed scan left behind, and how many parts it had finished."""
    folder = tmp_path_factory.mktemp("killed")
    return folder, killed_scan(table, folder, 4)


def test_a_killed_scan_goes_on_where_it_stopped(
    table: Path, alone: FileReport, killed: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, finished = killed
    shutil.copytree(left, tmp_path, dirs_exist_ok=True)
    with next(tmp_path.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"table": 0, "pa')
    numbers = []

    def counting(batch: pl.DataFrame, number: int, *rest: object) -> TableProfile:
        numbers.append(number)
        return profile_batch(batch, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(profile, "profile_batch", counting)
    resumed = scan_file(table, settings=replace(SMALL, checkpoint=tmp_path))
    assert min(numbers) == finished
    assert same(resumed, alone)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_other_bytes_or_settings_is_not_used(killed: tuple[Path, int], tmp_path: Path) -> None:
    shutil.copytree(killed[0], tmp_path, dirs_exist_ok=True)
    changed = make_table(tmp_path / "table.csv", 500)
    report = scan_file(changed, settings=replace(SMALL, checkpoint=tmp_path))
    assert report.tables[0].rows == 500
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


def test_the_command_takes_a_cluster_and_a_checkpoint(table: Path, tmp_path: Path, cluster: Executor) -> None:
    address = cluster._client.scheduler.address  # type: ignore[attr-defined]
    run = CliRunner().invoke(scan_command, [str(table), "--quiet", "--dask", address, "--checkpoint", str(tmp_path)])
    assert run.exit_code == 1, run.output
    assert os.listdir(tmp_path) == []
