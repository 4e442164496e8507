"""Starts the shell of MySQL or MariaDB with the TLS of the application's connections, for `webapp dbshell`."""

import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.backends.mysql.client import DatabaseClient

from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.config.databases.tls import encrypts, verifies
from django_runtimes.config.values.choices import SslMode

_MYSQL_MODES = {
    SslMode.REQUIRE: "REQUIRED",
    SslMode.VERIFY_CA: "VERIFY_CA",
    SslMode.VERIFY_FULL: "VERIFY_IDENTITY",
}
_SYSTEM = "system"


class MysqlShell(DatabaseClient):
    """Adds the options about TLS to Django's client, which would send the password in plain text."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return the shell's arguments and environment variables."""
        options = dict(settings_dict["OPTIONS"])
        if not isinstance(options.get("ssl"), Mapping):
            # A context of the ssl module, which Django's method would read as a mapping.
            options.pop("ssl", None)
        arguments, environ = super().settings_to_cmd_args_env({**settings_dict, "OPTIONS": options}, parameters)
        mode = options.get("sslmode")
        if not encrypts(mode):
            return list(arguments), environ
        if isinstance(settings_dict.get("CREDENTIALS"), IamToken):
            # MySQL's shell sends a token only if it is allowed to; MariaDB's ignores the variable.
            environ = {**(environ or {}), "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN": "1"}
        program, *others = arguments
        # An option file must be the first option.
        first = [each for each in others[:1] if each.startswith("--defaults-file")]
        return [program, *first, *_tls_words(program, str(mode), options), *others[len(first) :]], environ


def _tls_words(program: str, mode: str, options: Mapping[str, Any]) -> list[str]:
    names = {"sslrootcert": "--ssl-ca", "sslcert": "--ssl-cert", "sslkey": "--ssl-key"}
    files = [f"{word}={options[name]}" for name, word in names.items() if options.get(name, _SYSTEM) != _SYSTEM]
    if not _is_mariadb(program):
        return [f"--ssl-mode={_MYSQL_MODES[SslMode(mode)]}", *files]
    # MariaDB's shell checks the certificate and the name, or neither.
    return ["--ssl", *(["--ssl-verify-server-cert"] if verifies(mode) else []), *files]


def _is_mariadb(program: str) -> bool:
    try:
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        # Django reports the missing program.
        return False
    return "mariadb" in version.lower()
