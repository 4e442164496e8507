"""Programs and privileges that some tests need; without them a test is skipped, or fails with CI=true."""

import os
from ctypes.util import find_library
from pathlib import Path

import pytest
from django.db import connection

from django_runtimes.cli.processes import find_program

# Debian packages whose names differ from their programs' names.
_PACKAGES = {
    "ip": "iproute2",
    "mariadbd": "mariadb-server",
    "nft": "nftables",
    "postgres": "postgresql",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
# The package of PostgreSQL's extension depends on libgdal, libgeos and libproj.
_POSTGIS = "postgresql-postgis"


def lack(reason: str) -> None:
    """Skip the test, or fail it with CI=true, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str) -> None:
    """Skip the test if a program is not installed."""
    if find_program(name) is None:
        package = _PACKAGES.get(name, name)
        lack(f"{name} is not installed; install the package {package} (Debian: apt-get install {package})")


def require_geodjango() -> None:
    """Skip the test if a library that GeoDjango loads is not installed."""
    for library in ("gdal", "geos_c"):
        if find_library(library) is None:
            lack(f"lib{library} is not installed; install the package {_POSTGIS} (Debian: apt-get install {_POSTGIS})")


def require_postgis() -> None:
    """Skip the test if Debian's PostgreSQL has no PostGIS, or a library of GeoDjango is not installed."""
    require_geodjango()
    if not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        lack(f"PostGIS is not installed; install the package {_POSTGIS} (Debian: apt-get install {_POSTGIS})")


def require_root() -> None:
    """Skip the test unless root runs it: other users cannot use namespaces and other accounts."""
    if os.geteuid() != 0:
        lack("only root can do this; run the tests as root (sudo -E make test)")


def require_savepoints() -> None:
    """Skip the test, also with CI=true, on a database without savepoints."""
    if not connection.features.uses_savepoints:
        pytest.skip(f"{connection.display_name} has no savepoints")
