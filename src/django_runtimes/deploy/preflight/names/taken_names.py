"""Asks AWS whether a name is taken; Cloud Control knows most types by their name."""

from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import Aws, error_code
from django_runtimes.deploy.preflight.names.fixed_names import NAME_PROPERTIES

# What AWS answers for a free name.
_FREE = {"LoadBalancerNotFound", "ResourceNotFoundException"}
_DELETED = "DELETED"


def _has_load_balancer(aws: Aws, name: str) -> bool:
    return bool(aws.brief_client("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"])


def _has_app_runner_service(aws: Aws, name: str) -> bool:
    # App Runner does not find a service by its name, and lists deleted ones for a while. botocore has no paginator.
    client = aws.brief_client("apprunner")
    following: dict[str, str] = {}
    while True:
        page = client.list_services(**following)
        if any(each["ServiceName"] == name and each["Status"] != _DELETED for each in page["ServiceSummaryList"]):
            return True
        if not page.get("NextToken"):
            return False
        following = {"NextToken": page["NextToken"]}


def _has_schedule(aws: Aws, name: str) -> bool:
    group, _, schedule = name.partition("/")
    return bool(aws.brief_client("scheduler").get_schedule(GroupName=group, Name=schedule))


# Cloud Control identifies these types by an ARN, or finds only those of the default group.
_OWN_QUESTIONS: Mapping[str, Callable[[Aws, str], bool]] = {
    "AWS::AppRunner::Service": _has_app_runner_service,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _has_load_balancer,
    "AWS::Scheduler::Schedule": _has_schedule,
}
# A rotation has the name of a function, which is a type of its own.
_WITHOUT_NAME = {"AWS::SecretsManager::RotationSchedule"}
CLOUD_CONTROL_TYPES = tuple(sorted(NAME_PROPERTIES.keys() - _OWN_QUESTIONS.keys() - _WITHOUT_NAME))


def is_taken(aws: Aws, type_name: str, name: str) -> bool:
    """Return whether the account has a resource of this type and name in the region."""
    try:
        if own_question := _OWN_QUESTIONS.get(type_name):
            return own_question(aws, name)
        aws.brief_client("cloudcontrol").get_resource(TypeName=type_name, Identifier=name)
    except ClientError as error:
        if error_code(error) not in _FREE:
            raise
        return False
    return True
