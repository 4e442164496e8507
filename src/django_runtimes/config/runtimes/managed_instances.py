"""Whether a process runs on Lambda Managed Instances, where an execution environment has several processes."""

from django_runtimes.config.environment import Environment
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.connection_budget import AWS_LAMBDA_MAX_CONCURRENCY


def is_managed(runtime: Runtime, environment: Environment) -> bool:
    """Return whether Lambda has set the number of processes, as it does on Managed Instances only."""
    return runtime is Runtime.AWS_LAMBDA and environment.is_set(AWS_LAMBDA_MAX_CONCURRENCY)
