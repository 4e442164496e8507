"""The names of targets on this machine."""

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.targets.name import TargetName, engine_in
from django_runtimes.config.values.data_paths import Engine


def test_the_data_api_is_a_route_of_every_runtime():
    for runtime in ("aws_lambda", "aws_ecs", "aws_app_runner"):
        assert str(TargetName.parse(f"{runtime}/per_request/data_api")) == f"{runtime}/per_request/data_api"


@pytest.mark.parametrize("strategy", ["pool", "persistent"])
def test_the_data_api_has_no_connection_to_keep(strategy):
    with pytest.raises(UsageError) as raised:
        TargetName.parse(f"aws_ecs/{strategy}/data_api")

    assert str(raised.value) == (
        f"--target 'aws_ecs/{strategy}/data_api': the route data_api has only the strategy per_request"
    )


def test_a_function_with_a_snapshot():
    name = TargetName.parse("aws_lambda+snapstart/per_request/proxy@512")

    assert (name.snap_start, name.memory_mb) == (True, 512)
    assert str(name) == "aws_lambda+snapstart/per_request/proxy@512"
    assert name.label == "aws_lambda-snapstart-per_request-proxy-512"


@pytest.mark.parametrize(
    ("service", "option"), [("aws_ecs+snapstart", "snapstart"), ("aws_lambda+fast", "fast"), ("aws_lambda+", "")]
)
def test_another_option_is_refused(service, option):
    with pytest.raises(UsageError) as raised:
        TargetName.parse(f"{service}/per_request/direct")

    assert str(raised.value) == (
        f"--target '{service}/per_request/direct': {service.partition('+')[0]} has no option '{option}'; there are "
        "aws_lambda+snapstart and aws_lambda+managed"
    )


def test_a_function_on_managed_instances():
    name = TargetName.parse("aws_lambda+managed/persistent/direct")

    assert (name.managed, name.snap_start, name.option) == (True, False, "managed")
    assert str(name) == "aws_lambda+managed/persistent/direct"
    assert name.label == "aws_lambda-managed-persistent-direct"


@pytest.mark.parametrize("service", ["aws_lambda+managed+snapstart", "aws_lambda+snapstart+managed"])
def test_managed_instances_have_no_snapshot(service):
    with pytest.raises(UsageError) as raised:
        TargetName.parse(f"{service}/persistent/direct")

    assert str(raised.value) == (
        f"--target '{service}/persistent/direct': Managed Instances have no SnapStart; choose one of the two options"
    )


def test_managed_instances_have_no_share_of_a_cpu():
    with pytest.raises(UsageError) as raised:
        TargetName.parse("aws_lambda+managed/persistent/direct@512")

    assert str(raised.value) == (
        "--target 'aws_lambda+managed/persistent/direct@512': the memory of Managed Instances comes with whole CPUs, "
        "which are not limited here; omit '@512'"
    )


def test_a_target_on_mariadb():
    name = TargetName.parse("aws_lambda/persistent/direct@mysql@512")

    assert (name.engine, name.memory_mb) == (Engine.MYSQL, 512)
    assert str(name) == "aws_lambda/persistent/direct@mysql@512"
    assert name.label == "aws_lambda-persistent-direct-mysql-512"
    assert engine_in(str(name)) is Engine.MYSQL


def test_postgresql_is_not_part_of_a_name():
    name = TargetName.parse("aws_ecs/pool/direct@postgresql")

    assert str(name) == "aws_ecs/pool/direct"
    assert engine_in("aws_lambda/per_request/proxy@512") is Engine.POSTGRESQL


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "aws_lambda/per_request/proxy@mysql",
            "nothing on this machine stands in for the route proxy of mysql; use direct",
        ),
        ("aws_ecs/pool/direct@mysql", "the route direct of mysql has only the strategy persistent or per_request"),
        (
            "aws_ecs/persistent/direct@dsql",
            "'dsql' is neither an engine nor a memory size; use postgresql or mysql, or whole MB such as 512",
        ),
        (
            "aws_lambda/per_request/direct@big",
            "'big' is neither an engine nor a memory size; use postgresql or mysql, or whole MB such as 512",
        ),
        ("aws_ecs/persistent/direct@mysql@512", "only aws_lambda has a memory size; omit '@512'"),
    ],
)
def test_a_data_path_that_no_server_here_has_is_refused(text: str, reason: str):
    with pytest.raises(UsageError) as raised:
        TargetName.parse(text)

    assert str(raised.value) == f"--target '{text}': {reason}"
