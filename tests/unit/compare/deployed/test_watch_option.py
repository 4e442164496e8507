import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.aws_resource import ResourceKind, WatchedResource
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.deployed.watch_option import with_watched

FUNCTION = DeployedService(DeployedName.parse("aws_lambda"), "https://a.example.org", is_here=False)


def test_resources_belong_to_their_target():
    (service,) = with_watched([FUNCTION], ["aws_lambda=function/shop-web", "aws_lambda=cluster/shop"])

    assert service.watched == (
        WatchedResource(ResourceKind.FUNCTION, "shop-web"),
        WatchedResource(ResourceKind.CLUSTER, "shop"),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("function/shop-web", "names no deployed target; choose one of: aws_lambda"),
        ("aws_ecs=function/shop-web", "names no deployed target; choose one of: aws_lambda"),
        ("aws_lambda=table/shop", "is not TARGET=KIND/NAME; KIND is one of: function, instance, cluster"),
        ("aws_lambda=function/", "is not TARGET=KIND/NAME"),
        ("aws_lambda=function/a b", "is not TARGET=KIND/NAME"),
    ],
)
def test_unusable_resources_are_refused(text, complaint):
    with pytest.raises(UsageError) as error:
        with_watched([FUNCTION], [text])

    assert complaint in str(error.value)


def test_resources_need_a_deployed_target():
    with pytest.raises(UsageError, match="choose one of: none; name one as --target"):
        with_watched([], ["aws_lambda=function/shop-web"])
