"""Runs the periodic jobs that a production site would give to cron, one at a time.

Each job is a CKAN command in a process of its own: a job that fails or leaks memory cannot hurt the next one.
"""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

log = logging.getLogger("clock")

DAILY = 24 * 60
#: What runs once a day runs soon after the start, too: a clock that is started anew each night must not forget it.
SOON = dt.timedelta(minutes=5)
#: Minutes between two runs of a `ckan` command. ckanext-harvest closes finished jobs only in `harvester run`.
SCHEDULE: dict[tuple[str, ...], int] = {
    ("harvester", "run"): 5,
    ("privacy", "leak-check", "--quick"): 15,
    ("privacy", "expire"): 10,
    ("privacy", "rescan"): 10,
    # Every link has its turn once a day; the other jobs wait for slow sites no longer than that.
    ("privacy", "watch", "--minutes", "4"): 10,
    ("privacy", "leak-check"): DAILY,
    ("privacy", "prune", "--remove"): DAILY,
}


def run(command: tuple[str, ...]) -> None:
    """Run one command; what it says goes to the log only when it fails."""
    ckan = Path(sys.executable).with_name("ckan")
    done = subprocess.run([ckan, *command], capture_output=True, text=True, check=False)  # noqa: S603 - own table
    if done.returncode:
        log.error(
            "ALARM: 'ckan %s' ended with %s: %s",
            " ".join(command),
            done.returncode,
            (done.stdout + done.stderr)[-2000:],
        )
    else:
        log.info("'ckan %s' done", " ".join(command))


def main() -> None:
    """Wait for the next job, for ever."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    scheduler = BlockingScheduler(executors={"default": ThreadPoolExecutor(1)}, timezone="UTC")
    for command, minutes in SCHEDULE.items():
        first = dt.datetime.now(dt.timezone.utc) + (SOON if minutes == DAILY else dt.timedelta(minutes=minutes))
        scheduler.add_job(
            run,
            "interval",
            args=[command],
            minutes=minutes,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=600,
            next_run_time=first,
        )
    scheduler.start()


if __name__ == "__main__":
    main()
