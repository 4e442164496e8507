"""Managed Instances are refused for a live function that has none, the other way round, and without a way to AWS."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.consent import Consent
from django_runtimes.deploy.context import Context, open_context
from django_runtimes.deploy.steps.refusals.fixed_parameters import refuse_fixed_changes
from django_runtimes.deploy.steps.refusals.own_settings_check import check_own_variables
from moto import mock_aws

pytestmark = pytest.mark.profile_free

AGAIN = "set it back in webapp.toml, or run `webapp destroy`, which keeps the data, and deploy again"
WITH = 'ManagedInstances = "yes"\nMemoryMb = 4096\n'


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with mock_aws():
        yield


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Context]:
    """Opens a stage with these lines in its table of parameters."""

    def opened(lines: str, *, target: str = "aws_lambda", egress: str = "endpoints") -> Context:
        (tmp_path / "webapp.toml").write_text(
            f'project = "guestbook"\nregion = "us-east-1"\n[stages.dev]\ntarget = "{target}"\n'
            f'[stages.dev.parameters]\nEgress = "{egress}"\n[stages.dev.parameters.lambda]\n{lines}'
        )
        consent = Consent(yes=True, dry_run=False)
        return open_context(tmp_path, stage="dev", target=None, consent=consent, progress=Progress())

    return opened


def deploy_function(**parameters: str) -> None:
    """Create a stack of the web function that has these parameters."""
    template = {
        "Parameters": {name: {"Type": "String"} for name in parameters},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    }
    boto3.client("cloudformation", region_name="us-east-1").create_stack(
        StackName="guestbook-dev-lambda",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )


@pytest.mark.parametrize(
    ("deployed", "lines", "change"),
    [
        ({"ManagedInstances": "no"}, WITH, "'no' and cannot become 'yes'"),
        # The stack of an earlier version of the template.
        ({"MemoryMb": "1024"}, WITH, "'no' and cannot become 'yes'"),
        ({"ManagedInstances": "yes"}, "", "'yes' and cannot become 'no'"),
    ],
)
def test_a_live_function_stays_where_it_is(look, deployed: dict[str, str], lines: str, change: str):
    deploy_function(**deployed)

    with pytest.raises(UsageError) as refused:
        refuse_fixed_changes(look(lines))

    assert str(refused.value) == (
        f"ManagedInstances of guestbook, dev, is {change}, since Lambda moves no existing function to Managed "
        f"Instances or back; {AGAIN}"
    )


@pytest.mark.parametrize(
    ("deployed", "lines"), [({"ManagedInstances": "yes"}, WITH), ({"ManagedInstances": "no"}, ""), (None, WITH)]
)
def test_a_new_or_unchanged_function_passes(look, deployed: dict[str, str] | None, lines: str):
    if deployed is not None:
        deploy_function(**deployed)

    refuse_fixed_changes(look(lines))


def test_a_stage_on_another_target_passes(look):
    deploy_function(ManagedInstances="yes")

    refuse_fixed_changes(look("", target="aws_ecs_express"))


@pytest.mark.parametrize("egress", ["endpoints", "nat"])
def test_instances_need_a_way_to_the_log(look, egress: str):
    with pytest.raises(UsageError) as refused:
        check_own_variables(look(WITH, egress="none"))

    assert str(refused.value).startswith(
        "ManagedInstances = 'yes' with Egress = 'none' cuts the instances off from CloudWatch Logs; set Egress to "
        "'endpoints' or 'nat' in webapp.toml ("
    )
    assert str(refused.value).endswith("lists their prices), or remove ManagedInstances")
    check_own_variables(look(WITH, egress=egress))
    check_own_variables(look("", egress="none"))
