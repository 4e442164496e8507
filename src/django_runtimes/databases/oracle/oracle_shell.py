"""Starts SQL*Plus with the protocol of the application's connections, for `webapp dbshell`."""

from typing import Any

from django.db.backends.oracle.client import DatabaseClient

from django_runtimes.config.databases.tls import encrypts


class OracleShell(DatabaseClient):
    """Names a service and a protocol, where Django's client would use the listener's SID in plain text."""

    @staticmethod
    def connect_string(settings_dict: dict[str, Any]) -> str:
        """Return the argument of SQL*Plus, which verifies the server with the roots of its own wallet."""
        options = settings_dict["OPTIONS"]
        protocol = "tcps" if encrypts(options.get("sslmode")) else "tcp"
        place = f"{protocol}://{settings_dict['HOST']}:{settings_dict['PORT']}/{settings_dict['NAME']}"
        return f'{settings_dict["USER"]}/"{settings_dict["PASSWORD"]}"@{place}'
