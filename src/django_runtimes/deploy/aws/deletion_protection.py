"""Checks the deletion protection of a stage's database in RDS."""

from botocore.exceptions import ClientError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code

_ABSENT = {"DBInstanceNotFound", "DBClusterNotFoundFault"}


def refuse_protected(aws: Aws, name: str, *, engine: str) -> None:
    """Raise ToolError, with the command that helps, if the database is protected; `engine` is the stack's parameter."""
    client = aws.client("rds")
    try:
        if engine == "aurora":
            kind = "cluster"
            found = client.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        else:
            kind = "instance"
            found = client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return
        raise
    if found[0].get("DeletionProtection"):
        raise ToolError(
            f"the database {name} is protected from deletion, and nothing was deleted; remove the protection with "
            f"`aws rds modify-db-{kind} --db-{kind}-identifier {name} --no-deletion-protection --apply-immediately "
            f"--region {aws.region}`, and run this again"
        )
