"""What the job queue runs. A job gets an id and nothing else; everything it needs is in the database."""

from __future__ import annotations

from ckanext.privacy.engine import scratch
from ckanext.privacy.workflow import judging, notify, publishing, scanning


def run_scan(scan_id: str) -> None:
    """Look at the bytes of one scan, then judge the release that waits for it."""
    scratch.sweep()
    publishing.catch_up()
    scan = scanning.run(scan_id)
    if scan is not None:
        judging.after_scan(scan.id, scan.package_id)


def send_mail(user_id: str, about: str, subject_id: str) -> None:
    """Write and send one notification; a mail that cannot be sent is logged and forgotten."""
    notify.send(user_id, about, subject_id)
