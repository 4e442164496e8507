"""What some tests need of the machine: without it they skip and say what to do, or fail with CI=true."""

import os
from ctypes.util import find_library
from pathlib import Path

import pytest

from django_runtimes.cli.processes import find_program

# Debian's packages, where they have another name than the program.
_PACKAGES = {
    "ip": "iproute2",
    "nft": "nftables",
    "postgres": "postgresql",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
# PostgreSQL's extension; it brings libgdal, libgeos and libproj.
_POSTGIS = "postgresql-postgis"


def lack(reason: str) -> None:
    """Skip the test, or fail it where CI=true says that nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str) -> None:
    """Needs an installed program."""
    if find_program(name) is None:
        package = _PACKAGES.get(name, name)
        lack(f"{name} is not installed; install the package {package} (Debian: apt-get install {package})")


def require_geodjango() -> None:
    """Needs the libraries that GeoDjango loads."""
    for library in ("gdal", "geos_c"):
        if find_library(library) is None:
            lack(f"lib{library} is not installed; install the package {_POSTGIS} (Debian: apt-get install {_POSTGIS})")


def require_postgis() -> None:
    """Needs PostGIS in Debian's PostgreSQL server, and GeoDjango's libraries, which its package brings."""
    require_geodjango()
    if not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        lack(f"PostGIS is not installed; install the package {_POSTGIS} (Debian: apt-get install {_POSTGIS})")


def require_root() -> None:
    """Needs root, for namespaces and other accounts."""
    if os.geteuid() != 0:
        lack("only root can do this; run the tests as root (sudo -E make test)")
