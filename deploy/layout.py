"""Where everything of one installation lies, which ports it uses and which secrets it made for itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "templates"
HOST = "127.0.0.1"

#: Port by name: the environment variable that changes it and the default. The services' defaults are not the usual
#: ones, so that a PostgreSQL, Redis or Solr of the machine itself is left alone.
PORTS = {
    "ckan": ("CKAN_PORT", 5000),
    "postgres": ("PG_PORT", 55432),
    "redis": ("REDIS_PORT", 56379),
    "solr": ("SOLR_PORT", 58983),
    "portals": ("PORTALS_PORT", 58090),
}

SECRET_NAMES = ("postgres", "ckan_db", "datastore_ro", "redis", "secret_key", "token_secret")


class DeployError(Exception):
    """One clear sentence for the person who typed `make`."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """Paths, ports and secrets of one clone."""

    root: Path
    ports: dict[str, int]
    secrets: dict[str, str]

    @property
    def run(self) -> Path:
        """All state; `make clean` removes it."""
        return self.root / ".run"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.run / "log"

    @property
    def venv_bin(self) -> Path:
        """Programs of the virtual environment."""
        return self.root / ".venv" / "bin"

    @property
    def solr_home(self) -> Path:
        """Solr's cores, one folder each."""
        return self.run / "solr"

    @property
    def solr_jars(self) -> Path:
        """Solr's jars, shared by every clone of this user."""
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        return Path(cache) / "ckan-community-suite" / "solr-9.9.0" / "lib"

    @property
    def demo_json(self) -> Path:
        """Address and log-ins of the demo (mode 600)."""
        return self.run / "demo.json"

    @property
    def tag(self) -> str:
        """A short name for this clone, stable for its path."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    def url(self, service: str, scheme: str = "http") -> str:
        """Address of one of our services on this machine."""
        return f"{scheme}://{HOST}:{self.ports[service]}"


def load_layout(root: Path = ROOT) -> Layout:
    """Read ports from the environment, or from the last start; make secrets at the first call."""
    run = root / ".run"
    run.mkdir(mode=0o755, exist_ok=True)
    return Layout(root=root, ports=_ports(run / "ports.json"), secrets=_secrets(run / "secrets.json"))


def save_ports(layout: Layout) -> None:
    """Remember the ports, so that `make status` and a second `make demo` find them without the environment."""
    (layout.run / "ports.json").write_text(json.dumps(layout.ports, indent=1))


def _ports(path: Path) -> dict[str, int]:
    saved = json.loads(path.read_text()) if path.exists() else {}
    return {name: _port(variable, saved.get(name, default)) for name, (variable, default) in PORTS.items()}


def _port(variable: str, fallback: int) -> int:
    raw = os.environ.get(variable) or str(fallback)
    if not raw.isdigit() or not 0 < int(raw) < 65536:
        raise DeployError(f"{variable}={raw} is not a port number; give a number from 1 to 65535.")
    return int(raw)


def _secrets(path: Path) -> dict[str, str]:
    made = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in SECRET_NAMES if name not in made]
    if missing:
        made |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(path, json.dumps(made, indent=1))
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
