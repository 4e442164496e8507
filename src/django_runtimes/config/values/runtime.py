"""The services that may run the process."""

from enum import StrEnum


class Runtime(StrEnum):
    """The service that runs the process, by its name in OpenTelemetry's `cloud.platform` if it has one."""

    AWS_APP_RUNNER = "aws_app_runner"
    AWS_ECS = "aws_ecs"
    AWS_LAMBDA = "aws_lambda"
    KUBERNETES = "kubernetes"
    LOCAL = "local"
