"""Finds Microsoft's ODBC driver, which the package mssql-python-odbc contains."""

import platform
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# The package's names for processors.
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@cache
def driver_path() -> str:
    """Return the path of the driver's library; raise ImproperlyConfigured if this system has none.

    The driver needs no entry in odbcinst.ini, so that the image needs no package of Microsoft's registry.
    """
    spec = find_spec("mssql_python_odbc")
    machine = _MACHINES.get(platform.machine(), platform.machine())
    libraries: list[Path] = []
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "libs" / "linux" / "debian_ubuntu" / machine / "lib"
        libraries = sorted(folder.glob("libmsodbcsql-*.so*"))
    if not libraries:
        raise ImproperlyConfigured(
            f"mssql-python-odbc has no driver for Debian on {machine}; use an image of Debian on x86_64 or arm64"
        )
    return str(libraries[-1])
