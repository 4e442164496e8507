"""Finds connections of libpq that may be unencrypted across a network."""

import os
from collections.abc import Mapping
from typing import Any

from django_runtimes.config.databases.tls import destination, encrypts, needs_encryption, with_libpq_variables
from django_runtimes.config.environment import Environment
from django_runtimes.databases.interface.plain_text import PlainText


def plain_text_of(database: Mapping[str, Any]) -> PlainText | None:
    """Return where an entry of DATABASES may send passwords and rows in plain text, or None."""
    options = with_libpq_variables(database.get("OPTIONS", {}), Environment(os.environ))
    host, sslmode = str(database.get("HOST") or ""), options.get("sslmode")
    if encrypts(sslmode) or not needs_encryption(host, options):
        return None
    return PlainText(destination(host, options), f"sslmode={sslmode!r}")
