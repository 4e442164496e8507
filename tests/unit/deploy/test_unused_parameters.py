"""`webapp deploy` names each written parameter that nothing in the stage uses."""

from pathlib import Path

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.preflight.checks.unused_parameter_check import UNUSED_PARAMETERS
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from tests.unit.deploy.test_service_logs import EXISTING, OWN_SECRET, SECRET_OF_RDS

pytestmark = pytest.mark.profile_free

# Values that every system accepts.
OF_DATABASES = {
    "AlarmConnections": 90,
    "AsyncRequests": 2,
    "InstanceClass": '"db.m5.large"',
    "MajorVersion": '"17"',
    "MariaDbVersion": '"11.4"',
    "MaxAcu": 8,
    "MaxConnections": 200,
    "MaxStorageGb": 200,
    "MinAcu": 2,
    "MySqlVersion": '"8.4"',
    "OracleVersion": '"19"',
    "PauseAfterS": 600,
    "PoolMaxSize": 4,
    "RotationDays": 60,
    "SqlServerVersion": '"15.00"',
    "StorageGb": 30,
    "BorrowTimeoutS": 6,
    "MaxConnectionsPercent": 70,
    "ProxyMaxConnections": 70,
}
OF_AURORA = {"MaxAcu", "MinAcu", "PauseAfterS"}
OF_INSTANCES = {"InstanceClass", "MaxStorageGb", "StorageGb"}
OF_PROXY = {"BorrowTimeoutS", "MaxConnectionsPercent", "ProxyMaxConnections"}
VERSIONS = {"MajorVersion", "MariaDbVersion", "MySqlVersion", "OracleVersion", "SqlServerVersion"}
EVERYTHING = "".join(f"{name} = {value}\n" for name, value in OF_DATABASES.items())


def warnings(folder: Path, text: str, *, stage: str = "dev") -> list[str]:
    (folder / "webapp.toml").write_text(f'project = "guestbook"\nregion = "us-east-1"\n{text}')
    consent = Consent(yes=True, dry_run=False)
    context = open_context(folder, stage=stage, target=None, consent=consent, progress=Progress())
    return [str(answer) for answer in UNUSED_PARAMETERS.answers(PlannedStage(context, {}))]


def unused(folder: Path, chosen: str, *, tables: str = "") -> set[str]:
    text = f'[stages.dev]\ntarget = "aws_lambda"\n{tables}\n[stages.dev.parameters]\n{EVERYTHING}{chosen}'
    return {warning.partition(" = ")[0] for warning in warnings(folder, text)}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("", OF_AURORA | VERSIONS - {"MajorVersion"} | {"AsyncRequests", "RotationDays"}),
        (
            'Engine = "aurora"\n',
            OF_INSTANCES | VERSIONS - {"MajorVersion"} | {"AsyncRequests", "PauseAfterS", "RotationDays"},
        ),
        (
            'Route = "data_api"\n',
            OF_INSTANCES | VERSIONS - {"MajorVersion"} | OF_PROXY | {"AsyncRequests", "PauseAfterS", "RotationDays"},
        ),
        ('DatabaseSystem = "mariadb"\n', OF_AURORA | VERSIONS - {"MariaDbVersion"}),
        ('DatabaseSystem = "mysql"\n', OF_AURORA | VERSIONS - {"MySqlVersion"}),
        ('DatabaseSystem = "oracle-se2"\n', OF_AURORA | OF_PROXY | VERSIONS - {"OracleVersion"} | {"RotationDays"}),
        ('DatabaseSystem = "sqlserver-web"\n', OF_AURORA | VERSIONS - {"SqlServerVersion"}),
        ('DatabaseSystem = "sqlserver-se"\n', OF_AURORA | VERSIONS - {"SqlServerVersion"}),
    ],
)
def test_each_system_names_what_it_does_not_use(tmp_path: Path, chosen: str, expected: set[str]):
    assert unused(tmp_path, chosen) == expected


@pytest.mark.parametrize(
    ("secret", "chosen", "expected"),
    [
        (OWN_SECRET, 'Credentials = "secretsmanager"\n', {"AsyncRequests"}),
        (SECRET_OF_RDS, 'Credentials = "secretsmanager"\n', {"AsyncRequests", "RotationDays"}),
        (SECRET_OF_RDS, 'DatabaseSystem = "sqlserver-se"\n', set()),
        (OWN_SECRET, 'DatabaseSystem = "oracle-se2"\n', OF_PROXY | {"RotationDays"}),
    ],
)
def test_an_existing_database_keeps_its_form(tmp_path: Path, secret: str, chosen: str, expected: set[str]):
    found = unused(tmp_path, chosen, tables=EXISTING + secret)

    assert found == expected | OF_AURORA | OF_INSTANCES | VERSIONS


def test_the_reason_and_the_place_are_named(tmp_path: Path):
    text = (
        '[stages.dev]\ntarget = "aws_lambda"\n[stages.dev.parameters]\nDatabaseSystem = "oracle-se2"\n'
        "RotationDays = 60\nMariaDbVersion = '11.4'\nMinAcu = 4\n[stages.dev.parameters.proxy]\nBorrowTimeoutS = 6\n"
    )

    assert warnings(tmp_path, text) == [
        "RotationDays = 60 has no effect: AWS's functions cannot change passwords of Oracle over TLS, so nothing "
        "rotates them; remove it from [stages.dev.parameters] of webapp.toml",
        "MariaDbVersion = '11.4' has no effect: no template for DatabaseSystem = 'oracle-se2' has it; remove it from "
        "[stages.dev.parameters] of webapp.toml",
        "MinAcu = 4 has no effect: no template for DatabaseSystem = 'oracle-se2' has it; remove it from "
        "[stages.dev.parameters] of webapp.toml",
        "BorrowTimeoutS = 6 has no effect: RDS Proxy does not serve Oracle; remove it from "
        "[stages.dev.parameters.proxy] of webapp.toml",
    ]


def test_a_shared_parameter_may_be_meant_for_another_stage(tmp_path: Path):
    stages = (
        '[parameters]\nRotationDays = 60\nMariaDbVersion = "11.4"\n'
        '[stages.dev]\ntarget = "aws_lambda"\n[stages.dev.parameters]\nDatabaseSystem = "oracle-se2"\n'
        '[stages.staging]\ntarget = "aws_lambda"\n[stages.staging.parameters]\nCredentials = "secretsmanager"\n'
    )

    (warning,) = warnings(tmp_path, stages)

    assert warning.startswith("MariaDbVersion = '11.4' has no effect: ")
    assert warning.endswith("; remove it from [parameters] of webapp.toml")


def test_another_target_of_the_stage_may_use_a_parameter(tmp_path: Path):
    parameters = 'MaxConnectionsPercent = 70\nShift = "AllAtOnce"\n'
    text = f'[stages.dev]\ntarget = "aws_ecs_express"\n[stages.dev.parameters]\n{parameters}'

    assert warnings(tmp_path, text) == []
