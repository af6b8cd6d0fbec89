"""PostgreSQL, Redis and Solr: their folders, their configuration, and how to tell that they answer."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Container, Iterable
from pathlib import Path

import psycopg2
import redis
import requests
from psycopg2 import sql

from deploy.layout import HOST, ROOT, DeployError, Layout, write_private
from deploy.site import Site, render

#: Where PostgreSQL keeps its data when its user cannot enter the clone's folder (below /root, for example).
FAR_DATA = Path("/var/lib/ckan-community-suite")
SOLR_CONF = ROOT / "deploy" / "solr" / "conf"
EMPTY_WORD_LISTS = ("protwords.txt", "stopwords.txt", "synonyms.txt")
#: What the suite adds to CKAN's schema, and the lists it names.
OUR_FIELDS, OUR_WORD_LISTS = "fields.xml", ("elisions_ca.txt", "elisions_it.txt")
#: What a core's `core.properties` says when its index may be lost: nothing waits for a disk.
IN_MEMORY = """\
solr.directoryFactory=solr.ByteBuffersDirectoryFactory
solr.lock.type=single
solr.ulog.enabled=false
"""


# -- PostgreSQL


def postgres_user() -> str | None:
    """PostgreSQL refuses to run as root: root hands it to the user `postgres`."""
    return "postgres" if os.geteuid() == 0 else None


def prepare_postgres(layout: Layout, programs: Path) -> Path:
    """Create the cluster at the first call; give its data folder."""
    data = _data_folder(layout)
    if (data / "PG_VERSION").exists():
        return data
    data.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    _own(data)
    password = data.parent / f"{data.name}.password"
    write_private(password, layout.secrets["postgres"])
    try:
        _hand_over(password)
        _initdb(programs, data, password)
    finally:
        password.unlink()
    return data


def _initdb(programs: Path, data: Path, password: Path) -> None:
    command = [programs / "initdb", "--pgdata", data, "--username", "postgres", "--encoding", "UTF8"]
    command += ["--locale", "C.UTF-8", "--auth", "scram-sha-256", "--pwfile", password]
    done = subprocess.run(command, user=postgres_user(), cwd="/", capture_output=True, text=True, check=False)  # noqa: S603 - own arguments
    if done.returncode:
        raise DeployError(f"PostgreSQL could not create its data folder {data}: {done.stderr.strip().splitlines()[-1]}")


def _data_folder(layout: Layout) -> Path:
    """`.run/postgres`, or a link of that name to a folder the user `postgres` can reach."""
    near = layout.run / "postgres"
    user = postgres_user()
    if near.exists() or not user:
        return near.resolve()
    reachable = subprocess.run(["/usr/bin/test", "-x", layout.run], user=user, cwd="/", check=False)  # noqa: S603 - own arguments
    if reachable.returncode == 0:
        return near
    far = FAR_DATA / layout.tag
    near.unlink(missing_ok=True)
    near.symlink_to(far)
    return far


def _own(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    _hand_over(folder)


def _hand_over(path: Path) -> None:
    if user := postgres_user():
        owner = pwd.getpwnam(user)
        os.chown(path, owner.pw_uid, owner.pw_gid)


def remove_postgres(layout: Layout) -> None:
    """Delete the data folder, wherever it lies."""
    near = layout.run / "postgres"
    if near.exists():
        shutil.rmtree(near.resolve())


def postgres_admin(layout: Layout, database: str = "postgres") -> psycopg2.extensions.connection:
    """Connect as the cluster's superuser, outside of any transaction."""
    connection = psycopg2.connect(
        host=HOST,
        port=layout.ports["postgres"],
        user="postgres",
        password=layout.secrets["postgres"],
        dbname=database,
        connect_timeout=3,
    )
    connection.autocommit = True
    return connection


def ensure_roles(layout: Layout) -> None:
    """The site's role, the datastore's read-only role, and the tests' superuser who may empty append-only tables."""
    roles = (("ckan", "NOSUPERUSER", "ckan_db"), ("datastore_ro", "NOSUPERUSER", "datastore_ro"))
    roles += (("ckan_test", "SUPERUSER", "ckan_db"),)
    with postgres_admin(layout) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        known = {row[0] for row in cursor.fetchall()}
        for name, power, secret in roles:
            verb = sql.SQL("ALTER" if name in known else "CREATE")
            statement = sql.SQL("{} ROLE {} LOGIN {} PASSWORD %s").format(verb, sql.Identifier(name), sql.SQL(power))
            cursor.execute(statement, [layout.secrets[secret]])


def ensure_databases(layout: Layout, site: Site, *, fresh: bool = False, like: Site | None = None) -> None:
    """Create the site's two databases; `fresh` drops what was there before, `like` copies those of another site."""
    owner = "ckan_test" if site.testing else "ckan"
    for kind in ("ckan", "datastore"):
        name, template = f"{kind}_{site.name}", f"{kind}_{like.name}" if like else "template0"
        connection = postgres_admin(layout)
        with connection.cursor() as cursor:
            if fresh:
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            _create_database(cursor, name, owner, template=template, durable=not site.testing)
            if like and kind == "datastore":  # who may connect is not copied
                grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO datastore_ro")
                cursor.execute(grant.format(sql.Identifier(name)))
        connection.close()


def _create_database(
    cursor: psycopg2.extensions.cursor, name: str, owner: str, *, template: str, durable: bool
) -> None:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if cursor.fetchone():
        return
    database, role, source = sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template)
    cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(database, role, source))
    # Visitors' SQL runs as `datastore_ro`: it must not reach the catalogue's own database.
    cursor.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))
    if not durable:
        cursor.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(database))


# -- Redis


def prepare_redis(layout: Layout) -> Path:
    """Write Redis' configuration (mode 600: it holds the password)."""
    folder = layout.run / "redis"
    folder.mkdir(exist_ok=True)
    path = layout.run / "redis.conf"
    write_private(path, render("redis.conf.j2", layout=layout, folder=folder))
    return path


def redis_client(layout: Layout, database: int = 0) -> redis.Redis:
    """A connection to one of Redis' databases."""
    return redis.Redis(
        host=HOST, port=layout.ports["redis"], password=layout.secrets["redis"], db=database, socket_timeout=3
    )


# -- Solr


def prepare_solr(layout: Layout, cores: Iterable[str], *, kept: Container[str]) -> Path:
    """Lay out one core for each site, with the schema of the installed CKAN and our fields; give Solr's home.

    An index that is not among the `kept` ones lives in memory.
    """
    schema = solr_schema()
    layout.solr_home.mkdir(exist_ok=True)
    (layout.solr_home / "solr.xml").write_text("<solr/>\n")
    for core in cores:
        conf = layout.solr_home / core / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        storage = "" if core in kept else IN_MEMORY
        (conf.parent / "core.properties").write_text(f"name={core}\n{storage}")
        (conf / "schema.xml").write_text(schema, encoding="utf-8")
        for name in ("solrconfig.xml", *OUR_WORD_LISTS):
            shutil.copy(SOLR_CONF / name, conf)
        for name in EMPTY_WORD_LISTS:
            (conf / name).touch()
    return layout.solr_home


def solr_schema() -> str:
    """The schema of the installed CKAN with our fields before its closing tag."""
    import ckan

    theirs = (Path(ckan.__file__).parent / "config" / "solr" / "schema.xml").read_text(encoding="utf-8")
    ours = (SOLR_CONF / OUR_FIELDS).read_text(encoding="utf-8")
    return theirs.replace("</schema>", f"{ours}</schema>")


# -- do they answer?


def postgres_answers(layout: Layout) -> bool:
    """True when a query can be sent."""
    try:
        postgres_admin(layout).close()
    except psycopg2.OperationalError:
        return False
    return True


def redis_answers(layout: Layout) -> bool:
    """True when Redis has loaded its data."""
    try:
        return bool(redis_client(layout).ping())
    except redis.RedisError:
        return False


def solr_answers(layout: Layout, cores: Iterable[str]) -> bool:
    """True when every core can be searched; a core answers 503 for some seconds while it loads."""
    return all(http_ok(f"{layout.url('solr')}/solr/{core}/admin/ping") for core in cores)


def http_ok(url: str) -> bool:
    """True when the address answers 200."""
    try:
        return requests.get(url, timeout=10).status_code == 200
    except requests.RequestException:
        return False
