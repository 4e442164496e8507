"""A stage on Oracle or SQL Server: the database, the way to it, and what the processes need to use it."""

from typing import Any

import pytest

from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.budget import connection_budget
from django_runtimes.databases.interface.engine_registry import engine_on_route
from django_runtimes.deploy.steps.service_logs import database_log_groups
from django_runtimes.deploy.templates.database_system import (
    ORACLE,
    SQL_SERVER_STANDARD,
    SQL_SERVER_WEB,
    DatabaseSystem,
)
from tests.deploy.templates.analysis.permissions import permission_mismatches
from tests.deploy.templates.analysis.processes import Process, started_processes
from tests.deploy.templates.analysis.stacks import (
    EXISTING_DATABASE,
    EXISTING_NETWORK,
    NOT_ON_ORACLE,
    ON_ORACLE,
    ON_SQL_SERVER,
    ORACLE_DATABASE,
    SQL_SERVER_DATABASE,
    Deployment,
    deploy,
)

pytestmark = pytest.mark.profile_free

PARAMETERS = {
    ORACLE: {**ON_ORACLE, **ORACLE.suggested},
    SQL_SERVER_WEB: ON_SQL_SERVER,
    SQL_SERVER_STANDARD: ON_SQL_SERVER | {"DatabaseSystem": "sqlserver-se"},
}
DEPLOYMENTS = {system: deploy(**parameters) for system, parameters in PARAMETERS.items()}
ON_POSTGRESQL = deploy(Credentials="secretsmanager", Egress="nat")
by_system = pytest.mark.parametrize("system", DEPLOYMENTS, ids=lambda each: each.value)
on_sql_server = pytest.mark.parametrize("system", [SQL_SERVER_WEB, SQL_SERVER_STANDARD], ids=lambda each: each.value)


def entry_of(process: Process) -> dict[str, Any]:
    environment = Environment(process.environ)
    return database_settings(environment, choose_profile(detect_runtime(process.environ).runtime, environment))


@by_system
def test_the_database_is_private_encrypted_licensed_and_kept(system: DatabaseSystem):
    (database,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBInstance")
    (in_production,) = deploy(**PARAMETERS[system], Production="yes").of_type("AWS::RDS::DBInstance")
    of_stage = ("DeletionProtection", "BackupRetentionPeriod", "MultiAZ")

    assert database.properties["Engine"] == system.rds_engines["instance"] == system.value
    assert database.properties["LicenseModel"] == "license-included"
    assert (database.properties["StorageEncrypted"], database.properties["PubliclyAccessible"]) == (True, False)
    assert database.policies == {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    assert [database.properties[name] for name in of_stage] == [False, 7, False]
    assert [in_production.properties[name] for name in of_stage] == [True, 14, True]
    assert not database.properties["DBInstanceClass"].startswith("db.t4g")
    assert DEPLOYMENTS[system].of_type("AWS::RDS::DBCluster") == []


def test_oracle_has_a_port_for_tls_with_a_cipher_suite_that_python_accepts():
    options = DEPLOYMENTS[ORACLE].named(ORACLE_DATABASE, "InstanceOptions").properties
    (database,) = DEPLOYMENTS[ORACLE].of_type("AWS::RDS::DBInstance")
    (option,) = options["OptionConfigurations"]

    assert (options["EngineName"], options["MajorEngineVersion"]) == ("oracle-se2", "19")
    assert (option["OptionName"], option["Port"]) == ("SSL", 2484)
    assert {each["Name"]: each["Value"] for each in option["OptionSettings"]} == {
        "SQLNET.SSL_VERSION": "1.2",
        "SQLNET.CIPHER_SUITE": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    }
    assert database.properties["OptionGroupName"] == f"{ORACLE_DATABASE}:InstanceOptions"
    assert database.properties["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert (database.properties["DBName"], database.properties["CharacterSetName"]) == ("WEBAPP", "AL32UTF8")


@on_sql_server
def test_sql_server_accepts_only_tls_and_a_fixed_number_of_connections(system: DatabaseSystem):
    group = DEPLOYMENTS[system].named(SQL_SERVER_DATABASE, "InstanceParameters").properties
    (database,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBInstance")

    assert (group["Family"], database.properties["EngineVersion"]) == (f"{system.value}-15.0", "15.00")
    assert group["Parameters"] == {"rds.force_ssl": "1", "user connections": 100}
    # RDS creates no database on SQL Server; create_web_role does.
    assert "DBName" not in database.properties


@by_system
def test_every_exported_log_is_limited(system: DatabaseSystem):
    (database,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBInstance")
    exported = [f"/aws/rds/instance/webapp-dev/{log}" for log in database.properties["EnableCloudwatchLogsExports"]]

    assert database_log_groups("webapp-dev", system, "instance", "secretsmanager") == exported


@by_system
def test_a_database_starts_from_a_snapshot(system: DatabaseSystem):
    snapshot = {"Snapshot": "orders-before", "DatabaseName": "ORDERS", "OperationsUser": "admin"}
    (database,) = deploy(**PARAMETERS[system], **snapshot).of_type("AWS::RDS::DBInstance")

    assert database.properties["DBSnapshotIdentifier"] == "orders-before"
    assert {"DBName", "MasterUsername", "CharacterSetName"} & database.properties.keys() == set()
    # The administrator gets a new password.
    assert "MasterUserPassword" in database.properties


@by_system
def test_only_the_port_of_tls_is_open(system: DatabaseSystem):
    deployment = DEPLOYMENTS[system]
    rules = [
        *(each.properties for each in deployment.of_type("AWS::EC2::SecurityGroupIngress")),
        *deployment.named("foundation/security-groups.yaml", "ApplicationGroup").properties["SecurityGroupEgress"],
    ]
    of_database = [each for each in rules if "atabase" in repr(each) or "roxy" in repr(each)]

    assert len(of_database) >= 5
    assert {(each["FromPort"], each["ToPort"]) for each in of_database} == {(system.port, system.port)}
    assert deployment.exported("database-port") == str(system.port)


def test_oracle_gets_passwords_that_it_accepts():
    secrets = DEPLOYMENTS[ORACLE].of_type("AWS::SecretsManager::Secret")
    logins = [each.properties["GenerateSecretString"] for each in secrets if each.name != "ApplicationKey"]

    assert [each["PasswordLength"] for each in logins] == [30, 30]
    assert all(each["ExcludePunctuation"] for each in logins)


def test_oracle_has_neither_a_proxy_nor_a_rotation():
    deployment = DEPLOYMENTS[ORACLE]

    assert not NOT_ON_ORACLE & deployment.stacks.keys()
    for process in started_processes(deployment):
        assert not [name for name in process.declared if "PROXY" in name]
        assert Route(entry_of(process)["ROUTE"]) is Route.DIRECT


@on_sql_server
def test_the_proxy_speaks_sql_servers_protocol(system: DatabaseSystem):
    (proxy,) = DEPLOYMENTS[system].of_type("AWS::RDS::DBProxy")
    (auth,) = proxy.properties["Auth"]

    assert (proxy.properties["EngineFamily"], proxy.properties["RequireTLS"]) == ("SQLSERVER", True)
    assert auth["ClientPasswordAuthType"] == "SQL_SERVER_AUTHENTICATION"
    assert proxy.properties["DefaultAuthScheme"] == "NONE"


@on_sql_server
def test_the_passwords_of_single_users_are_rotated(system: DatabaseSystem):
    schedules = DEPLOYMENTS[system].of_type("AWS::SecretsManager::RotationSchedule")

    functions = [each.properties["HostedRotationLambda"] for each in schedules]
    assert [each["RotationType"] for each in functions] == ["SQLServerSingleUser"] * 2
    assert {each["RotationLambdaName"] for each in functions} == {
        "webapp-dev-rotation",
        "webapp-dev-operations-rotation",
    }
    assert not any("SuperuserSecretArn" in each for each in functions)


@by_system
def test_every_process_uses_the_engine_and_verifies_the_server(system: DatabaseSystem):
    processes = started_processes(DEPLOYMENTS[system])

    assert len(processes) == 6
    for process in processes:
        entry = entry_of(process)
        assert entry["ENGINE"] == f"django_runtimes.databases.{system.engine}"
        assert str(entry["PORT"]) == str(system.port)
        assert entry["OPTIONS"]["sslmode"] == "verify-full"
        assert "WEBAPP_DB_POOL_MAX_SIZE" not in process.declared


@by_system
def test_every_process_logs_in_as_the_owner_of_the_tables(system: DatabaseSystem):
    """Only `create_web_role` gets the administrator's secret."""
    deployment = DEPLOYMENTS[system]
    web, administrator = deployment.exported("web-login"), deployment.exported("operations-secret")

    for process in started_processes(deployment):
        assert entry_of(process)["CREDENTIALS"].arn == web
        is_operations = str(process).startswith("operations/")
        assert process.declared.get("WEBAPP_DB_ADMINISTRATOR_SECRET_ARN") == (administrator if is_operations else None)
        assert administrator not in [
            value for name, value in process.declared.items() if name != "WEBAPP_DB_ADMINISTRATOR_SECRET_ARN"
        ]


@by_system
def test_the_defaults_stay_within_the_connection_budget(system: DatabaseSystem):
    serving = [each for each in started_processes(DEPLOYMENTS[system]) if not str(each).startswith("operations/")]
    engine = engine_on_route(system.engine, Route.DIRECT)
    assert engine is not None
    assert engine.budget_terms is not None

    assert len(serving) == 4
    for process in serving:
        comparisons = connection_budget(process.environ, None, terms=engine.budget_terms, cpu_count=1)
        assert comparisons
        assert [comparison.unknown for comparison in comparisons] == [()] * len(comparisons)
        assert all(comparison.holds for comparison in comparisons), comparisons


@by_system
def test_every_role_has_the_permissions_that_it_has_on_postgresql(system: DatabaseSystem):
    assert permission_mismatches(DEPLOYMENTS[system], {}) == permission_mismatches(ON_POSTGRESQL, {})


def test_the_options_of_oracle_stay_with_the_last_snapshot():
    options = DEPLOYMENTS[ORACLE].named(ORACLE_DATABASE, "InstanceOptions")

    assert options.policies == {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


@by_system
def test_no_alarm_counts_pinned_sessions_where_each_one_is_pinned(system: DatabaseSystem):
    def alarms(deployment: Deployment) -> set[str]:
        return {each.name for each in deployment.of_type("AWS::CloudWatch::Alarm")}

    assert "PinnedSessions" in alarms(ON_POSTGRESQL)
    assert "PinnedSessions" not in alarms(DEPLOYMENTS[system])


@by_system
def test_no_alarm_watches_a_pool(system: DatabaseSystem):
    alarms = {each.name for each in DEPLOYMENTS[system].of_type("AWS::CloudWatch::Alarm")}

    assert "PoolTimeouts" not in alarms
    assert {"ManyConnections", "BusyProcessor", "LittleStorage"} <= alarms


@by_system
def test_the_template_has_the_exports_of_postgresqls(system: DatabaseSystem):
    own = DEPLOYMENTS[system]
    template = SQL_SERVER_DATABASE if system is not ORACLE else ORACLE_DATABASE

    assert set(own.stacks[template].outputs) == set(ON_POSTGRESQL.stacks["foundation/database.yaml"].outputs)
    of_proxy = {"webapp-dev-proxy-host"} if system is ORACLE else set()
    assert set(own.exports) == set(ON_POSTGRESQL.exports) - of_proxy


@by_system
def test_an_existing_database_is_reached_at_its_port_by_the_engine(system: DatabaseSystem):
    deployment = deploy(**EXISTING_NETWORK, **{**PARAMETERS[system], **EXISTING_DATABASE, "Port": 2485})

    assert deployment.of_type("AWS::RDS::DBInstance") == []
    for process in started_processes(deployment):
        assert process.declared["WEBAPP_DB_ENGINE"] == system.engine
        assert str(entry_of(process)["PORT"]) == "2485" or process.declared.get("WEBAPP_DB_PROXY_HOST")
