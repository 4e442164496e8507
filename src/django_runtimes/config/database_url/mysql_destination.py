"""Where PyMySQL connects to, by HOST and OPTIONS of an entry of DATABASES."""

from collections.abc import Mapping
from typing import Any

# PyMySQL reads this file if OPTIONS name only a group.
_DEFAULT_FILE = "/etc/my.cnf"


def mysql_destination(host: str, options: Mapping[str, Any]) -> str:
    """Return the server or the path of the unix socket, or an empty string for the driver's default, localhost.

    If HOST and OPTIONS name neither, an option file may, and the text returned names that file: like a service of
    libpq it is assumed to be remote.
    """
    file = option_file(options)
    return named_destination(host, options) or (f"the server that {file} names" if file else "")


def named_destination(host: str, options: Mapping[str, Any]) -> str:
    """Return the server or the path of the unix socket that OPTIONS name, else HOST, or an empty string."""
    is_path = host.startswith("/")
    socket = options.get("unix_socket", host if is_path else "")
    return str(socket or options.get("host", "" if is_path else host) or "")


def option_file(options: Mapping[str, Any]) -> str:
    """Return the path of the option file that PyMySQL reads, or an empty string if it reads none."""
    default = _DEFAULT_FILE if options.get("read_default_group") else ""
    return str(options.get("read_default_file") or default)
