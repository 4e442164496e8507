#!/bin/sh
# Installs the requirements of `make compare`, `make test` and `make serve`: the virtual environment from the hashed
# lock file, which includes the embedded PostgreSQL, and the programs that are not Python packages.
set -eu
cd "$(dirname "$0")/.."

# With modules compiled at installation, every start is four times as fast.
unset PYTHONDONTWRITEBYTECODE || true

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root: directly, or with sudo if it needs no password. Fails otherwise.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

install_package() {
    if command -v apt-get >/dev/null 2>&1; then
        # RUNLEVEL=1 keeps Debian from starting servers that only our own commands should start.
        as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1" ||
            { as_root apt-get update -q &&
                as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1"; }
    elif command -v dnf >/dev/null 2>&1; then
        as_root dnf install -y -q "$1"
    elif command -v brew >/dev/null 2>&1; then
        brew install --quiet "$1"
    else
        return 1
    fi
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    say "setup: no Python from 3.11 to 3.13 is on PATH; install python3.13 and run this again"
    exit 1
}

python=$(find_python)
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install_package python3-venv >/dev/null 2>&1 || {
        say "setup: $python cannot create virtual environments; install the package python3-venv and run this again"
        exit 1
    }
fi
if ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -m venv --clear .venv
fi
say "setup: installing the locked Python packages into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

# usage: need_program PROGRAM CONSEQUENCE [PACKAGE], where PACKAGE is the program's name by default
need_program() {
    # Debian installs PostgreSQL's server in a versioned directory that is not on PATH.
    PATH="$PATH:/usr/sbin:/usr/local/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)" \
        command -v "$1" >/dev/null 2>&1 && return
    package=${3:-$1}
    say "setup: installing $package"
    install_package "$package" >/dev/null 2>&1 ||
        say "setup: $1 is missing and cannot be installed from here; install the package $package (without it $2)"
}
need_program pgbouncer "the proxy targets of \`make compare\` fail and their tests are skipped"
need_program postgres "the tests of encrypted connections are skipped" postgresql
# The PostGIS package also installs GeoDjango's libraries.
if ! ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then
    say "setup: installing postgresql-postgis"
    install_package postgresql-postgis >/dev/null 2>&1 ||
        say "setup: PostGIS is missing and cannot be installed from here; install the package postgresql-postgis (without it the tests of GeoDjango are skipped)"
fi
if ! .venv/bin/python -c 'import ctypes, pyodbc; ctypes.CDLL("libgssapi_krb5.so.2")' 2>/dev/null; then
    say "setup: installing libodbc2 and libgssapi-krb5-2"
    { install_package libodbc2 && install_package libgssapi-krb5-2; } >/dev/null 2>&1 ||
        say "setup: the libraries of ODBC are missing and cannot be installed from here; install the packages libodbc2 and libgssapi-krb5-2 (without them the tests of SQL Server's engine fail)"
fi
need_program mariadbd "the tests on MariaDB are skipped" mariadb-server
need_program redis-server "the tests of stores on Redis are skipped"
need_program nft "the fault cases on silent networks are skipped" nftables
need_program ip "the same cases are skipped" iproute2
need_program wrk "\`make bench\` cannot run"
need_program nginx "the tests behind load balancers are skipped"
need_program haproxy "the same tests are skipped"
need_program chromium "the tests of pages in a browser are skipped"
need_program docker-registry "the tests of pushing images are skipped"
touch .venv/.ready
