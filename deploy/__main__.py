"""Commands behind the Makefile: `python -m deploy up|stop|status|clean|test`."""

from __future__ import annotations

import sys

import click

from deploy import demo_run, stack, test_run
from deploy.layout import DeployError, load_layout


@click.group()
def cli() -> None:
    """Run the suite on this machine."""


@cli.command()
def up() -> None:
    """Start everything, fill the demo once, print address and log-ins."""
    demo_run.up(load_layout())


@cli.command()
def stop() -> None:
    """Stop what was started."""
    click.echo("stopped" if stack.stop(load_layout()) else "nothing was running")


@cli.command()
def status() -> None:
    """Say what runs; non-zero when something that should does not."""
    sys.exit(stack.status(load_layout()))


@cli.command()
def clean() -> None:
    """Stop and delete all state; the virtual environment stays."""
    stack.clean(load_layout())


@cli.command(context_settings={"ignore_unknown_options": True})
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 4))
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def test(workers: int, pytest_arguments: tuple[str, ...]) -> None:
    """Run all tests with a set-up of their own; arguments go to pytest."""
    sys.exit(test_run.run(load_layout(), workers, pytest_arguments))


if __name__ == "__main__":
    try:
        cli()
    except DeployError as error:
        sys.exit(f"error: {error}")
