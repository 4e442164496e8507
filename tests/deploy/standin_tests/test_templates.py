"""Creates the real templates with their defaults, and with everything that parameters can switch on."""

import pytest

from tests.deploy.standin.standin import StandIn, standin
from tests.deploy.standin_tests.small_stacks import settled
from tests.deploy.templates.analysis.stacks import TEMPLATES, read_template, templates_for

pytestmark = pytest.mark.profile_free

_REQUIRED = {
    "BudgetEmail": "team@example.com",
    "Domain": "guestbook.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
}
_VARIANTS = {
    "defaults": {},
    "everything": {"CloudTrail": "yes", "Egress": "nat", "WarmUp": "yes", "HostedZoneId": "Z1"},
    "aurora": {"Engine": "aurora", "Credentials": "secretsmanager", "FrontDoor": "function_url", "Egress": "endpoints"},
}
# Services whose containers take long to start; test_containers covers them.
_CONTAINER_TEMPLATES = {"apprunner/template.yaml", "ecs/fargate.yaml", "ecs/express.yaml"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with standin(tmp_path_factory.mktemp("aws")) as running:
        yield running


def _create(aws: StandIn, template: str, given: dict[str, str]) -> dict[str, str]:
    """Create one stack from its real template and return its outputs."""
    cloudformation = aws.client("cloudformation")
    name = f"{given['Project']}-{template.replace('/', '-').removesuffix('.yaml')}"
    declared = read_template(template).get("Parameters", {})
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(TEMPLATES / template).read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items() if key in declared],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack = settled(cloudformation, name)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failures = [event.get("ResourceStatusReason") for event in events if event["ResourceStatus"].endswith("_FAILED")]
    assert (stack["StackStatus"], failures) == ("CREATE_COMPLETE", [])
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.mark.parametrize("variant", _VARIANTS)
def test_the_stacks_can_be_created_in_the_readmes_order(aws: StandIn, variant: str):
    given = {"Project": variant, "Stage": "dev", **_REQUIRED, **_VARIANTS[variant]}
    for template in templates_for(given):
        if template in _CONTAINER_TEMPLATES:
            continue
        outputs = _create(aws, template, given)
        if "RegistryUri" in outputs:
            given["ImageUri"] = f"{outputs['RegistryUri']}@{aws.push(variant, 'v1')}"
    assert outputs["Endpoint"] == "https://guestbook.example.com"
