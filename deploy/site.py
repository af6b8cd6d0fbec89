"""A CKAN site as settings: one for the demo, one for each test worker, all from the same ini template."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jinja2

from deploy.layout import HOST, TEMPLATES, Layout, write_private

#: Order matters: `privacy` owns the permission labels, so it stands first. `city_portals` loads its harvesters itself.
PLUGINS = (
    "privacy",
    "communitydata",
    "city_portals",
    "activity",
    "harvest",
    "dcat",
    "scheming_datasets",
    "datastore",
    "datatables_view",
    "text_view",
    "image_view",
)


#: Redis has 16 databases: the demo takes one, each test worker one, the browser tests one.
MOST_TEST_WORKERS = 4
TEST_URL = "http://catalogue.example.org"


@dataclasses.dataclass(frozen=True)
class Site:
    """What the ini template needs to know; see `templates/ckan.ini.j2`."""

    name: str
    url: str
    database_url: str
    datastore_write_url: str
    datastore_read_url: str
    solr_url: str
    redis_url: str
    storage: Path
    secret_key: str
    token_secret: str
    ini: Path
    plugins: tuple[str, ...] = PLUGINS
    private_hosts: tuple[str, ...] = (HOST,)
    testing: bool = False
    csrf: bool = True
    log_level: str = "INFO"


def render(template: str, **values: object) -> str:
    """Fill a template of `deploy/templates`; a name it lacks is an error, not an empty string."""
    env = jinja2.Environment(  # noqa: S701 - configuration files, not HTML
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    env.filters["conf"] = lambda value: str(value).replace("%", "%%")
    return env.get_template(template).render(**values) + "\n"


def write_ini(site: Site) -> Path:
    """Write the site's ini (mode 600: it holds passwords) and make its storage folder."""
    site.ini.parent.mkdir(parents=True, exist_ok=True)
    site.storage.mkdir(parents=True, exist_ok=True)
    text = render("ckan.ini.j2", site=site)
    if not site.ini.exists() or site.ini.read_text() != text:
        write_private(site.ini, text)
    return site.ini


def demo_site(layout: Layout) -> Site:
    """The catalogue of `make demo`."""
    return _site(layout, "demo", role="ckan", redis_db=0, url=layout.url("ckan"))


def worker_sites(layout: Layout, workers: int) -> list[Site]:
    """One site for each pytest worker: own databases, own Redis database, own Solr core, own storage."""
    return [_test_site(layout, f"test{number}", redis_db=number + 1, csrf=False) for number in range(workers)]


def browser_site(layout: Layout) -> Site:
    """The site of the browser tests; it checks form tokens as a real one does."""
    return _test_site(layout, "testbrowser", redis_db=MOST_TEST_WORKERS + 1, csrf=True)


def _test_site(layout: Layout, name: str, *, redis_db: int, csrf: bool) -> Site:
    site = _site(layout, name, role="ckan_test", redis_db=redis_db, url=TEST_URL)
    return dataclasses.replace(site, testing=True, csrf=csrf, log_level="WARNING")


def _site(layout: Layout, name: str, *, role: str, redis_db: int, url: str) -> Site:
    at = f"{HOST}:{layout.ports['postgres']}"
    writer = f"postgresql://{role}:{layout.secrets['ckan_db']}@{at}"
    return Site(
        name=name,
        url=url,
        database_url=f"{writer}/ckan_{name}",
        datastore_write_url=f"{writer}/datastore_{name}",
        datastore_read_url=f"postgresql://datastore_ro:{layout.secrets['datastore_ro']}@{at}/datastore_{name}",
        solr_url=f"{layout.url('solr')}/solr/{name}",
        redis_url=f"redis://:{layout.secrets['redis']}@{HOST}:{layout.ports['redis']}/{redis_db}",
        storage=layout.run / "storage" / name,
        secret_key=layout.secrets["secret_key"],
        token_secret=layout.secrets["token_secret"],
        ini=layout.run / f"{name}.ini",
    )


def all_cores(layout: Layout) -> list[str]:
    """Names of the Solr cores to lay out: the demo's, the tests', the browser's."""
    return ["demo", *(site.name for site in worker_sites(layout, MOST_TEST_WORKERS)), browser_site(layout).name]
