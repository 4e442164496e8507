#!/bin/sh
# Runs the tests of the served code with another lock file, in an environment of its own.
# usage: [PYTHON=python3.13] scripts/test_versions.sh LOCK [PYTEST ARGUMENT…]
# LOCK is newest (the newest Django that pyproject.toml allows) or lowest (the lower bound of every dependency).
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE || true

lock=${1:-}
if [ ! -f "requirements/$lock.txt" ] || { [ "$lock" != newest ] && [ "$lock" != lowest ]; }; then
    echo "test_versions: '$lock' is not a lock file to test; choose one of: lowest, newest" >&2
    exit 2
fi
shift
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
place=.venv-versions/$lock-$version
lock=requirements/$lock.txt

if ! [ "$place/.ready" -nt "$lock" ] || ! [ "$place/.ready" -nt pyproject.toml ]; then
    echo "test_versions: installing $lock into $place" >&2
    "$python" -m venv --clear "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    touch "$place/.ready"
fi
# WEBAPP_RUNTIME chooses the profile, as in `make test`.
if [ $# -eq 0 ]; then
    set -- tests/unit tests/integration/serving tests/integration/databases tests/integration/files \
        tests/integration/mail tests/integration/observability tests/integration/outages tests/integration/stores
    # Only the lowest lock contains Locust; `make test` runs it from an environment of its own.
    [ "$lock" != requirements/lowest.txt ] || set -- "$@" tests/integration/compare/deployed/test_distributed.py
fi
"$place/bin/python" -c 'import django, sys; print("Django", django.__version__, "on Python", sys.version.split()[0])'
exec "$place/bin/python" -m pytest -q -p no:cacheprovider "$@"
