"""The deploy tool in bad situations: one clear sentence, and nothing half started."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from deploy import processes, site
from deploy.layout import HOST, ROOT, DeployError, load_layout, save_ports


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """An installation in an empty folder."""
    for name in ("CKAN_PORT", "PG_PORT", "REDIS_PORT", "SOLR_PORT", "PORTALS_PORT"):
        monkeypatch.delenv(name, raising=False)
    return load_layout(tmp_path)


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_only_the_owner_reads_them(layout, tmp_path):
    """Every installation has its own; the next command finds the same."""
    assert load_layout(tmp_path).secrets == layout.secrets
    assert len(set(layout.secrets.values())) == len(layout.secrets)
    assert _mode(tmp_path / ".run" / "secrets.json") == 0o600


def test_a_port_comes_from_the_environment_then_from_the_last_start(layout, tmp_path, monkeypatch):
    """`make status` finds the ports of a `make demo CKAN_PORT=…` without repeating them."""
    monkeypatch.setenv("CKAN_PORT", "5123")
    save_ports(load_layout(tmp_path))
    monkeypatch.delenv("CKAN_PORT")

    assert load_layout(tmp_path).ports["ckan"] == 5123
    assert layout.ports["ckan"] == 5000


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path, monkeypatch, port):
    """The sentence names the variable and what it held."""
    monkeypatch.setenv("SOLR_PORT", port)

    with pytest.raises(DeployError, match=f"SOLR_PORT={port} is not a port number"):
        load_layout(tmp_path)


def test_a_taken_port_is_named_with_the_remedy(layout, monkeypatch, tmp_path):
    """Before anything is started, and with a command that would work."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("CKAN_PORT", str(taken))
        busy = load_layout(tmp_path)

        with pytest.raises(DeployError, match=rf"port {taken} for ckan is already taken .* CKAN_PORT={taken + 1}"):
            processes.check_ports(busy, processes.Supervisor(busy), ["web"])


def test_the_ini_is_private_and_complete(layout):
    """It holds passwords; and the privacy plugin stands first."""
    demo = site.demo_site(layout)
    path = site.write_ini(demo)
    text = path.read_text()

    assert _mode(path) == 0o600
    assert "ckan.plugins = privacy " in text
    assert f"ckan_demo\nckan.datastore.write_url = postgresql://ckan:{layout.secrets['ckan_db']}" in text
    assert "datastore_ro:" in text


def test_sites_share_nothing(layout):
    """Demo, test workers and browser tests have databases, cores, Redis databases and storage of their own."""
    sites = [site.demo_site(layout), *site.worker_sites(layout, site.MOST_TEST_WORKERS), site.browser_site(layout)]

    for part in ("database_url", "datastore_write_url", "solr_url", "redis_url", "storage", "ini"):
        assert len({getattr(one, part) for one in sites}) == len(sites), part
    assert [one.solr_url.rsplit("/", 1)[1] for one in sites] == site.all_cores(layout)


def test_a_program_ends_with_whoever_started_it():
    """Killed, so that nothing could be tidied up: the next run would meet its ports taken and its databases in use."""
    command = processes.ends_with_parent(("sh", "-c", "echo $$; exec sleep 60"))
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    with subprocess.Popen([sys.executable, "-c", script, *command], stdout=subprocess.PIPE, text=True) as parent:
        program = int(parent.stdout.readline())
        assert not _is_over(program)
        parent.kill()
    processes.wait_for("the end of it", lambda: _is_over(program), seconds=30, quiet=True)


def _is_over(process):
    """Ended, and at most kept on the list by an init that has not looked yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_socket_path_that_is_too_long_moves_to_a_private_folder(tmp_path):
    """Linux allows 107 characters for a Unix socket; a clone may lie deeper."""
    deep = tmp_path / ("x" * 100)
    deep.mkdir()

    near = processes.Supervisor(load_layout(tmp_path)).socket
    far = processes.Supervisor(load_layout(deep)).socket

    assert near.parent.name == ".run" or len(str(near)) <= processes.SOCKET_PATH_LIMIT
    assert len(str(far)) <= processes.SOCKET_PATH_LIMIT
    assert _mode(far.parent) == 0o700


def _bootstrap(tmp_path, purpose="demo", **environment):
    """Run a copy of the script in an empty clone with programs of our choice on the path."""
    clone = tmp_path / "clone"
    (clone / "deploy").mkdir(parents=True)
    (clone / "requirements").mkdir()
    for name in ("deploy/bootstrap.sh", *(f"requirements/{pins}.txt" for pins in ("bootstrap", "demo", "test"))):
        shutil.copy(ROOT / name, clone / name)
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, clone)
    return subprocess.run(
        ["/bin/bash", clone / "deploy/bootstrap.sh", purpose],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def _program(folder, name, body):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


def test_no_python_is_said_in_one_sentence(tmp_path):
    """A Python that is too old or missing is named with the remedy."""
    done = _bootstrap(tmp_path, PYTHON="no-such-python")

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: Python 3.11 to 3.13 is needed and none was found; install python3.11 or name one: "
        "make demo PYTHON=/path/to/python3.11"
    )


def test_a_missing_package_without_root_is_named(tmp_path):
    """Neither root nor sudo: the person learns what to ask an administrator for."""
    fake = tmp_path / "bin"
    _program(fake, "id", "echo 1000")
    _program(fake, "sudo", "exit 1")

    done = _bootstrap(tmp_path, "test", PATH=f"{fake}:{os.environ['PATH']}", CHROMIUM="no-such-browser")

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: these packages are missing and there is neither root nor sudo to install them: chromium"
    )


def test_a_package_that_apt_does_not_know_is_named(tmp_path):
    """What apt says in its own words stands in the sentence."""
    fake = tmp_path / "bin"
    _program(fake, "id", "echo 0")
    _program(fake, "apt-get", "echo 'E: Unable to locate package chromium'; exit 100")

    done = _bootstrap(tmp_path, "test", PATH=f"{fake}:{os.environ['PATH']}", CHROMIUM="no-such-browser")

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: apt could not install chromium (E: Unable to locate package chromium); "
        "install them by hand and run again."
    )


def test_no_network_for_pip_is_said_in_one_sentence(tmp_path):
    """pip's own last words, the log, and what may be wrong. An environment with pip in it need not be made first."""
    venv = tmp_path / "clone/.venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "pip").symlink_to(Path(sysconfig.get_path("purelib"), "pip"))
    done = _bootstrap(tmp_path, "demo", PIP_INDEX_URL=f"http://{HOST}:9/simple", PIP_RETRIES="0", PIP_FIND_LINKS="")

    assert done.returncode == 1
    assert done.stderr.startswith("error: the Python packages could not be installed: ERROR: ")
    assert "check the network or PIP_INDEX_URL" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_tests_leave_the_demo_alone(layout):
    """No test site has a name, database or port file of the demo."""
    (layout.run / "ports.json").write_text(json.dumps({"ckan": 5001}))

    assert all(one.name.startswith("test") and one.testing for one in site.worker_sites(layout, 2))
    assert not site.demo_site(layout).testing
