"""Starts sqlcmd with the TLS of the application's connections, for `webapp dbshell`."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.client import BaseDatabaseClient

from django_runtimes.config.databases.tls import encrypts, verifies


class MssqlShell(BaseDatabaseClient):
    """Passes the password in the environment, where mssql-django's client would show it in the list of processes."""

    executable_name = "sqlcmd"

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return the shell's arguments and environment variables."""
        mode = settings_dict["OPTIONS"].get("sslmode")
        arguments = [
            *(cls.executable_name, "-S", f"tcp:{settings_dict['HOST']},{settings_dict['PORT']}"),
            *("-U", settings_dict["USER"], "-d", settings_dict["NAME"]),
            # Mandatory or optional encryption.
            *(["-Nm"] if encrypts(mode) else ["-No"]),
            *([] if verifies(mode) else ["-C"]),
        ]
        return [*arguments, *parameters], {"SQLCMDPASSWORD": settings_dict["PASSWORD"]}
