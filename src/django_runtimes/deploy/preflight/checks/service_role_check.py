"""The service-linked roles without which the first use of a service in an account may fail."""

from collections.abc import Iterator, Sequence

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code, is_denied
from django_runtimes.deploy.aws.service_roles import ServiceLinkedRole, service_roles
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.checks.permission_check import identity_of, is_simulated
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, doubtful, good

_ACTION = "iam:CreateServiceLinkedRole"


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    client = context.aws.brief_client("iam")
    roles = service_roles(stage.new_types)
    if not roles:
        return
    missing = []
    for role in roles:
        try:
            client.get_role(RoleName=role.name)
        except ClientError as error:
            if error_code(error) != "NoSuchEntity":
                raise
            missing.append(role)
    names = ", ".join(role.name for role in missing)
    if not missing:
        yield good("the account has all service-linked roles of the new stacks")
    elif _may_create(context, missing):
        yield good(f"the first deploy creates the service-linked roles {names}")
    else:
        commands = " && ".join(
            f"aws iam create-service-linked-role --aws-service-name {each.service}" for each in missing
        )
        yield doubtful(
            f"the account lacks the service-linked roles {names}, and IAM's simulation denies {_ACTION}, so the first "
            "deploy may fail",
            f"let an administrator run `{commands}`",
        )


def _may_create(context: Context, roles: Sequence[ServiceLinkedRole]) -> bool:
    """Return whether IAM's simulation permits the creation; without a simulation it is assumed."""
    try:
        identity = identity_of(context)
        if not is_simulated(identity):
            return True
        partition, account = identity.split(":")[1], identity.split(":")[4]
        results = context.aws.brief_client("iam").simulate_principal_policy(
            PolicySourceArn=identity,
            ActionNames=[_ACTION],
            ResourceArns=[
                f"arn:{partition}:iam::{account}:role/aws-service-role/{role.service}/{role.name}" for role in roles
            ],
        )["EvaluationResults"]
    except ClientError as error:
        if not is_denied(error):
            raise
        # The check of the permissions reports this.
        return True
    return all(result["EvalDecision"] == "allowed" for result in results)


SERVICE_ROLES = PreflightCheck(
    "the service-linked roles", ("iam:GetRole", "iam:SimulatePrincipalPolicy", "sts:GetCallerIdentity"), _ask
)
