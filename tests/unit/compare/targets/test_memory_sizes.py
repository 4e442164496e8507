import argparse

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.targets.memory_sizes import balanced_weight, memory_sizes, with_memory_sizes
from django_runtimes.compare.targets.name import DEFAULT_TARGETS, TargetName

CONTAINER = TargetName.parse("aws_ecs/pool/direct")
FUNCTION = TargetName.parse("aws_lambda/per_request/proxy")


def test_a_list_of_sizes_is_read():
    assert memory_sizes("512, 1024,1769") == (512, 1024, 1769)
    assert memory_sizes("128,10240") == (128, 10240)


@pytest.mark.parametrize("size", ["127", "10241", "1GB", "0512", "512.5", "-512", "", "٥١٢"])
def test_a_size_that_lambda_does_not_have_is_refused(size: str):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        memory_sizes(f"1024,{size}")

    assert str(refused.value) == (
        f"{size!r} is not a memory size of Lambda; use whole MB from 128 to 10,240, such as 512"
    )


def test_a_repeated_size_is_refused():
    with pytest.raises(argparse.ArgumentTypeError, match="'512,1024,512' has 512 twice; name each size once"):
        memory_sizes("512,1024,512")


@pytest.mark.parametrize(("text", "weight"), [("0", 0.0), ("0.25", 0.25), ("1", 1.0)])
def test_a_weight_is_a_number_from_0_to_1(text: str, weight: float):
    assert balanced_weight(text) == weight


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan", "half"])
def test_another_weight_is_refused(text: str):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a weight from 0"):
        balanced_weight(text)


def test_the_first_function_is_added_at_each_size():
    assert [str(name) for name in with_memory_sizes((CONTAINER, FUNCTION), (512, 1769))] == [
        "aws_ecs/pool/direct",
        "aws_lambda/per_request/proxy",
        "aws_lambda/per_request/proxy@512",
        "aws_lambda/per_request/proxy@1769",
    ]
    assert len(with_memory_sizes(DEFAULT_TARGETS, (512, 1024, 1769))) == len(DEFAULT_TARGETS) + 3


def test_sizes_without_a_function_are_refused():
    with pytest.raises(UsageError, match="--memory needs a target of aws_lambda, and --target names none"):
        with_memory_sizes((CONTAINER,), (512,))


def test_a_size_that_is_a_target_already_is_refused():
    with pytest.raises(UsageError, match="--memory 512 adds aws_lambda/per_request/proxy@512, which --target names"):
        with_memory_sizes((TargetName.parse("aws_lambda/per_request/proxy@512"),), (512,))


def test_a_name_has_a_memory_size():
    name = TargetName.parse("aws_lambda/per_request/proxy@512")

    assert (name.memory_mb, str(name)) == (512, "aws_lambda/per_request/proxy@512")
    assert name.label == "aws_lambda-per_request-proxy-512"
    assert FUNCTION.memory_mb is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "aws_lambda/per_request/proxy@1GB",
            "--target 'aws_lambda/per_request/proxy@1GB': '1GB' is not a memory size of Lambda; use whole MB from 128 "
            "to 10,240, such as 512",
        ),
        (
            "aws_lambda/per_request/proxy@",
            "--target 'aws_lambda/per_request/proxy@': '' is not a memory size of Lambda; use whole MB from 128 to "
            "10,240, such as 512",
        ),
        (
            "aws_ecs/pool/direct@512",
            "--target 'aws_ecs/pool/direct@512': only aws_lambda has a memory size; omit '@512'",
        ),
    ],
)
def test_a_name_with_a_wrong_memory_size_is_refused(text: str, error: str):
    with pytest.raises(UsageError) as refused:
        TargetName.parse(text)

    assert str(refused.value) == error


def test_a_function_on_managed_instances_is_not_added_at_other_sizes():
    managed = TargetName.parse("aws_lambda+managed/persistent/direct")

    assert [str(name) for name in with_memory_sizes((managed, FUNCTION), (512,))] == [
        "aws_lambda+managed/persistent/direct",
        "aws_lambda/per_request/proxy",
        "aws_lambda/per_request/proxy@512",
    ]
