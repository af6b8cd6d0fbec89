"""The processes of one installation, kept alive by supervisor: a worker that crashes is started again."""

from __future__ import annotations

import dataclasses
import os
import shlex
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from deploy.layout import HOST, PORTS, DeployError, Layout, write_private
from deploy.site import render

#: Longest path a Unix socket may have on Linux, less the suffix supervisor adds while it binds.
SOCKET_PATH_LIMIT = 90
SERVICES = ("postgres", "redis", "solr")
CATALOGUE = ("portals", "web", "worker", "gather", "fetch", "clock")
#: Which port a program opens.
PROGRAM_PORT = {"postgres": "postgres", "redis": "redis", "solr": "solr", "portals": "portals", "web": "ckan"}


@dataclasses.dataclass(frozen=True)
class Program:
    """One entry of supervisor's configuration; `arguments` are not passed through a shell."""

    name: str
    arguments: tuple[str | Path, ...]
    directory: Path
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_as_group: bool = False

    @property
    def command(self) -> str:
        """The arguments as one line, quoted; a supervisor that is killed takes its programs with it."""
        return shlex.join(str(argument) for argument in ends_with_parent(self.arguments, self.stop_signal))


def ends_with_parent(command: Iterable[str | Path], stop_signal: str = "TERM") -> list[str | Path]:
    """A command that is sent a signal when whoever started it dies, however that came about."""
    return ["setpriv", "--pdeathsig", stop_signal, "--", *command]


def service_programs(layout: Layout, tools: dict[str, str], data: Path, redis_conf: Path) -> list[Program]:
    """PostgreSQL, Redis and Solr, listening on this machine only."""
    from deploy.services import postgres_user

    postgres = (Path(tools["postgres"], "postgres"), "-D", data, "-p", str(layout.ports["postgres"]))
    postgres += ("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=", "-c", "max_connections=200")
    # The quick compiler alone, and no collector beside the work: the others pay off in hours.
    solr = (tools["java"], "-Xmx640m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{layout.solr_jars}/*")
    solr += (layout.root / "deploy/solr/SolrServer.java", layout.solr_home, str(layout.ports["solr"]))
    return [
        Program("postgres", postgres, directory=data, user=postgres_user(), stop_signal="INT"),
        Program("redis", (tools["redis_server"], redis_conf), directory=layout.run),
        Program("solr", solr, directory=layout.run),
    ]


def catalogue_programs(layout: Layout, ini: Path) -> list[Program]:
    """CKAN's web server and everything that works beside it."""
    ckan, python = layout.venv_bin / "ckan", layout.venv_bin / "python"
    environment = {
        "CKAN_INI": str(ini),
        "PATH": f"{layout.venv_bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(layout.root),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    portals = (python, layout.root / "deploy/demo/portal_server.py", "--port", str(layout.ports["portals"]))
    commands: dict[str, tuple[str | Path, ...]] = {
        "portals": portals,
        "web": web_command(layout, layout.ports["ckan"]),
        "worker": (ckan, "jobs", "worker"),
        "gather": (ckan, "harvester", "gather-consumer"),
        "fetch": (ckan, "harvester", "fetch-consumer"),
        "clock": (python, "-m", "deploy.clock"),
    }
    return [
        Program(name, commands[name], directory=layout.root, environment=environment, stop_as_group=name != "web")
        for name in CATALOGUE
    ]


def web_command(layout: Layout, port: int, workers: int = 2) -> tuple[str | Path, ...]:
    """CKAN under gunicorn; threads, because requests wait for the database and downloads hold their connection."""
    options = f"--bind {HOST}:{port} --workers {workers} --threads 4 --worker-class gthread --timeout 120"
    return (layout.venv_bin / "gunicorn", *options.split(), "--graceful-timeout", "15", "deploy.wsgi:application")


class Supervisor:
    """Talks to this clone's supervisord; starts it when it does not run."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.socket = _socket_path(layout)

    @property
    def _rpc(self) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{self.socket}")
        return ServerProxy("http://supervisor", transport=transport).supervisor

    def states(self) -> dict[str, str]:
        """State by program name; empty when supervisord does not run."""
        try:
            return {info["name"]: info["statename"] for info in self._rpc.getAllProcessInfo()}
        except OSError:
            return {}

    def running(self, names: Iterable[str]) -> bool:
        """True when all of these run."""
        states = self.states()
        return all(states.get(name) == "RUNNING" for name in names)

    def configure(self, programs: list[Program]) -> None:
        """Write the configuration; start supervisord, or make the running one read it."""
        text = render("supervisord.conf.j2", layout=self.layout, socket=self.socket, programs=programs, root=_is_root())
        path = self.layout.run / "supervisord.conf"
        write_private(path, text)
        if self.states():
            self._take_in(self._rpc.reloadConfig()[0])
            return
        command = [self.layout.venv_bin / "supervisord", "-c", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - own arguments
        if done.returncode:
            raise DeployError(f"supervisord did not start: {(done.stderr or done.stdout).strip().splitlines()[-1]}")

    def _take_in(self, change: tuple[list[str], list[str], list[str]]) -> None:
        added, changed, removed = change
        for name in [*changed, *removed]:
            self._rpc.stopProcessGroup(name)
            self._rpc.removeProcessGroup(name)
        for name in [*added, *changed]:
            self._rpc.addProcessGroup(name)

    def start(self, names: Iterable[str]) -> None:
        """Start those that do not run yet; does not wait for them."""
        states = self.states()
        for name in names:
            if states.get(name) not in {"RUNNING", "STARTING"}:
                self._rpc.startProcess(name, False)

    def stop(self, names: Iterable[str]) -> None:
        """Stop those that run, and wait until they have."""
        states = self.states()
        for name in names:
            if states.get(name) in {"RUNNING", "STARTING", "BACKOFF"}:
                self._rpc.stopProcess(name)

    def shutdown(self) -> bool:
        """Stop everything, supervisord last; False when nothing ran."""
        if not self.states():
            return False
        self.stop([*reversed(CATALOGUE), *reversed(SERVICES)])
        self._rpc.shutdown()
        wait_for("supervisor to stop", lambda: not self.states(), seconds=30, quiet=True)
        return True

    def failed(self) -> list[str]:
        """Programs supervisor has given up."""
        return [name for name, state in self.states().items() if state == "FATAL"]


def _is_root() -> bool:
    return os.geteuid() == 0


def _socket_path(layout: Layout) -> Path:
    near = layout.run / "supervisor.sock"
    if len(str(near)) <= SOCKET_PATH_LIMIT:
        return near
    folder = Path(tempfile.gettempdir()) / f"ckan-suite-{os.geteuid()}-{layout.tag}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise DeployError(f"{folder} belongs to somebody else; remove it and run again.")
    return folder / "supervisor.sock"


def check_ports(layout: Layout, supervisor: Supervisor, names: Iterable[str]) -> None:
    """Name every port that somebody else holds, before anything is started."""
    states = supervisor.states()
    for name in names:
        if name in PROGRAM_PORT and states.get(name) not in {"RUNNING", "STARTING"}:
            _check_port(layout, PROGRAM_PORT[name])


def _check_port(layout: Layout, service: str) -> None:
    variable, port = PORTS[service][0], layout.ports[service]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DeployError(
                f"port {port} for {service} is already taken by another program; choose a free one, for example: "
                f"make demo {variable}={port + 1}"
            ) from error


def wait_for(what: str, ready: Callable[[], bool], *, seconds: int = 90, quiet: bool = False) -> None:
    """Ask until it is ready; say how long it took, or which log to read."""
    started = time.monotonic()
    while not ready():
        if time.monotonic() - started > seconds:
            raise DeployError(f"{what} did not answer within {seconds} seconds; its log lies in .run/log/.")
        time.sleep(0.25)
    if not quiet:
        print(f"  {what}: ready after {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201 - progress
