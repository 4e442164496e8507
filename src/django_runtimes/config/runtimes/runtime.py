"""The services that may run the process."""

from enum import StrEnum


class Runtime(StrEnum):
    """The service that runs the process, with OpenTelemetry's `cloud.platform` name if it has one."""

    AWS_APP_RUNNER = "aws_app_runner"
    AWS_ECS = "aws_ecs"
    AWS_LAMBDA = "aws_lambda"
    KUBERNETES = "kubernetes"
    LOCAL = "local"
