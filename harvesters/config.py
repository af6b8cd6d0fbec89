"""The options of this extension, each read in one place."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.cityportals.client import Client, Manners

ALLOWED_PRIVATE_HOSTS = "ckanext.cityportals.allowed_private_hosts"
USER_AGENT = "ckanext.cityportals.user_agent"
TIMEOUT = "ckanext.cityportals.timeout"
DEADLINE = "ckanext.cityportals.deadline"
MAX_BYTES = "ckanext.cityportals.max_bytes"
PAUSE = "ckanext.cityportals.pause"
RETRIES = "ckanext.cityportals.retries"
GRACE_DAYS = "ckanext.cityportals.grace_days"
GRACE_RUNS = "ckanext.cityportals.grace_runs"
LOSS_THRESHOLD = "ckanext.cityportals.loss_threshold"
BATCH_SIZE = "ckanext.cityportals.batch_size"


def allowed_private_hosts() -> frozenset[str]:
    """Hosts (or ``host:port``) that may be contacted although their addresses are private."""
    return frozenset(tk.config[ALLOWED_PRIVATE_HOSTS])


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


def client() -> Client:
    """A client with the manners this site has chosen."""
    return Client(
        Manners(
            user_agent=tk.config[USER_AGENT] or f"ckanext-cityportals (+{tk.config['ckan.site_url']})",
            timeout=tk.config[TIMEOUT],
            deadline=tk.config[DEADLINE],
            max_bytes=tk.config[MAX_BYTES],
            pause=float(tk.config[PAUSE]),
            retries=tk.config[RETRIES],
            allowed_hosts=allowed_private_hosts(),
        )
    )
