"""Finds connections of MySQL that may be unencrypted across a network."""

from collections.abc import Mapping
from configparser import Error as ConfigParserError
from pathlib import Path
from typing import Any

from django_runtimes.config.database_url.mysql_destination import (
    mysql_destination,
    named_destination,
    option_file,
)
from django_runtimes.config.databases.tls import encrypts, needs_encryption
from django_runtimes.databases.interface.plain_text import PlainText


def plain_text_of(database: Mapping[str, Any]) -> PlainText | None:
    """Return where an entry of DATABASES may send passwords and rows in plain text, or None."""
    options = database.get("OPTIONS") or {}
    sslmode = options.get("sslmode")
    if encrypts(sslmode) or options.get("ssl"):
        return None
    place = _destination(str(database.get("HOST") or ""), options)
    return PlainText(place, f"sslmode={sslmode!r}") if needs_encryption(place) else None


def _destination(host: str, options: Mapping[str, Any]) -> str:
    """Return the server or the path of the unix socket; an option file is read, unless it is malformed."""
    file = option_file(options)
    if not file or named_destination(host, options):
        return mysql_destination(host, options)
    # Imported here, since most entries have no option file.
    from pymysql.optionfile import Parser

    parser = Parser()
    try:
        parser.read(Path(file).expanduser())
    except (ConfigParserError, UnicodeDecodeError, OSError, RuntimeError):
        return mysql_destination(host, options)
    group = options.get("read_default_group") or "client"
    found = (parser.get(group, name) for name in ("socket", "host") if parser.has_option(group, name))
    return next((each for each in found if each), "")
