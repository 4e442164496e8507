"""Servers that have answered, and examinations of them."""

from dataclasses import replace

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerConnection, ServerError
from django_runtimes.databases.interface.server_limits import ServerLimits
from django_runtimes.doctor.examination import Examination, ExaminedLogin
from django_runtimes.doctor.finding import Finding, Level

WEB = ExaminedLogin("web", Route.DIRECT, needed=True)
SOUND = ExaminedServer(
    place="db.internal:5432",
    user="webapp",
    version="PostgreSQL 17.6",
    time_zone="UTC",
    is_administrator=False,
    missing_timeouts=(),
    connection=ServerConnection(
        host="db.internal",
        address="10.0.0.7",
        port=5432,
        is_proxied=False,
        is_unproxied=True,
        encrypted=True,
        sslmode="verify-full",
    ),
    limits=ServerLimits(
        112,
        {
            "superuser_reserved_connections": 3,
            "reserved_connections": 0,
            "rds_superuser_reserved_connections": 2,
        },
    ),
)


def reached(**changes: object) -> dict[str, ServerConnection]:
    """Return the field `connection` of a server that was reached in another way."""
    return {"connection": replace(SOUND.connection, **changes)}


CONTAINERS = {
    "WEBAPP_RUNTIME": "aws_ecs",
    "WEBAPP_INSTANCES_MAX": "3",
    "WEBAPP_WORKERS": "2",
    "WEBAPP_DB_POOL_MAX_SIZE": "8",
}


class AnsweredExamination(Examination):
    """An examination whose servers have answered."""

    def __init__(self, environ: dict[str, str], servers: dict[ExaminedLogin, ExaminedServer | ServerError]) -> None:
        super().__init__(environ, offline=False)
        self.__dict__["servers"] = servers
        # Otherwise the connections of the tests' own settings would count.
        self.__dict__["connections"] = None


def problems(findings: list[Finding]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.text) for finding in findings if finding.level is not Level.OK]
