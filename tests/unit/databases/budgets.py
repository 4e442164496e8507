"""Connection budgets on PostgreSQL, with four CPUs."""

from django_runtimes.config.values.connection_strategy import Connections
from django_runtimes.databases.budget import Comparison, connection_budget
from django_runtimes.databases.interface.server_limits import ServerLimits
from django_runtimes.databases.postgresql.postgresql_budget import POSTGRESQL_BUDGET

SERVER = ServerLimits(100, {"superuser_reserved_connections": 3, "reserved_connections": 0})
CONTAINERS = {"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_INSTANCES_MAX": "3", "WEBAPP_WORKERS": "2"}
FUNCTION = {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_INSTANCES_MAX": "50", "WEBAPP_DB_ROUTE": "direct"}


def budget(
    environ: dict[str, str], server: ServerLimits | None = SERVER, connections: Connections | None = None
) -> tuple[Comparison, ...]:
    return connection_budget(environ, server, terms=POSTGRESQL_BUDGET, cpu_count=4, connections=connections)


def factors(comparison: Comparison) -> list[tuple[str, str, int | None]]:
    return [(term.sign, term.name, term.value) for term in comparison.needed.terms]
