"""Creates the roles with which AWS's services act in an account.

Services create their role at its first use, but in a new account ECS does not wait until its role can be used.
"""

from collections.abc import Iterable

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.aws.service_roles import ServiceLinkedRole

# The service creates its role itself if the deploying role may not, or if the role exists already.
_IGNORED = {"AccessDenied", "EntityAlreadyExists", "InvalidInput"}
_FIRST_USE = ("service linked role", "service-linked role")


def create_service_linked_roles(aws: Aws, roles: Iterable[ServiceLinkedRole]) -> None:
    """Create those of the roles that do not exist yet."""
    client = aws.client("iam")
    for role in roles:
        try:
            client.create_service_linked_role(AWSServiceName=role.service)
        except ClientError as error:
            if error_code(error) not in _IGNORED:
                raise


def is_first_use(failure: str) -> bool:
    """Return whether AWS could not use a role yet, which succeeds at a second attempt."""
    return any(words in failure.lower() for words in _FIRST_USE)
