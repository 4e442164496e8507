import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.deployed.request_headers import with_headers

FUNCTION = DeployedService(DeployedName.parse("aws_lambda+a/per_request/proxy"), "https://a.example.org", is_here=False)
SERVICE = DeployedService(DeployedName.parse("aws_ecs"), "https://b.example.org", is_here=False)


def headers(*texts: str, **environ: str) -> list[dict[str, str]]:
    return [dict(service.headers) for service in with_headers([FUNCTION, SERVICE], texts, environ)]


def test_a_header_goes_to_every_target_or_to_the_named_one():
    assert headers("X-A: 1", "aws_ecs=X-B: 2", "aws_lambda+a/per_request/proxy=X-A:3:4") == [
        {"X-A": "3:4"},
        {"X-A": "1", "X-B": "2"},
    ]


def test_values_come_from_the_environment_and_are_not_shown():
    (function, service) = with_headers([FUNCTION, SERVICE], ["Authorization: Bearer ${TOKEN}$$"], {"TOKEN": "hunter2"})

    assert function.headers == {"Authorization": "Bearer hunter2$"}
    assert "hunter2" not in repr([function, service, dict(service.headers)])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Authorization=hunter2", "--header has no name before a colon; write it as 'Name: value'"),
        (": hunter2", "--header has no name before a colon"),
        ("X A: hunter2", "--header has no name before a colon"),
        ("Host: hunter2", "--header 'Host: …' sets a header that webapp compare sets itself; leave it out"),
        ("X-Webapp-Measure: hunter2", "sets a header that webapp compare sets itself"),
        ("aws_ec2=X-A: hunter2", "names no deployed target; choose one of: aws_lambda+a/per_request/proxy, aws_ecs"),
        ("X-A: hunter2 $ABSENT", "--header 'X-A: …' names $ABSENT, which is not set; export it"),
        ("X-A: hunter2 $ x", "has a $ without a name; write $$ for a dollar sign"),
        ("X-A: hunter2\r\nX-B: 1", "needs a value of printable ASCII characters on one line"),
        ("X-A:", "needs a value of printable ASCII characters"),
    ],
)
def test_unusable_headers_are_refused_without_their_values(text, complaint):
    with pytest.raises(UsageError) as error:
        headers(text)

    assert complaint in str(error.value)
    assert "hunter2" not in str(error.value)


def test_headers_need_a_deployed_target():
    with pytest.raises(UsageError, match="--header is for deployed targets"):
        with_headers([], ["X-A: 1"], {})
