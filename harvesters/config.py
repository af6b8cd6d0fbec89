"""The options of this extension, each read in one place."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.cityportals.client import Client, Manners
from ckanext.cityportals.pace import SharedPace

ALLOWED_PRIVATE_HOSTS = "ckanext.cityportals.allowed_private_hosts"
USER_AGENT = "ckanext.cityportals.user_agent"
TIMEOUT = "ckanext.cityportals.timeout"
DEADLINE = "ckanext.cityportals.deadline"
MAX_BYTES = "ckanext.cityportals.max_bytes"
MAX_BYTES_IN_MEMORY = "ckanext.cityportals.max_bytes_in_memory"
CREDENTIALS = "ckanext.cityportals.credentials"
PAUSE = "ckanext.cityportals.pause"
RETRIES = "ckanext.cityportals.retries"
APPROVAL = "ckanext.cityportals.approval"
GRACE_DAYS = "ckanext.cityportals.grace_days"
GRACE_RUNS = "ckanext.cityportals.grace_runs"
LOSS_THRESHOLD = "ckanext.cityportals.loss_threshold"
BATCH_SIZE = "ckanext.cityportals.batch_size"


def allowed_private_hosts() -> frozenset[str]:
    """Hosts (or ``host:port``) that may be contacted although their addresses are private."""
    return frozenset(tk.config[ALLOWED_PRIVATE_HOSTS])


def approval() -> str:
    """For whose sources a second person's approval is needed: ``nobody``, ``editors`` or ``everybody``."""
    return tk.config[APPROVAL]


def grace_days() -> int:
    """Days a record may be missing before its dataset is withdrawn."""
    return tk.config[GRACE_DAYS]


def grace_runs() -> int:
    """Complete runs a record may be missing in before its dataset is withdrawn."""
    return tk.config[GRACE_RUNS]


def loss_threshold() -> float:
    """Share of the known datasets (0..1) that may be missing at once."""
    return float(tk.config[LOSS_THRESHOLD])


def batch_size() -> int:
    """Records saved in one transaction."""
    return tk.config[BATCH_SIZE]


def credentials() -> dict[str, str]:
    """Keys for portals that want one, by host."""
    pairs = (pair.partition("=") for pair in tk.config[CREDENTIALS])
    return {host: key for host, _, key in pairs if key}


def client() -> Client:
    """A client with the manners this site has chosen; its pauses are shared by all processes of the site."""
    manners = Manners(
        user_agent=tk.config[USER_AGENT] or f"ckanext-cityportals (+{tk.config['ckan.site_url']})",
        timeout=tk.config[TIMEOUT],
        deadline=tk.config[DEADLINE],
        max_bytes=tk.config[MAX_BYTES],
        max_bytes_in_memory=tk.config[MAX_BYTES_IN_MEMORY],
        pause=float(tk.config[PAUSE]),
        retries=tk.config[RETRIES],
        allowed_hosts=allowed_private_hosts(),
        credentials=credentials(),
    )
    return Client(manners, SharedPace(connect_to_redis(), f"{tk.config['ckan.site_id']}:cityportals:turn"))
