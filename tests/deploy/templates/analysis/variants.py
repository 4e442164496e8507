"""The deployments under test: the defaults, and everything that parameters can switch on."""

from tests.deploy.templates.analysis.processes import started_processes
from tests.deploy.templates.analysis.stacks import DATA_API, MEASUREMENT_KEY_ARN, Resource, deploy

PARAMETERS: tuple[dict[str, str], ...] = (
    {},
    {
        "CloudTrail": "yes",
        "Egress": "nat",
        "WarmUp": "yes",
        "HostedZoneId": "Z1",
        "AlarmEmail": "team@example.com",
        "MeasurementKeyArn": MEASUREMENT_KEY_ARN,
        "Store": "dynamodb",
        "StaticFiles": "cloudfront",
        "MailIdentity": "example.com",
        "MailFrom": "shop@example.com",
    },
    {
        "Engine": "aurora",
        "Credentials": "secretsmanager",
        "FrontDoor": "function_url",
        "Streams": "yes",
        "Hosts": "guestbook.example",
    },
    {"FrontDoor": "rest_api", "Streams": "yes"},
    {"ManagedInstances": "yes", "MemoryMb": "4096", "Egress": "endpoints"},
)
DEPLOYMENTS = tuple(deploy(**parameters) for parameters in PARAMETERS)
# The promises are about runtimes that this deployment does not have.
ON_DATA_API = deploy(**DATA_API)
_ALL = (*DEPLOYMENTS, ON_DATA_API)
RESOURCES = tuple(resource for deployment in _ALL for resource in deployment.resources)
PROCESSES = tuple(process for deployment in _ALL for process in started_processes(deployment))


def of_type(*types: str) -> list[Resource]:
    """Return the resources of these types in all deployments; there is at least one."""
    found = [resource for resource in RESOURCES if resource.type in types]
    assert found
    return found
