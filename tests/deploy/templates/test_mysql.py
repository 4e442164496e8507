"""A stage on MariaDB or MySQL: the database, the way to it, and what the processes need to use it."""

from typing import Any

import pytest

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.variables.database.database_connections import (
    DB_IDLE_IN_TRANSACTION_TIMEOUT_S,
    DB_STATEMENT_TIMEOUT_S,
)
from django_runtimes.databases.budget import connection_budget
from django_runtimes.databases.mysql.administration.mysql_budget import MYSQL_BUDGET
from django_runtimes.databases.mysql.session_timeouts import timeouts_statement
from django_runtimes.deploy.steps.service_logs import database_log_groups
from django_runtimes.deploy.templates.database_system import MARIADB, MYSQL, STACKS_WITH_SYSTEM, DatabaseSystem
from tests.deploy.templates.analysis.permissions import permission_mismatches
from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.stacks import (
    EXISTING_DATABASE,
    EXISTING_NETWORK,
    MYSQL_DATABASE,
    ON_MARIADB,
    ON_MYSQL,
    ORACLE_DATABASE,
    OTHER_DATABASES,
    SQL_SERVER_DATABASE,
    deploy,
    read_template,
    template_names,
)

pytestmark = pytest.mark.profile_free

DEPLOYMENTS = {MARIADB: deploy(**ON_MARIADB), MYSQL: deploy(**ON_MYSQL)}
ON_POSTGRESQL = deploy(Credentials="secretsmanager", Egress="nat")
by_system = pytest.mark.parametrize("system", DEPLOYMENTS, ids=lambda each: each.value)
VERSIONS = {MARIADB: ("mariadb10.11", "10.11"), MYSQL: ("mysql8.4", "8.4")}
COLLATIONS = {MARIADB: "utf8mb4_unicode_ci", MYSQL: "utf8mb4_0900_ai_ci"}
# The values that every template for another system than PostgreSQL needs.
_FORM = [("Engine", "instance"), ("Credentials", "secretsmanager")]
PASSWORDS = {MARIADB: "MYSQL_NATIVE_PASSWORD", MYSQL: "MYSQL_CACHING_SHA2_PASSWORD"}


@by_system
def test_the_database_accepts_only_tls_and_speaks_utf_8(system: DatabaseSystem):
    deployment = DEPLOYMENTS[system]
    (database,) = deployment.of_type("AWS::RDS::DBInstance")
    group = deployment.named(MYSQL_DATABASE, "InstanceParameters").properties

    assert (group["Family"], database.properties["EngineVersion"]) == VERSIONS[system]
    assert database.properties["Engine"] == system.rds_engines["instance"]
    assert group["Parameters"] == {
        "require_secure_transport": "1",
        "max_connections": 100,
        "time_zone": "UTC",
        "character_set_server": "utf8mb4",
        "collation_server": COLLATIONS[system],
        "log_output": "FILE",
        "slow_query_log": "1",
        "long_query_time": "1",
    }
    assert deployment.of_type("AWS::RDS::DBCluster") == []


@by_system
def test_the_database_is_private_encrypted_and_kept(system: DatabaseSystem):
    (database,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBInstance")
    (in_production,) = deploy(**ON_MARIADB, Production="yes").of_type("AWS::RDS::DBInstance")
    of_stage = ("DeletionProtection", "BackupRetentionPeriod", "MultiAZ")

    assert (database.properties["StorageEncrypted"], database.properties["PubliclyAccessible"]) == (True, False)
    assert database.policies == {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    assert [database.properties[name] for name in of_stage] == [False, 7, False]
    assert [in_production.properties[name] for name in of_stage] == [True, 14, True]


@by_system
def test_every_exported_log_is_limited(system: DatabaseSystem):
    (database,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBInstance")
    exported = [f"/aws/rds/instance/webapp-dev/{log}" for log in database.properties["EnableCloudwatchLogsExports"]]

    assert database_log_groups("webapp-dev", system, "instance", "secretsmanager") == exported


@by_system
def test_a_database_starts_from_a_snapshot(system: DatabaseSystem):
    snapshot = {"Snapshot": "orders-before", "DatabaseName": "orders", "OperationsUser": "admin"}
    (database,) = deploy(**ON_MARIADB | {"DatabaseSystem": system.value}, **snapshot).of_type("AWS::RDS::DBInstance")

    assert database.properties["DBSnapshotIdentifier"] == "orders-before"
    assert {"DBName", "MasterUsername"} & database.properties.keys() == set()
    # The administrator gets a new password.
    assert "MasterUserPassword" in database.properties
    assert database.properties["Port"] == "3306"


@by_system
def test_only_the_port_of_the_server_is_open(system: DatabaseSystem):
    deployment = DEPLOYMENTS[system]
    rules = [
        *(each.properties for each in deployment.of_type("AWS::EC2::SecurityGroupIngress")),
        *deployment.named("foundation/security-groups.yaml", "ApplicationGroup").properties["SecurityGroupEgress"],
    ]
    of_database = [each for each in rules if "atabase" in repr(each) or "roxy" in repr(each)]

    assert len(of_database) >= 5
    assert {(each["FromPort"], each["ToPort"]) for each in of_database} == {(3306, 3306)}


@by_system
def test_the_proxy_speaks_its_protocol_with_passwords(system: DatabaseSystem):
    (proxy,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBProxy")
    (auth,) = proxy.properties["Auth"]

    assert (proxy.properties["EngineFamily"], proxy.properties["RequireTLS"]) == ("MYSQL", True)
    assert auth["ClientPasswordAuthType"] == PASSWORDS[system]
    assert proxy.properties["DefaultAuthScheme"] == "NONE"


@by_system
def test_the_proxy_gives_each_session_the_limits_of_the_direct_route(system: DatabaseSystem):
    (targets,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBProxyTargetGroup")
    direct = timeouts_statement(
        system.product,
        statement_timeout=DB_STATEMENT_TIMEOUT_S.unset(),
        idle_transaction_timeout=DB_IDLE_IN_TRANSACTION_TIMEOUT_S.unset(),
    )

    query = targets.properties["ConnectionPoolConfigurationInfo"]["InitQuery"]

    assert query == str(direct).replace("SET SESSION ", "SET ")
    (others,) = ON_POSTGRESQL.of_type("AWS::RDS::DBProxyTargetGroup")
    assert "InitQuery" not in others.properties["ConnectionPoolConfigurationInfo"]


@by_system
def test_the_passwords_are_rotated_by_the_functions_for_the_system(system: DatabaseSystem):
    schedules = DEPLOYMENTS[system].of_type("AWS::SecretsManager::RotationSchedule")
    types = {each.properties["HostedRotationLambda"]["RotationType"] for each in schedules}
    # Only what names the system differs from PostgreSQL's.
    others = ON_POSTGRESQL.of_type("AWS::SecretsManager::RotationSchedule")

    assert types == {f"{system.product}MultiUser", f"{system.product}SingleUser"}
    alike = [
        repr(each.properties).replace(system.product, "PostgreSQL").replace(MYSQL_DATABASE, "foundation/database.yaml")
        for each in schedules
    ]
    assert alike == [repr(each.properties) for each in others]


@by_system
def test_every_process_uses_the_engine_and_verifies_the_server(system: DatabaseSystem):
    processes = started_processes(DEPLOYMENTS[system])

    assert len(processes) == 6
    for process in processes:
        environment = Environment(process.environ)
        profile = choose_profile(detect_runtime(process.environ).runtime, environment)
        entry = database_settings(environment, profile)
        assert entry["ENGINE"] == "django_runtimes.databases.mysql"
        assert str(entry["PORT"]) == "3306"
        assert "ssl" in entry["OPTIONS"] or entry["OPTIONS"].get("sslmode") == "verify-full"
        assert "WEBAPP_DB_POOL_MAX_SIZE" not in process.declared


@by_system
def test_the_defaults_stay_within_the_connection_budget(system: DatabaseSystem):
    serving = [each for each in started_processes(DEPLOYMENTS[system]) if not str(each).startswith("operations/")]

    assert len(serving) == 4
    for process in serving:
        comparisons = connection_budget(process.environ, None, terms=MYSQL_BUDGET, cpu_count=1)
        assert [comparison.unknown for comparison in comparisons] == [()] * len(comparisons)
        assert all(comparison.holds for comparison in comparisons), comparisons


def test_more_asynchronous_views_exceed_the_connection_budget():
    processes = started_processes(deploy(**ON_MARIADB, AsyncRequests=2))
    (process,) = [each for each in processes if each.resource.stack == "ecs/fargate.yaml"]

    comparisons = connection_budget(process.environ, None, terms=MYSQL_BUDGET, cpu_count=1)

    assert not all(comparison.holds for comparison in comparisons)


@by_system
def test_every_role_has_the_permissions_that_it_has_on_postgresql(system: DatabaseSystem):
    assert permission_mismatches(DEPLOYMENTS[system], {}) == permission_mismatches(ON_POSTGRESQL, {})


@by_system
def test_no_alarm_watches_a_pool(system: DatabaseSystem):
    alarms = {each.name for each in DEPLOYMENTS[system].of_type("AWS::CloudWatch::Alarm")}

    assert "PoolTimeouts" not in alarms
    assert {"ManyConnections", "BusyProcessor", "LittleStorage"} <= alarms


@by_system
def test_the_template_has_the_exports_of_postgresqls(system: DatabaseSystem):
    own = DEPLOYMENTS[system]

    assert set(own.exports) == set(ON_POSTGRESQL.exports)
    assert set(own.stacks[MYSQL_DATABASE].outputs) == set(ON_POSTGRESQL.stacks["foundation/database.yaml"].outputs)


def test_an_existing_database_is_reached_at_its_port_by_the_engine():
    deployment = deploy(**EXISTING_NETWORK, **EXISTING_DATABASE | {"Port": 3307}, **ON_MARIADB)

    assert MYSQL_DATABASE not in deployment.stacks
    for process in started_processes(deployment):
        assert (process.declared["WEBAPP_DB_ENGINE"], process.declared["WEBAPP_DB_PORT"]) == ("mysql", "3307")


def test_every_template_that_differs_has_the_parameter():
    declared = {name for name in template_names() if "DatabaseSystem" in read_template(name).get("Parameters", {})}
    named = {stack.template for stack in STACKS_WITH_SYSTEM}

    assert declared == named | OTHER_DATABASES | {"foundation/existing-database.yaml"}


@pytest.mark.parametrize(
    ("template", "refused"),
    [
        ("foundation/database.yaml", [("DatabaseSystem", "postgresql")]),
        (MYSQL_DATABASE, [("DatabaseSystem", "mariadb"), ("DatabaseSystem", "mysql"), *_FORM]),
        (ORACLE_DATABASE, [("DatabaseSystem", "oracle-se2"), *_FORM]),
        (SQL_SERVER_DATABASE, [("DatabaseSystem", "sqlserver-web"), ("DatabaseSystem", "sqlserver-se"), *_FORM]),
        ("foundation/proxy.yaml", [("DatabaseSystem", "oracle-se2")]),
        ("foundation/rotation.yaml", [("DatabaseSystem", "oracle-se2")]),
    ],
)
def test_cloudformation_refuses_a_template_for_another_system(template: str, refused: list[tuple[str, str]]):
    (rule,) = read_template(template)["Rules"].values()

    asserted = [each["Assert"] for each in rule["Assertions"]]
    assert all(each["AssertDescription"] for each in rule["Assertions"])
    assert [pair for each in asserted for pair in _equals(each)] == refused


def _equals(condition: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the parameters and the values that a condition compares, with or without a negation."""
    compared = [part["Fn::Equals"] for part in condition.get("Fn::Or", condition.get("Fn::Not", [condition]))]
    return [(left["Ref"], right) for left, right in compared]
