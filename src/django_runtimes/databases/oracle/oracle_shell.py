"""Starts SQL*Plus with the protocol of the application's connections, for `webapp dbshell`."""

from typing import Any

from django.db.backends.oracle.client import DatabaseClient

from django_runtimes.config.databases.tls import encrypts
from django_runtimes.config.values.choices import SslMode


class OracleShell(DatabaseClient):
    """Gives SQL*Plus the service or the SID and the protocol; Django's client would use a SID in plain text."""

    @staticmethod
    def connect_string(settings_dict: dict[str, Any]) -> str:
        """Return the argument of SQL*Plus, which verifies the server with the roots of its own wallet."""
        options = settings_dict["OPTIONS"]
        mode = options.get("sslmode")
        # A short address, as host:port/service, would need brackets for IPv6, and has no place for a SID.
        protocol = "tcps" if encrypts(mode) else "tcp"
        place = f"(PROTOCOL={protocol})(HOST={settings_dict['HOST']})(PORT={settings_dict['PORT']})"
        name = f"{'SID' if options.get('name_is_sid') else 'SERVICE_NAME'}={settings_dict['NAME']}"
        match = "ON" if mode == SslMode.VERIFY_FULL else "OFF"
        security = f"(SECURITY=(SSL_SERVER_DN_MATCH={match}))" if encrypts(mode) else ""
        address = f"(DESCRIPTION=(ADDRESS={place})(CONNECT_DATA=({name})){security})"
        return f'{settings_dict["USER"]}/"{settings_dict["PASSWORD"]}"@{address}'
