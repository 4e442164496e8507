"""`webapp deploy` creates the log groups of the services that a stage has, and no others."""

from pathlib import Path

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import open_context
from django_runtimes.deploy.steps.service_logs import service_log_groups

pytestmark = pytest.mark.profile_free

NETWORK = """
[stages.dev.network]
vpc = "vpc-0a1"
private_subnets = ["subnet-0a1", "subnet-0a2"]
"""
EXISTING = (
    NETWORK
    + """
[stages.dev.database]
identifier = "orders"
host = "orders.abc.us-east-1.rds.amazonaws.com"
resource_id = "db-ORDERS"
security_group = "sg-0d1"
name = "orders"
operations_user = "postgres"
"""
)
OWN_SECRET = 'secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-a1B2c3"\n'
SECRET_OF_RDS = 'secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1-a1B2c3"\n'
SQL_SERVER = '\n[stages.dev.parameters]\nDatabaseSystem = "sqlserver-web"\nEgress = "nat"\n'
BY_PASSWORD = '\n[stages.dev.parameters]\nCredentials = "secretsmanager"\nEgress = "nat"\n'
POSTGRESQL = "/aws/rds/instance/guestbook-dev/postgresql"
PROXY = "/aws/rds/proxy/guestbook-dev"
ROTATION = "/aws/lambda/guestbook-dev-rotation"


@pytest.mark.parametrize(
    ("target", "tables", "expected"),
    [
        ("aws_ecs_express", "", [POSTGRESQL, "/aws/rds/instance/guestbook-dev/iam-db-auth-error"]),
        (
            "aws_lambda",
            BY_PASSWORD,
            [ROTATION, "/aws/lambda/guestbook-dev-operations-rotation", POSTGRESQL, PROXY],
        ),
        (
            "aws_lambda",
            '\n[stages.dev.parameters]\nRoute = "data_api"\n',
            ["/aws/rds/cluster/guestbook-dev/postgresql"],
        ),
        ("aws_lambda", EXISTING, [PROXY]),
        ("aws_lambda", EXISTING + OWN_SECRET + BY_PASSWORD, [ROTATION, PROXY]),
        ("aws_lambda", EXISTING + SECRET_OF_RDS + BY_PASSWORD, [PROXY]),
        # SQL Server's rotation changes the password with the login of the user alone.
        ("aws_lambda", EXISTING + SECRET_OF_RDS + SQL_SERVER, [ROTATION, PROXY]),
    ],
    ids=[
        "tokens",
        "passwords",
        "data_api",
        "existing, tokens",
        "existing, own secret",
        "existing, secret of RDS",
        "existing SQL Server, secret of RDS",
    ],
)
def test_each_service_has_a_group(target: str, tables: str, expected: list[str], tmp_path: Path):
    (tmp_path / "webapp.toml").write_text(
        f'project = "guestbook"\nregion = "us-east-1"\n\n[stages.dev]\ntarget = "{target}"\n{tables}'
    )
    consent = Consent(yes=True, dry_run=False)
    context = open_context(tmp_path, stage="dev", target=None, consent=consent, progress=Progress())

    assert service_log_groups(context) == expected
