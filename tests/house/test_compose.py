"""compose.yaml runs the same versions with the same options as `make demo`."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from deploy import processes, services, site
from deploy.layout import ROOT

COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
SOLR = (ROOT / "deploy/compose/Dockerfile.solr").read_text(encoding="utf-8")
ENVIRONMENT = COMPOSE["services"]["ckan"]["environment"]
PINS = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", (ROOT / "requirements/demo.txt").read_text(encoding="utf-8")))
#: Options that ckanext-envvars spells without the double underscores.
SHORT = {
    "CKAN_SITE_ID": "ckan.site_id",
    "CKAN_SITE_URL": "ckan.site_url",
    "CKAN_SQLALCHEMY_URL": "sqlalchemy.url",
    "CKAN_DATASTORE_WRITE_URL": "ckan.datastore.write_url",
    "CKAN_DATASTORE_READ_URL": "ckan.datastore.read_url",
    "CKAN_SOLR_URL": "solr_url",
    "CKAN_REDIS_URL": "ckan.redis.url",
    "CKAN_STORAGE_PATH": "ckan.storage_path",
}
#: The demo's local replay server is no part of a site with Docker; the rest of these belong to the ini's own format.
ONLY_IN_THE_INI = {
    "use",
    "testing",
    "ckanext.cityportals.allowed_private_hosts",
    "ckanext.privacy.allowed_private_hosts",
}
#: Read by the image's start script, not by CKAN.
ONLY_IN_COMPOSE = {"CKAN_SYSADMIN_NAME", "CKAN_SYSADMIN_EMAIL", "CKAN_SYSADMIN_PASSWORD"}


def _option(variable: str) -> str:
    """The option a variable sets, by the rules of ckanext-envvars."""
    if variable in SHORT:
        return SHORT[variable]
    if variable.startswith("CKAN___"):
        name = variable.removeprefix("CKAN___")
        return name if name in {"SECRET_KEY", "WTF_CSRF_SECRET_KEY"} else name.lower().replace("__", ".")
    return variable.lower().replace("__", ".")


def _template_options(tmp_path: Path) -> dict[str, str]:
    """Option and value of the demo's ini."""
    from deploy.layout import Layout

    names = ("postgres", "ckan_db", "datastore_ro", "redis", "secret_key", "token_secret")
    ports = dict.fromkeys(("ckan", "postgres", "redis", "solr", "portals"), 1)
    demo = site.demo_site(Layout(root=tmp_path, ports=ports, secrets=dict.fromkeys(names, "secret")))
    body = site.render("ckan.ini.j2", site=demo).split("[app:main]")[1].split("[loggers]")[0]
    return dict(re.findall(r"(?m)^([\w.]+) = (.*)$", body))


def test_both_set_the_same_options(tmp_path):
    """An option that one of them sets and the other leaves out is named."""
    in_compose = {_option(variable) for variable in ENVIRONMENT if variable not in ONLY_IN_COMPOSE}

    assert in_compose == set(_template_options(tmp_path)) - ONLY_IN_THE_INI


def test_options_have_the_same_values(tmp_path):
    """Switches and lists agree; addresses and secrets differ by nature."""
    template = _template_options(tmp_path)
    same = [name for name in ENVIRONMENT if name.startswith("CKAN__") and not name.startswith("CKAN___")]
    different = {
        name: (str(ENVIRONMENT[name]).strip(), template[_option(name)])
        for name in same
        if name != "CKAN__PLUGINS" and str(ENVIRONMENT[name]).strip() != template[_option(name)]
    }

    assert different == {}


def test_both_load_the_same_plugins():
    """Compose adds `envvars`, which reads its environment; order counts."""
    assert ENVIRONMENT["CKAN__PLUGINS"].split() == [*site.PLUGINS, "envvars"]


def test_images_have_the_pinned_versions():
    """CKAN and its Solr schema follow the pinned CKAN, to the minor version."""
    minor = ".".join(PINS["ckan"].split(".")[:2])
    dockerfile = (ROOT / "deploy/compose/Dockerfile").read_text(encoding="utf-8")

    assert f"FROM ckan/ckan-base:{minor}\n" in dockerfile
    assert f"FROM ckan/ckan-solr:{minor}-solr9\n" in SOLR


def test_solr_is_the_one_that_is_documented():
    """The jars of `make demo` and the name of their cache folder have one version."""
    pom = (ROOT / "deploy/solr/pom.xml").read_text(encoding="utf-8")
    version = re.search(r"<solr.version>(.+?)<", pom).group(1)

    assert f'solr_version="{version}"' in (ROOT / "deploy/bootstrap.sh").read_text(encoding="utf-8")
    assert f"solr-{version}" in (ROOT / "deploy/layout.py").read_text(encoding="utf-8")
    assert version.startswith(re.search(r"FROM .*-solr(\d+)", SOLR).group(1))


def test_solr_has_our_fields_in_the_container_too():
    """Every file that our part of the schema needs is copied."""
    assert COMPOSE["services"]["solr"]["build"]["dockerfile"] == "deploy/compose/Dockerfile.solr"
    for name in (services.OUR_FIELDS, *services.OUR_WORD_LISTS):
        assert f"deploy/solr/conf/{name}" in SOLR


def test_every_process_of_the_demo_has_a_container():
    """What supervisor keeps alive, compose keeps alive too; the replay server exists for the demo only."""
    expected = set(processes.CATALOGUE) - {"web", "portals"} | {"ckan"}

    assert set(COMPOSE["services"]) - {"db", "solr", "redis"} == expected


def test_nothing_listens_to_the_world():
    """Only CKAN has a port on the host, on its loopback address."""
    ports = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}

    assert ports == {"ckan": ["127.0.0.1:${CKAN_PORT:-5000}:5000"]}
