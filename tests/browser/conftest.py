"""A real CKAN under gunicorn with an RQ worker on databases of its own, and the system's Chromium to look at it.

`make test` prepares the site. `SUITE_BROWSER_INI` names another one; its database role must be a superuser.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckanapi import RemoteCKAN
from deploy import processes, services, stack
from deploy.demo import people
from deploy.layout import HOST, ROOT, load_layout
from deploy.site import browser_site
from playwright.sync_api import Browser, Page, sync_playwright
from support import every_state

#: Chromium that shows no window draws one all the same. The suggestions of its address bar are two pages of their own,
#: which took more processor time for each of our pages than ours did.
ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup")
#: What Playwright switches off; Chromium heeds the last such list alone.
OFF_ANYWAY = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "AimEnabled",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class LiveSite:
    """A running catalogue: its address, its organisation, and `users[name]` with `name`, `password`, `token`."""

    url: str
    organization: str
    users: dict[str, dict[str, str]]
    ini: Path
    worker: subprocess.Popen[bytes]

    def api(self, user: str | None = None) -> RemoteCKAN:
        """The API as one of the users, or as a visitor."""
        return RemoteCKAN(self.url, apikey=self.users[user]["token"] if user else None)

    def command(self, *words: str) -> None:
        """Run a command of the catalogue, as whoever keeps it does."""
        program = Path(sys.executable).with_name("ckan")
        subprocess.run([program, *words], env=_environment(self.ini), cwd=ROOT, check=True, capture_output=True)

    def sql(self, statement: str) -> None:
        """Change its database behind its back, past its triggers."""
        address = re.search(r"(?m)^sqlalchemy.url = (.*)$", self.ini.read_text())
        assert address is not None
        with sa.create_engine(address[1]).begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            connection.execute(sa.text(statement))

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Inside, the worker does nothing, so that what it is about to do can be looked at."""
        self.worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGCONT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _ini_for(url: str, folder: Path) -> Path:
    source = Path(os.environ.get("SUITE_BROWSER_INI") or browser_site(load_layout()).ini)
    text = re.sub(r"(?m)^ckan.site_url = .*$", f"ckan.site_url = {url}", source.read_text())
    text = re.sub(r"(?m)^WTF_CSRF_ENABLED = .*$", "WTF_CSRF_ENABLED = true", text)
    # a harvested record that is gone is withdrawn at once, so that a page of purging has something to show
    soon = "ckanext.cityportals.grace_days = 0\nckanext.cityportals.grace_runs = 1"
    text = re.sub(r"(?m)^\[app:main\]$", f"[app:main]\n{soon}", text)
    target = folder / "browser.ini"
    target.write_text(text)
    return target


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Migrate, start web server and worker, create the demo's organisation and people."""
    folder = tmp_path_factory.mktemp("site")
    port = _free_port()
    url = f"http://{HOST}:{port}"
    ini = _ini_for(url, folder)
    sysadmin = json.loads(stack.prepare_ini(ini, "--owner-is-superuser", "--sysadmin", "sysadmin"))
    commands = (processes.web_command(load_layout(), port, workers=1), ("ckan", "jobs", "worker"))
    running = [_start(command, ini, folder) for command in commands]
    try:
        processes.wait_for("CKAN", lambda: services.http_ok(f"{url}/api/3/action/status_show"), seconds=120, quiet=True)
        users = people.make_people(RemoteCKAN(url, apikey=sysadmin["token"]))
        yield LiveSite(url, people.ORGANIZATION, users | {"sysadmin": sysadmin}, ini, running[1])
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=30)


def _start(command: tuple[str | Path, ...], ini: Path, folder: Path) -> subprocess.Popen[bytes]:
    name = Path(command[0]).name
    program = Path(sys.executable).with_name(name)
    log = (folder / f"{name}.log").open("wb")
    whole = processes.ends_with_parent((program, *command[1:]))
    return subprocess.Popen(whole, env=_environment(ini), stdout=log, stderr=log, cwd=ROOT)


def _environment(ini: Path) -> dict[str, str]:
    return os.environ | {"CKAN_INI": str(ini), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def states(site: LiveSite) -> dict[str, str]:
    """A dataset in each state that has pages of its own: what the addresses of these pages need."""
    return every_state.tell(site)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; Playwright's own download is not available everywhere."""
    names = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if not program:
        pytest.fail("no Chromium was found; install the package chromium or name one in CHROMIUM")
    options = [f"--disable-features={','.join(ADDRESS_BAR + OFF_ANYWAY)}"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, site: LiveSite) -> Iterator[Page]:
    """A page of somebody who is not logged in; relative addresses are the site's."""
    context = browser.new_context(base_url=site.url)
    yield context.new_page()
    context.close()


@pytest.fixture
def page_as(browser: Browser, site: LiveSite, log_in: Callable[[str], Any]) -> Iterator[Callable[..., Page]]:
    """`page_as("officer")` gives the page of that person, logged in.

    Further arguments go to Playwright's context, for example `java_script_enabled=False`.
    """
    contexts = []

    def open_page(name: str, **options: Any) -> Page:
        context = browser.new_context(base_url=site.url, storage_state=log_in(name), **options)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def log_in(browser: Browser, site: LiveSite) -> Callable[[str], Any]:
    """Log somebody in through the form, once in a session; give what their browser keeps of it."""

    @functools.cache
    def through_the_form(name: str) -> Any:
        context = browser.new_context(base_url=site.url)
        page = context.new_page()
        page.goto("/user/login")
        page.fill("#field-login", name)
        page.fill("#field-password", site.users[name]["password"])
        page.click("form button[type=submit].btn-primary")
        page.wait_for_url(lambda address: "/user/login" not in address)
        kept = context.storage_state()
        context.close()
        return kept

    return through_the_form
