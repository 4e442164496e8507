import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed import deployed_service
from django_runtimes.compare.deployed.deployed_service import read_services
from django_runtimes.compare.deployed.deployed_target import DeployedTarget
from django_runtimes.compare.deployed.process_reports import ProcessReports


@pytest.fixture(autouse=True)
def no_name_service(monkeypatch):
    monkeypatch.setattr(deployed_service, "is_this_machine", lambda host: host in {"127.0.0.1", "localhost"})


def test_a_runtime_alone_has_its_default_data_path():
    (service,) = read_services(["aws_lambda=https://app.example.org/"])

    assert (str(service.name), service.url, service.host) == (
        "aws_lambda",
        "https://app.example.org",
        "app.example.org",
    )
    assert (service.name.strategy, service.name.route, service.name.has_data_path) == ("per_request", "proxy", False)
    assert not service.is_here


def test_a_name_may_have_options_a_data_path_and_a_size():
    first, second = read_services(
        [
            "aws_lambda+snapstart/per_request/direct@1769=https://a.example.org:8443/shop",
            "aws_ecs=http://127.0.0.1:8000",
        ]
    )

    assert str(first.name) == "aws_lambda+snapstart/per_request/direct@1769"
    assert (first.name.runtime, first.name.route, first.name.has_data_path) == ("aws_lambda", "direct", True)
    assert (first.name.memory_mb, second.name.memory_mb) == (1769, None)
    assert DeployedTarget(first, ProcessReports(first.name, None)).details["limits"] == "1 CPU and 1,769 MB"
    assert (first.url, first.host) == ("https://a.example.org:8443/shop", "a.example.org:8443")
    assert (second.url, second.is_here) == ("http://127.0.0.1:8000", True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "heroku=https://a.example.org",
            "has no runtime 'heroku'; choose one of: aws_app_runner,",
        ),
        ("aws_ecs/puddle/direct=https://a.example.org", "has no strategy 'puddle'; choose one of:"),
        ("aws_ecs/pool=https://a.example.org", "is not runtime[+option][/strategy/route][@size]; use the form"),
        ("aws_ecs=", "aws_ecs='' is not the URL of a service; use the form https://host[:port][/path]"),
        ("aws_ecs=a.example.org", "is not the URL of a service"),
        ("aws_ecs=ftp://a.example.org", "is not the URL of a service"),
        ("aws_ecs=https://", "is not the URL of a service"),
        ("aws_ecs=https://a.example.org:port", "is not the URL of a service"),
        ("aws_ecs=https://a.example.org:0", "is not the URL of a service"),
        ("aws_ecs=https://[::1", "is not the URL of a service"),
        ("aws_ecs=https://a.example.org/a b", "is not the URL of a service"),
        ("aws_ecs=https://a.example.org/?a=1", "has a query or a fragment; leave it out"),
        ("aws_ecs=http://a.example.org/x", "in plain text to another machine; use https://a.example.org"),
    ],
)
def test_unusable_targets_are_refused_with_the_remedy(text, complaint):
    with pytest.raises(UsageError) as error:
        read_services([text])

    assert complaint in str(error.value)


def test_a_login_in_a_url_is_refused_without_showing_it():
    with pytest.raises(UsageError) as error:
        read_services(["aws_ecs=https://ada:hunter2@a.example.org"])

    assert "has a login in its URL" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_name_may_occur_once():
    with pytest.raises(UsageError, match="names 'aws_ecs' twice; tell the targets apart by an option"):
        read_services(["aws_ecs=https://a.example.org", "aws_ecs=https://b.example.org"])
