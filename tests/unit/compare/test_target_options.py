"""The options that choose the emulated targets."""

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare import parser
from django_runtimes.compare.target_options import emulated_targets


def chosen(*arguments: str) -> list[str]:
    return [str(name) for name in emulated_targets(parser().parse_args(arguments))]


def test_the_default_targets_are_on_postgresql():
    assert chosen() == chosen("--engine", "postgresql")
    assert chosen()[0] == "aws_lambda/per_request/proxy"
    assert not [name for name in chosen() if "@" in name]


def test_an_engine_has_default_targets_of_its_own():
    assert chosen("--engine", "mysql") == [
        "aws_lambda/per_request/direct@mysql",
        "aws_lambda/persistent/direct@mysql",
        "aws_app_runner/persistent/direct@mysql",
        "aws_ecs/persistent/direct@mysql",
    ]


def test_an_engine_without_a_server_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        chosen("--engine", "dsql")

    assert "argument --engine: invalid choice: 'dsql' (choose from" in capsys.readouterr().err


def test_an_engine_beside_targets_is_refused():
    with pytest.raises(UsageError) as raised:
        chosen("--engine", "mysql", "--target", "aws_ecs/pool/direct")

    assert str(raised.value) == (
        "--engine mysql with --target: --engine chooses the default targets; omit it, and name MariaDB in a target as "
        "in aws_ecs/persistent/direct@mysql"
    )


def test_targets_on_two_engines_are_refused():
    with pytest.raises(UsageError) as raised:
        chosen("--target", "aws_ecs/pool/direct", "--target", "aws_ecs/persistent/direct@mysql")

    assert str(raised.value) == (
        "--target names targets on mysql and postgresql; a run starts one database server, so measure each engine in "
        "a run of its own"
    )


def test_deployed_targets_are_not_emulated():
    assert chosen("--target", "aws_ecs=https://shop.example", "--target", "aws_ecs/persistent/direct@mysql") == [
        "aws_ecs/persistent/direct@mysql"
    ]
