"""Lists the Debian packages that Python packages need."""

from collections.abc import Collection
from dataclasses import dataclass

# The package names below are for this Debian release.
DEBIAN = "trixie"
_COMPILER = "build-essential"


@dataclass(frozen=True)
class SystemPackages:
    """The Debian packages needed to build a Python package (in the build stage only), and to run it.

    If `needs_rds_roots`, the package trusts the system's certificates only, which lack those of Amazon RDS.
    """

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    needs_rds_roots: bool = False


# Packages with self-contained wheels, such as Pillow, lxml and psycopg2-binary, need no entry.
_NEEDS = {
    "cairocffi": SystemPackages(run=("libcairo2",)),
    "cairosvg": SystemPackages(run=("libcairo2",)),
    "ffmpeg-python": SystemPackages(run=("ffmpeg",)),
    # Microsoft's driver and ODBC's driver manager.
    "mssql-django": SystemPackages(run=("ca-certificates", "libgssapi-krb5-2", "libodbc2"), needs_rds_roots=True),
    "mysqlclient": SystemPackages((_COMPILER, "default-libmysqlclient-dev", "pkg-config"), ("libmariadb3",)),
    "opencv-python": SystemPackages(run=("libgl1", "libglib2.0-0t64")),
    "pdf2image": SystemPackages(run=("poppler-utils",)),
    "psycopg-c": SystemPackages((_COMPILER, "libpq-dev"), ("libpq5",)),
    "psycopg2": SystemPackages((_COMPILER, "libpq-dev"), ("libpq5",)),
    "pycairo": SystemPackages((_COMPILER, "libcairo2-dev", "pkg-config"), ("libcairo2",)),
    "pydub": SystemPackages(run=("ffmpeg",)),
    "pygraphviz": SystemPackages((_COMPILER, "libgraphviz-dev", "pkg-config"), ("graphviz",)),
    "pylibmc": SystemPackages((_COMPILER, "libmemcached-dev", "zlib1g-dev"), ("libmemcached11t64",)),
    "pytesseract": SystemPackages(run=("tesseract-ocr",)),
    "python-ldap": SystemPackages((_COMPILER, "libldap-dev", "libsasl2-dev"), ("libldap2", "libsasl2-2")),
    "python-magic": SystemPackages(run=("libmagic1t64",)),
    "python3-saml": SystemPackages((_COMPILER, "libxmlsec1-dev", "pkg-config"), ("libxmlsec1t64-openssl",)),
    "pyodbc": SystemPackages(run=("libodbc2",)),
    "pyzbar": SystemPackages(run=("libzbar0t64",)),
    "uwsgi": SystemPackages((_COMPILER,)),
    "wand": SystemPackages(run=("libmagickwand-7.q16-10",)),
    "weasyprint": SystemPackages(run=("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")),
    "xmlsec": SystemPackages((_COMPILER, "libxmlsec1-dev", "pkg-config"), ("libxmlsec1t64-openssl",)),
}
# libgdal depends on GEOS and PROJ.
_GEODJANGO = SystemPackages(run=("libgdal36",))
_GIT = SystemPackages(build=("git",))
_LIBPQ = SystemPackages(run=("libpq5",))


def system_packages(
    packages: Collection[str], *, unused: Collection[str], uses_gis: bool, uses_git: bool
) -> SystemPackages:
    """Return the Debian packages for Python packages (normalized names), GeoDjango and requirements from Git.

    `unused` are the Python packages that are installed, but that no process loads.
    """
    needs = [_NEEDS[name] for name in packages if name in _NEEDS and name not in unused]
    needs += [SystemPackages(build=_NEEDS[name].build) for name in packages if name in _NEEDS and name in unused]
    needs += [_GEODJANGO] if uses_gis else []
    needs += [_GIT] if uses_git else []
    if "psycopg" in packages and not {"psycopg-binary", "psycopg-c"} & set(packages):
        needs.append(_LIBPQ)
    return SystemPackages(
        tuple(sorted({name for need in needs for name in need.build})),
        tuple(sorted({name for need in needs for name in need.run})),
        needs_rds_roots=any(need.needs_rds_roots for need in needs),
    )
