"""The gate's settings, typed. Each option is declared, with its default and meaning, in ``config_declaration.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ckan.config.declaration import Declaration
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.documents import parse_yaml
from ckanext.privacy.engine.policy import DEFAULT, Policy, load_policy
from ckanext.privacy.engine.scan import ScanSettings
from ckanext.privacy.engine.settings import Limits as ScanLimits
from ckanext.privacy.remote import ALLOWED_HOSTS, MB, Limits

POLICY = "ckanext.privacy.policy"
RECOGNIZERS = "ckanext.privacy.recognizers"
COUNTRIES = "ckanext.privacy.countries"
QUEUE = "ckanext.privacy.queue"
SCAN_SECONDS = "ckanext.privacy.scan_seconds"
SCAN_MEMORY = "ckanext.privacy.scan_memory_mb"
LINK_MEGABYTES = "ckanext.privacy.link_max_mb"
LINK_SECONDS = "ckanext.privacy.link_seconds"
RELEASE_STORE = "ckanext.privacy.release_store"
EVIDENCE_MEGABYTES = "ckanext.privacy.evidence_max_mb"
REMINDER_DAYS = "ckanext.privacy.reminder_days"
PRUNE_DAYS = "ckanext.privacy.prune_days"
WATCH_HOURS = "ckanext.privacy.watch_hours"
CONTACT = "ckanext.privacy.contact"
#: CKAN's own: whether anybody may read who has an account, and what they say of themselves.
PUBLIC_USERS = "ckan.auth.public_user_details"
_DECLARATION = Path(__file__).with_name("config_declaration.yaml")


def declare(declaration: Declaration) -> None:
    """Declare the gate's options; accounts are no public list, unless the site says so."""
    declaration.load_dict(parse_yaml(_DECLARATION.read_text("utf-8")))
    option = declaration.get(PUBLIC_USERS)
    if option is not None:
        option.set_default(False)


CONCERNS_PER_HOUR = "ckanext.privacy.concerns_per_hour"


def policy() -> Policy:
    """The policy in force, read again when its file has changed. A broken file raises ``InvalidPolicy``."""
    path = _policy_file()
    return _policy(path, path.stat().st_mtime_ns if path.exists() else 0)


def _policy_file() -> Path:
    return Path(tk.config[POLICY] or DEFAULT)


@lru_cache(maxsize=4)
def _policy(path: Path, changed: int) -> Policy:
    del changed  # only part of the key
    return load_policy(path)


def queue() -> str:
    """Name of the job queue that scans go to."""
    return tk.config[QUEUE]


def scan_seconds() -> int:
    """Longest time one scan may take."""
    return tk.config[SCAN_SECONDS]


def scan_settings() -> ScanSettings:
    """Country packs, policy and limits of a scan."""
    return ScanSettings(
        countries=tuple(code.lower() for code in tk.config[COUNTRIES]),
        policy=_policy_file(),
        limits=ScanLimits(memory=tk.config[SCAN_MEMORY] << 20, seconds=scan_seconds()),
        recognizers=tuple(tk.config[RECOGNIZERS]),
    )


def link_limits() -> Limits:
    """Limits for fetching a file that is linked, not uploaded."""
    return Limits(
        max_bytes=tk.config[LINK_MEGABYTES] * MB,
        seconds=tk.config[LINK_SECONDS],
        allowed_hosts=frozenset(tk.config[ALLOWED_HOSTS]),
        user_agent=f"ckanext-privacy (+{tk.config['ckan.site_url']})",
    )


def release_store() -> str | None:
    """Name of the CKAN storage that keeps released files; None for the local disk."""
    return tk.config[RELEASE_STORE] or None


def evidence_bytes() -> int:
    """Largest piece of evidence of an agreement, in bytes."""
    return tk.config[EVIDENCE_MEGABYTES] * MB


def reminder_days() -> int:
    """How many days before its end people are reminded of an agreement, or of a release."""
    return tk.config[REMINDER_DAYS]


def prune_days() -> int:
    """How many days what nothing needs any more is kept."""
    return tk.config[PRUNE_DAYS]


def watch_hours() -> int:
    """After how many hours a released link is looked at again."""
    return tk.config[WATCH_HOURS]


def concerns_per_hour() -> int:
    """How many concerns one address may send in an hour."""
    return tk.config[CONCERNS_PER_HOUR]


def contact() -> str:
    """Whom people turn to about releases and the scanner; the catalogue's own address where nothing is set."""
    return tk.config[CONTACT] or tk.config["ckan.site_url"]
