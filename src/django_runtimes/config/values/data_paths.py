"""The table of data paths: which combinations of engine, route and connection strategy exist."""

from enum import StrEnum

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.connection_strategy import Route, Strategy


class Engine(StrEnum):
    """The names of the database engines."""

    POSTGRESQL = "postgresql"
    # MariaDB too: it has the same protocol, drivers, routes and strategies.
    MYSQL = "mysql"
    ORACLE = "oracle"
    MSSQL = "mssql"
    # Aurora DSQL: PostgreSQL's protocol, with rules of its own.
    DSQL = "dsql"


# The engines by the scheme of a URL.
SCHEMES = {
    "postgresql": Engine.POSTGRESQL,
    "postgres": Engine.POSTGRESQL,
    "postgis": Engine.POSTGRESQL,
    "mysql": Engine.MYSQL,
    "mariadb": Engine.MYSQL,
    "oracle": Engine.ORACLE,
    "mssql": Engine.MSSQL,
    "dsql": Engine.DSQL,
}
DEFAULT_PORTS = {
    Engine.POSTGRESQL: 5432,
    Engine.MYSQL: 3306,
    Engine.ORACLE: 1521,
    Engine.MSSQL: 1433,
    Engine.DSQL: 5432,
}

# The first strategy of a route is its default where the runtime's own strategy does not exist.
DATA_PATHS: dict[tuple[Engine, Route], tuple[Strategy, ...]] = {
    (Engine.POSTGRESQL, Route.DIRECT): (Strategy.POOL, Strategy.PERSISTENT, Strategy.PER_REQUEST),
    (Engine.POSTGRESQL, Route.PROXY): (Strategy.PER_REQUEST, Strategy.PERSISTENT, Strategy.POOL),
    # The Data API has no connection that could be kept.
    (Engine.POSTGRESQL, Route.DATA_API): (Strategy.PER_REQUEST,),
    # Neither the driver nor Django has a pool for MySQL (docs/decisions/0070-mysql-driver.md).
    (Engine.MYSQL, Route.DIRECT): (Strategy.PERSISTENT, Strategy.PER_REQUEST),
    (Engine.MYSQL, Route.PROXY): (Strategy.PER_REQUEST, Strategy.PERSISTENT),
    # RDS Proxy has no family for Oracle (docs/decisions/0075-oracle-sql-server.md).
    (Engine.ORACLE, Route.DIRECT): (Strategy.PERSISTENT, Strategy.PER_REQUEST),
    (Engine.MSSQL, Route.DIRECT): (Strategy.PERSISTENT, Strategy.PER_REQUEST),
    (Engine.MSSQL, Route.PROXY): (Strategy.PER_REQUEST, Strategy.PERSISTENT),
    # A cluster accepts 100 new connections a second, so connections are kept wherever they can be.
    (Engine.DSQL, Route.DIRECT): (Strategy.PERSISTENT, Strategy.POOL, Strategy.PER_REQUEST),
}


def strategies_of(engine: Engine, route: Route) -> tuple[Strategy, ...]:
    """Return the strategies that exist for an engine on a route, the default first; none if there is no such route."""
    return DATA_PATHS.get((engine, route), ())


def require_data_path(engine: Engine, route: Route, strategy: Strategy) -> None:
    """Raise ConfigurationError, in one sentence with the remedy, for a combination that does not exist."""
    available = strategies_of(engine, route)
    if not available:
        routes = ", ".join(sorted(each for of_engine, each in DATA_PATHS if of_engine is engine))
        raise ConfigurationError(f"{engine} has no route {route}; set WEBAPP_DB_ROUTE to one of: {routes}")
    if strategy not in available:
        raise ConfigurationError(
            f"the route {route} of {engine} has no strategy {strategy}; set WEBAPP_DB_STRATEGY to "
            f"{' or '.join(available)}, or unset it"
        )
