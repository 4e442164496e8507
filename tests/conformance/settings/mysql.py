"""The two databases of a suite on a MariaDB."""

import os
from typing import Any
from urllib.parse import urlsplit


def mysql_databases(engine: str) -> dict[str, dict[str, Any]]:
    """Return two databases on the server in CONFORMANCE_MYSQL."""
    url = urlsplit(os.environ["CONFORMANCE_MYSQL"])
    entry = {
        "ENGINE": engine,
        "USER": url.username,
        "PASSWORD": url.password,
        "HOST": url.hostname,
        "PORT": url.port,
    }
    prefix = os.environ["CONFORMANCE_DATABASE"]
    return {name: {**entry, "NAME": f"{prefix}_{name}", "OPTIONS": {}} for name in ("default", "other")}
