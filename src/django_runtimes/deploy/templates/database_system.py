"""The database systems that a stage can have, with their names in RDS and in the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.databases.created_names import DATABASE_RULES, USER_RULES, NameRule
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.config.variables.database.database_connections import DB_POOL_MAX_SIZE
from django_runtimes.config.variables.server_variables import ASYNC_REQUESTS, THREADS
from django_runtimes.deploy.catalogue import (
    APP_RUNNER,
    DATABASE,
    EXPRESS,
    FARGATE,
    LAMBDA,
    MYSQL_DATABASE,
    OPERATIONS,
    OPERATIONS_TASK,
    ORACLE_DATABASE,
    PROXY,
    ROTATION,
    SECRETS,
    SECURITY_GROUPS,
    SQL_SERVER_DATABASE,
    Stack,
)
from django_runtimes.deploy.configuration import FILE_NAME

DATABASE_SYSTEM = "DatabaseSystem"
WEB_USER, OPERATIONS_USER = "WebUser", "OperationsUser"
# What `create_web_role` creates, and may have to refuse.
_CREATED: Mapping[str, Mapping[Engine, NameRule]] = {"DatabaseName": DATABASE_RULES, WEB_USER: USER_RULES}
# The templates that have the parameter.
STACKS_WITH_SYSTEM: tuple[Stack, ...] = (
    SECURITY_GROUPS,
    DATABASE,
    SECRETS,
    PROXY,
    OPERATIONS,
    OPERATIONS_TASK,
    ROTATION,
    LAMBDA,
    APP_RUNNER,
    FARGATE,
    EXPRESS,
)


@dataclass(frozen=True, eq=False)
class DatabaseSystem:
    """One value of the parameter DatabaseSystem."""

    value: str
    product: str
    # The library's engine, in the processes of the image.
    engine: Engine
    # RDS's names of the engine, by the parameter Engine.
    rds_engines: Mapping[str, str]
    # The template of a database that the stage creates.
    stack: Stack
    version_parameter: str
    # The parts of a version that make it a major one: 17 of 17.5, and 10.11 of 10.11.9.
    major_parts: int
    port: int
    # The logs that the templates export.
    logs: tuple[str, ...]
    # What the template needs of an instance class beside encryption.
    has_performance_insights: bool
    # The parameters of containers that limit the connections of a process, and their variables.
    process_limits: Mapping[str, str]
    # What follows from the system unless webapp.toml says otherwise.
    suggested: Mapping[str, Any]
    # A class that RDS offers for it.
    usual_class: str = "db.t4g.small"
    # Whether RDS Proxy serves it, and whether AWS's functions can change its passwords over TLS.
    has_proxy: bool = True
    has_rotation: bool = True
    # Whether that needs the login of the user alone, and not the administrator's.
    rotates_alone: bool = False
    # The longest name of a user, and of the second user that AWS's function adds, if shorter than in the templates.
    longest_user: int | None = None
    longest_second_user: int | None = None
    # The versions of the template that RDS Proxy does not serve.
    versions_without_proxy: tuple[str, ...] = ()
    # Whether `migrate` has a lock, and the gate knows the system.
    is_administered: bool = True
    # Whether TLS has another port than the one that RDS reports.
    has_tls_port: bool = False

    def major(self, version: str) -> str:
        """Return the major version of a complete one."""
        return ".".join(version.split(".")[: self.major_parts])

    def broken_name(self, parameter: str, name: str) -> str | None:
        """Return the rule that a parameter's name of a user or a database breaks, if `create_web_role` refuses it."""
        if parameter == WEB_USER and self.longest_user is not None and len(name) > self.longest_user:
            return f"is longer than {self.longest_user} characters, the longest name of a user of {self.product}"
        rule = _CREATED.get(parameter, {}).get(self.engine)
        return None if rule is None or rule.accepts(name) else rule.sentence


_LIMITS_WITHOUT_POOL = {"PoolMaxSize": THREADS.name, "AsyncRequests": ASYNC_REQUESTS.name}
# RDS creates administrators that log in with tokens on PostgreSQL only.
_MYSQL_SUGGESTED: Mapping[str, Any] = {"Credentials": "secretsmanager", "Port": 3306}

POSTGRESQL = DatabaseSystem(
    value="postgresql",
    product="PostgreSQL",
    engine=Engine.POSTGRESQL,
    rds_engines={"instance": "postgres", "aurora": "aurora-postgresql"},
    stack=DATABASE,
    version_parameter="MajorVersion",
    major_parts=1,
    port=5432,
    logs=("postgresql",),
    has_performance_insights=True,
    process_limits={"PoolMaxSize": DB_POOL_MAX_SIZE.name},
    suggested={},
)
MARIADB = DatabaseSystem(
    value="mariadb",
    product="MariaDB",
    engine=Engine.MYSQL,
    rds_engines={"instance": "mariadb"},
    stack=MYSQL_DATABASE,
    version_parameter="MariaDbVersion",
    major_parts=2,
    port=3306,
    logs=("error", "slowquery"),
    has_performance_insights=False,
    process_limits=_LIMITS_WITHOUT_POOL,
    suggested=_MYSQL_SUGGESTED,
)
MYSQL = DatabaseSystem(
    value="mysql",
    product="MySQL",
    engine=Engine.MYSQL,
    rds_engines={"instance": "mysql", "aurora": "aurora-mysql"},
    stack=MYSQL_DATABASE,
    version_parameter="MySqlVersion",
    major_parts=2,
    port=3306,
    logs=("error", "slowquery"),
    has_performance_insights=False,
    process_limits=_LIMITS_WITHOUT_POOL,
    suggested=_MYSQL_SUGGESTED,
    longest_user=32,
    longest_second_user=16,
)
ORACLE = DatabaseSystem(
    value="oracle-se2",
    product="Oracle",
    engine=Engine.ORACLE,
    rds_engines={"instance": "oracle-se2"},
    stack=ORACLE_DATABASE,
    version_parameter="OracleVersion",
    major_parts=1,
    port=2484,
    logs=("alert", "listener"),
    has_performance_insights=False,
    process_limits=_LIMITS_WITHOUT_POOL,
    # Without a proxy, each execution environment may hold three connections, and a deploy doubles their number.
    suggested={"Credentials": "secretsmanager", "Port": 2484, "ReservedConcurrency": 15},
    usual_class="db.t3.small",
    has_proxy=False,
    has_rotation=False,
    is_administered=False,
    has_tls_port=True,
)
SQL_SERVER_WEB = DatabaseSystem(
    value="sqlserver-web",
    product="SQL Server",
    engine=Engine.MSSQL,
    rds_engines={"instance": "sqlserver-web"},
    stack=SQL_SERVER_DATABASE,
    version_parameter="SqlServerVersion",
    major_parts=2,
    port=1433,
    logs=("error",),
    has_performance_insights=False,
    process_limits=_LIMITS_WITHOUT_POOL,
    suggested={"Credentials": "secretsmanager", "Port": 1433},
    usual_class="db.t3.small",
    rotates_alone=True,
    versions_without_proxy=("16.00",),
    is_administered=False,
)
SQL_SERVER_STANDARD = replace(
    SQL_SERVER_WEB, value="sqlserver-se", rds_engines={"instance": "sqlserver-se"}, usual_class="db.m5.large"
)
SYSTEMS: Mapping[str, DatabaseSystem] = {
    each.value: each for each in (POSTGRESQL, MARIADB, MYSQL, ORACLE, SQL_SERVER_WEB, SQL_SERVER_STANDARD)
}

# The system that `webapp init --deploy` writes for a scheme of DATABASE_URL. PostgreSQL is the default.
SYSTEM_OF_SCHEME: Mapping[str, DatabaseSystem] = {
    "mariadb": MARIADB,
    "mysql": MYSQL,
    "oracle": ORACLE,
    "mssql": SQL_SERVER_WEB,
}


def chosen_system(tables: Sequence[Mapping[str, Any]]) -> DatabaseSystem:
    """Return the database system of webapp.toml's tables, of which later ones take precedence.

    Raise UsageError for one that does not exist.
    """
    chosen = [table[DATABASE_SYSTEM] for table in tables if DATABASE_SYSTEM in table]
    if not chosen:
        return POSTGRESQL
    if str(chosen[-1]).lower() not in SYSTEMS:
        raise UsageError(
            f"{FILE_NAME}: {DATABASE_SYSTEM} = {chosen[-1]!r} is not a database system; choose from "
            f"{', '.join(SYSTEMS)}"
        )
    return SYSTEMS[str(chosen[-1]).lower()]
