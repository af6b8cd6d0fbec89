#!/usr/bin/env bash
# Brings a Debian or Ubuntu machine to the point where `python -m deploy` can run: system packages, the virtual
# environment, Solr's jars. Usage: bootstrap.sh demo|test. Safe to run again; a second run only looks.
set -euo pipefail

readonly purpose="${1:-demo}"
readonly root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly run="$root/.run"
readonly venv="$root/.venv"
readonly logs="$run/log"
readonly solr_version="9.9.0"
readonly jars="${XDG_CACHE_HOME:-$HOME/.cache}/ckan-community-suite/solr-$solr_version/lib"

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# -- what is there? Each finder prints a path, or nothing.

find_python() {
    local name
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

find_java() {
    local java major
    for java in "${JAVA_HOME:-/none}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
        [ -x "$java" ] && [ -x "$(dirname "$(readlink -f "$java")")/javac" ] || continue
        major="$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)"
        if [ "${major:-0}" -ge 17 ]; then
            readlink -f "$java"
            return
        fi
    done
}

find_postgres() {
    local initdb
    initdb="$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)"
    [ -n "$initdb" ] || initdb="$(command -v initdb || true)"
    [ -z "$initdb" ] || dirname "$initdb"
}

find_chromium() {
    local name
    for name in ${CHROMIUM:-chromium chromium-browser google-chrome}; do
        command -v "$name" && return
    done
    true
}

has_headers() {
    "$1" -c 'import pathlib, sysconfig, sys; sys.exit(not pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists())'
}

# -- system packages

missing_packages() {
    local version
    version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "python$version-venv"
    [ -n "$(find_postgres)" ] || echo postgresql
    command -v redis-server >/dev/null || echo redis-server
    [ -n "$(find_java)" ] || echo openjdk-17-jdk-headless
    [ -e "$jars/.complete" ] || command -v mvn >/dev/null || echo maven
    ldconfig -p 2>/dev/null | grep -q 'libmagic\.so' || ls /usr/lib/*/libmagic.so.* >/dev/null 2>&1 || echo libmagic1
    if [ ! -e "$venv/.requirements" ]; then  # psycopg2 is built from source
        command -v pg_config >/dev/null || echo libpq-dev
        command -v cc >/dev/null || echo "gcc libc6-dev"
        has_headers "$python" || echo "python$version-dev"
    fi
    [ "$purpose" != test ] || [ -n "$(find_chromium)" ] || echo chromium
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    local wanted="$*" reason
    command -v apt-get >/dev/null || die "these programs are missing and this is not Debian or Ubuntu, install them by hand: $wanted"
    if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && command -v sudo >/dev/null; }; then
        die "these packages are missing and there is neither root nor sudo to install them: $wanted"
    fi
    say "Installing by apt: $wanted"
    export DEBIAN_FRONTEND=noninteractive
    : >"$logs/apt.log"
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted >>"$logs/apt.log" 2>&1 && return
    as_root apt-get update >>"$logs/apt.log" 2>&1 || true
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted >>"$logs/apt.log" 2>&1 && return
    reason="$(grep '^E:' "$logs/apt.log" | tail -n 1)"
    die "apt could not install $wanted (${reason:-see .run/log/apt.log}); install them by hand and run again."
}

# -- Python packages

map_pip_settings() {  # uv does not read pip's environment variables
    [ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
    [ -z "${PIP_EXTRA_INDEX_URL:-}" ] || export UV_INDEX="${UV_INDEX:-$PIP_EXTRA_INDEX_URL}"
    [ -z "${PIP_FIND_LINKS:-}" ] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$PIP_FIND_LINKS}"
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
}

install_with() {  # uv is several times faster; pip knows every pip setting of the machine
    local tool="$1" requirements="$2"
    "${tool}_install" -r "$requirements" && "${tool}_install" --no-deps --no-build-isolation -e "$root"
}
uv_install() { "$venv/bin/uv" pip install --python "$venv/bin/python" "$@"; }
pip_install() { "$venv/bin/python" -m pip install "$@"; }

install_python() {
    local requirements="$root/requirements/$1.txt" stamp
    stamp="$1 $(cat "$root/requirements/$1.txt" "$root/setup.cfg" "$root/pyproject.toml" | sha256sum | cut -d' ' -f1)"
    ! grep -qsxF "$stamp" "$venv/.requirements" || return 0
    say "Installing Python packages from requirements/$1.txt into .venv"
    {
        map_pip_settings
        { [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"; } &&
            { pip_install -r "$root/requirements/bootstrap.txt" && install_with uv "$requirements" ||
                install_with pip "$requirements"; }
    } >"$logs/pip.log" 2>&1 ||
        die "the Python packages could not be installed: $(tail -n 1 "$logs/pip.log") - check the network or PIP_INDEX_URL, then run again (log: .run/log/pip.log)."
    echo "$stamp" >>"$venv/.requirements"
}

# -- Solr

install_solr() {
    [ ! -e "$jars/.complete" ] || return 0
    say "Resolving Solr $solr_version by Maven, once for this user (about 80 MB)"
    mkdir -p "$jars"
    JAVA_HOME="$(dirname "$(dirname "$java")")" mvn -q -B -f "$root/deploy/solr/pom.xml" \
        dependency:copy-dependencies -DoutputDirectory="$jars" >"$logs/maven.log" 2>&1 ||
        die "Maven could not fetch Solr: $(grep -m 1 ERROR "$logs/maven.log" | cut -c1-200) - check the network, then run again (log: .run/log/maven.log)."
    touch "$jars/.complete"
}

# -- all of it

mkdir -p "$logs"
python="$(find_python)"
[ -n "$python" ] || die "Python 3.11 to 3.13 is needed and none was found; install python3.11 or name one: make demo PYTHON=/path/to/python3.11"
packages="$(missing_packages | xargs)"
# shellcheck disable=SC2086
[ -z "$packages" ] || install_packages $packages
java="$(find_java)"
[ -n "$java" ] || die "a JDK 17 or newer is needed for Solr and none was found, although apt reported success."
install_python "$purpose"
install_solr
cat >"$run/tools.json" <<END
{"java": "$java", "postgres": "$(find_postgres)", "redis_server": "$(command -v redis-server)", "chromium": "$(find_chromium)"}
END
