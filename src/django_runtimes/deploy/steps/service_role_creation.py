"""Creates the service-linked roles before the stacks whose services use them."""

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import explain_error
from django_runtimes.deploy.aws.service_roles import create_service_role, service_roles
from django_runtimes.deploy.context import Context


def create_service_roles(context: Context) -> None:
    """Create the roles that the account lacks; IAM has the time of the first stacks to make them known everywhere."""
    client = context.aws.client("iam")
    try:
        for role in service_roles(context.deployment.target):
            if create_service_role(client, role):
                context.progress.say(f"  {role.name} was created")
    except ClientError as error:
        # The services may create their roles themselves.
        context.progress.say(f"  warning: no service-linked role was created: {explain_error(error)}")
