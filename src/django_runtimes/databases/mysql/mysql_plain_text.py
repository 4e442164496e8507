"""Finds connections of MySQL that may be unencrypted across a network."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.config.databases.tls import encrypts, needs_encryption
from django_runtimes.databases.interface.plain_text import PlainText


def plain_text_of(database: Mapping[str, Any]) -> PlainText | None:
    """Return where an entry of DATABASES may send passwords and rows in plain text, or None."""
    options = database.get("OPTIONS") or {}
    host, sslmode = str(database.get("HOST") or options.get("host") or ""), options.get("sslmode")
    if encrypts(sslmode) or options.get("ssl") or not needs_encryption(host):
        return None
    return PlainText(host, f"sslmode={sslmode!r}")
