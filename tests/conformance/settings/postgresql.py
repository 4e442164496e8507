"""The two databases of a suite on a PostgreSQL server."""

import os
from typing import Any
from urllib.parse import urlsplit


def databases(engine: str, *, pool: bool) -> dict[str, dict[str, Any]]:
    """Return two databases on the server in CONFORMANCE_POSTGRESQL."""
    url = urlsplit(os.environ["CONFORMANCE_POSTGRESQL"])
    entry = {
        "ENGINE": engine,
        "USER": url.username,
        "PASSWORD": url.password,
        "HOST": url.hostname,
        "PORT": url.port,
        # In some tests each thread holds a connection to one of the databases.
        "OPTIONS": {"pool": {"min_size": 0, "max_size": 10, "timeout": 60}} if pool else {},
    }
    prefix = os.environ["CONFORMANCE_DATABASE"]
    return {
        name: {**entry, "NAME": f"{prefix}_{name}", "OPTIONS": {**entry["OPTIONS"]}} for name in ("default", "other")
    }
