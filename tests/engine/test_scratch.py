"""Files for the time being: a process that is killed leaves them behind, and the next one takes them away."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ckanext.privacy.engine import scratch

KILLED = """
import sys, time
from ckanext.privacy.engine import scratch
folder, lending = scratch.Folder(), scratch.file()
file = lending.__enter__()
folder.path.joinpath("held.csv").write_text("Asha Patil")
print(folder.path, file.name, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Temporary files go to a folder of the test's own; nothing is too young to be left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "AGE", -60)
    return tmp_path


def test_what_a_killed_process_left_behind_goes_and_what_is_used_stays(place):
    environment = {**os.environ, "TMPDIR": str(place)}
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        left = [Path(name) for name in process.stdout.readline().split()]
        assert scratch.sweep() == 0
        assert [path.exists() for path in left] == [True, True], "its process is at work"
        process.send_signal(signal.SIGKILL)
    assert [path.exists() for path in left] == [True, True]
    assert scratch.sweep() == 2
    assert list(scratch.home().iterdir()) == []


def test_what_is_younger_stays_since_it_may_not_be_locked_yet(monkeypatch):
    scratch.home().joinpath("young").touch()
    monkeypatch.setattr(scratch, "AGE", 600)
    assert scratch.sweep() == 0
    monkeypatch.setattr(scratch, "AGE", -60)
    with scratch.file():  # whoever makes the next one sweeps
        assert not scratch.home().joinpath("young").exists()


def test_files_and_folders_are_nobody_elses_and_go_at_the_end():
    with scratch.file(".csv") as lent, scratch.folder() as folder:
        assert Path(lent.name).suffix == ".csv"
        assert {Path(lent.name).parent, folder.parent} == {scratch.home()}
    assert list(scratch.home().iterdir()) == []
    assert stat.S_IMODE(scratch.home().stat().st_mode) == 0o700
    scratch.home().chmod(0o777)
    with pytest.raises(PermissionError, match="TMPDIR"):
        scratch.home()


def test_a_forked_process_leaves_its_parents_folder_alone():
    folder = scratch.Folder()
    child = os.fork()
    if child == 0:
        folder.cleanup()
        os._exit(0)
    os.waitpid(child, 0)
    assert folder.path.is_dir()
