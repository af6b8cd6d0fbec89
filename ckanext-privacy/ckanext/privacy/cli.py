"""``ckan privacy``: what an administrator and a scheduler need."""

from __future__ import annotations

import sys
from typing import Any

import click
import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine import scratch
from ckanext.privacy.gate import leak_visits, rows
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.workflow import (
    adoption,
    audit,
    clock,
    judging,
    leak_watch,
    overview,
    pruning,
    publishing,
    register,
    requesting,
    scanning,
    scans,
    watching,
)


@click.group(short_help="The privacy gate.")
def privacy() -> None:
    """Scans, releases and the audit log of the privacy gate."""


def get_commands() -> list[click.Command]:
    """Return what CKAN adds to its command line."""
    return [privacy]


@privacy.command()
@click.argument("dataset")
@click.option("--now", "at_once", is_flag=True, help="Scan in this process instead of the job queue.")
def scan(dataset: str, at_once: bool) -> None:
    """Scan the files of DATASET (name or id)."""
    package = _package(dataset)
    created = requesting.scan(package.id, _site_user())
    if at_once:
        with click.progressbar(created, label=f"Scanning {package.name}") as bar:
            for each in bar:
                scanning.run(each.id)
        for found in created:
            model.Session.refresh(found)
            click.echo(f"{found.name}: {found.failure or found.outcome}")
        return
    _, message = scans.pick_up(package.id)
    click.echo(message or f"{len(created)} scans queued.")


@privacy.command()
@click.argument("dataset", required=False)
def status(dataset: str | None) -> None:
    """Say where DATASET stands, or how many releases are in each state."""
    if dataset:
        found = overview.status(_package(dataset).id, insider=True)
        click.echo(f"{found['state']}; public: {'yes' if found['released'] else 'no'}")
        for change in found["pending"]:
            click.echo(f"  waits: {change['sentence']}")
        if found["next_step"]:
            click.echo(f"  next: {found['next_step']} ({found['next_actor']})")
        return
    for kind, label in ((Release.state, "releases"), (Scan.status, "scans")):
        for state, count in model.Session.execute(sa.select(kind, sa.func.count()).group_by(kind).order_by(kind)):
            click.echo(f"{count:6} {label} {state}")
    click.echo(f"{register.not_yet_scanned():6} adopted releases not yet scanned")


@privacy.command()
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
def adopt(dry_run: bool) -> None:
    """Write a release for every dataset that is public now, and queue its scans. Hides nothing; can be repeated."""
    found = adoption.candidates()
    if dry_run:
        click.echo(f"{len(found)} datasets are public and not yet adopted.")
        return
    failures: list[tuple[str, str]] = []
    with click.progressbar(adoption.adopt(found), length=len(found), label="Adopting") as bar:
        failures.extend((package_id, sentence) for package_id, sentence in bar if sentence)
    for package_id, sentence in failures:
        click.echo(f"{package_id}: {sentence}", err=True)
    click.echo(f"{len(found) - len(failures)} adopted, {len(failures)} not.")
    sys.exit(1 if failures else 0)


@privacy.command("leak-check")
@click.option("--quick", is_flag=True, help="Only what is stored, and the visitor's own actions.")
def leak_check(quick: bool) -> None:
    """Compare everything an anonymous visitor can read with the releases; exit code 1 when something leaks.

    Every page, file, table and feed is read as a stranger reads it; whoever runs the site is told of leaks by e-mail.
    """
    if quick:
        leaks = leak_watch.look(quick=True)
    else:
        with click.progressbar(length=leak_visits.how_many(), label="Reading as a stranger") as bar:
            leaks = leak_watch.look(progress=lambda: bar.update(1))
    for leak in leaks:
        click.echo(f"{leak['where']}: {leak['what']}", err=True)
    click.echo(f"{len(leaks)} leaks.")
    sys.exit(1 if leaks else 0)


@privacy.command()
@click.option("--minutes", type=click.IntRange(1), help="Begin with no other link after so many minutes.")
def watch(minutes: int | None) -> None:
    """Hold public datasets of which a link leads to another file than the one that was scanned; for a scheduler."""
    held = watching.watch(seconds=minutes * 60 if minutes else None)
    click.echo(f"{len(held)} datasets are on hold because a linked file changed.")
    if held.failed:
        click.echo(f"{held.failed} links could not be looked at; the log says why.", err=True)
    sys.exit(1 if held.failed else 0)


@privacy.command()
@click.option("--dry-run/--remove", default=True, help="Only list (the default), or remove for good.")
@click.option(
    "--days", type=click.IntRange(0), help="Keep what was needed within so many days [ckanext.privacy.prune_days]."
)
def prune(dry_run: bool, days: int | None) -> None:
    """List what the stores keep and nothing needs: older versions, what was never released; --remove removes it.

    Bytes of a release in force, or of a request that waits, are never touched. The audit log names what was removed.
    """
    found = list(pruning.find(config.prune_days() if days is None else days))
    for each in found:
        click.echo(_unneeded(each))
    click.echo(f"{len(found)} things, {sum(each.bytes for each in found) / 1e6:.1f} MB.")
    if dry_run:
        click.echo("Nothing was removed; --remove removes them for good.")
        return
    left = pruning.remove(found)
    click.echo(f"{left} could not be removed yet; the clock tries again." if left else "Removed.", err=bool(left))
    sys.exit(1 if left else 0)


def _unneeded(found: pruning.Unneeded) -> str:
    kind, name = found.part
    since, whose = (f"{found.use.at:%Y-%m-%d}", found.use.package_id) if found.use else ("", "")
    return f"{kind:8}  {name}  {found.bytes:>12}  {since:10}  {whose:36}  {found.reason}"


@privacy.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("verify")
def audit_verify() -> None:
    """Check every link of the audit log's chain; exit code 1 at a broken one."""
    found = audit.verify()
    if found["ok"]:
        click.echo(f"{found['length']} entries, unbroken. Head: {found['head']}")
        return
    if found["first_broken"] > found["length"]:
        click.echo(f"Cut off after entry {found['length']}: steps were taken that the log does not tell of.", err=True)
    else:
        click.echo(f"Broken at entry {found['first_broken']} of {found['length']}.", err=True)
    sys.exit(1)


@privacy.command()
def expire() -> None:
    """Do what time asks for: release what is due, close what has ended, remind people; for a scheduler."""
    counts, failed = clock.tick()
    click.echo("{released} releases became public, {closed} were closed since nobody looked again.".format(**counts))
    click.echo(
        "{releases_ended} releases ended, {agreements_ended} agreements ended, {agreements_end_soon} end soon.".format(
            **counts
        )
    )
    click.echo("{reminders} reminders were sent.".format(**counts))
    if counts["to_erase"]:
        click.echo("{to_erase} things are still to be erased: a store did not answer.".format(**counts), err=True)
    if failed:
        click.echo(f"{failed} steps could not be taken; the log says why, and the next run tries again.", err=True)
    sys.exit(1 if failed else 0)


@privacy.command()
@click.option(
    "--failed",
    is_flag=True,
    help="Also look again at files whose last scan failed, and at what an older policy or scanner blocked.",
)
def rescan(failed: bool) -> None:
    """Hand waiting scans to the workers again, and finish what a stopped worker left undone; for a scheduler."""
    scratch.sweep()
    caught_up = publishing.catch_up()
    rows.renew_words()
    again = [requesting.scan_failed(_site_user()), requesting.look_again_at_blocked(_site_user())] if failed else []
    judged = [judging.judge_waiting(), judging.retry_automatic()]
    count, message = scans.pick_up()
    click.echo(
        message
        or f"{count} scans handed to the workers, {sum(map(len, again))} of them again; "
        f"{sum(map(len, judged))} releases looked at, {len(caught_up)} brought in line in the index."
    )
    not_taken = sum(each.failed for each in (caught_up, *again, *judged))
    if not_taken:
        click.echo(f"{not_taken} steps could not be taken; the log says why, and the next run tries again.", err=True)
    sys.exit(1 if message or not_taken else 0)


def _package(id_or_name: str) -> model.Package:
    package = model.Package.get(id_or_name)
    if package is None:
        raise click.ClickException(f"There is no dataset {id_or_name!r}.")
    return package


def _site_user() -> Any:
    return model.User.get(tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"])
