"""The service-linked roles without which the first use of a service in an account may fail."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.aws.service_roles import service_roles
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, good


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("iam")
    missing = []
    for role in service_roles(stage.context.deployment.target):
        try:
            client.get_role(RoleName=role.name)
        except ClientError as error:
            if error_code(error) != "NoSuchEntity":
                raise
            missing.append(role.name)
    if missing:
        yield good(f"the first deploy creates the service-linked roles {', '.join(missing)}")
    else:
        yield good("the account has all service-linked roles of the target")


SERVICE_ROLES = PreflightCheck("the service-linked roles", ("iam:GetRole",), _ask)
