"""The checks in order, and how the doctor and the verbs run them."""

import queue
import threading
import time
from collections.abc import Sequence

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.preflight.checks.account_check import ACCOUNT
from django_runtimes.deploy.preflight.checks.endpoint_check import ENDPOINT_ZONES
from django_runtimes.deploy.preflight.checks.function_check import FUNCTIONS
from django_runtimes.deploy.preflight.checks.image_check import RUNNING_IMAGE
from django_runtimes.deploy.preflight.checks.memory_check import DATABASE_MEMORY
from django_runtimes.deploy.preflight.checks.monitoring_check import MONITORING_COST
from django_runtimes.deploy.preflight.checks.permission_check import PERMISSIONS
from django_runtimes.deploy.preflight.checks.quotas.concurrency_check import CONCURRENCY
from django_runtimes.deploy.preflight.checks.quotas.network_quota_check import NETWORKS
from django_runtimes.deploy.preflight.checks.quotas.vcpu_quota_check import VCPUS
from django_runtimes.deploy.preflight.checks.region_check import REGION
from django_runtimes.deploy.preflight.checks.route_check import DATABASE_ROUTE
from django_runtimes.deploy.preflight.checks.service_role_check import SERVICE_ROLES
from django_runtimes.deploy.preflight.checks.stack_check import STACK_STATES
from django_runtimes.deploy.preflight.checks.static_storage_check import STATIC_STORAGE
from django_runtimes.deploy.preflight.checks.target_check import TARGET
from django_runtimes.deploy.preflight.checks.unused_parameter_check import UNUSED_PARAMETERS
from django_runtimes.deploy.preflight.checks.zone_check import ZONES
from django_runtimes.deploy.preflight.connection_check import CONNECTIONS
from django_runtimes.deploy.preflight.existing_check import EXISTING_DATABASE_FIT, EXISTING_NETWORK_FIT, SNAPSHOT_FIT
from django_runtimes.deploy.preflight.names.name_check import NAMES
from django_runtimes.deploy.preflight.planned_stage import PlannedStage, look_at
from django_runtimes.deploy.preflight.preflight_answer import Outlook, PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck
from django_runtimes.deploy.preflight.references.arn_check import ARNS
from django_runtimes.deploy.preflight.references.certificate_check import CERTIFICATE
from django_runtimes.deploy.preflight.references.data_api_check import DATA_API
from django_runtimes.deploy.preflight.references.hosted_zone_check import HOSTED_ZONE
from django_runtimes.deploy.preflight.references.instance_class_check import INSTANCE_CLASS
from django_runtimes.deploy.preflight.references.mail_check import MAIL
from django_runtimes.deploy.preflight.references.measurement_key_check import MEASUREMENT_KEY

CHECKS: tuple[PreflightCheck, ...] = (
    ACCOUNT,
    STACK_STATES,
    RUNNING_IMAGE,
    FUNCTIONS,
    TARGET,
    STATIC_STORAGE,
    UNUSED_PARAMETERS,
    DATABASE_ROUTE,
    REGION,
    ARNS,
    CERTIFICATE,
    HOSTED_ZONE,
    INSTANCE_CLASS,
    DATA_API,
    MEASUREMENT_KEY,
    MAIL,
    EXISTING_NETWORK_FIT,
    EXISTING_DATABASE_FIT,
    SNAPSHOT_FIT,
    ZONES,
    ENDPOINT_ZONES,
    NETWORKS,
    CONCURRENCY,
    VCPUS,
    CONNECTIONS,
    DATABASE_MEMORY,
    NAMES,
    SERVICE_ROLES,
    PERMISSIONS,
    MONITORING_COST,
)
# The time for all checks together. A single call gives up earlier.
TIMEOUT_S = 60.0


def preflight(
    stage: PlannedStage, checks: Sequence[PreflightCheck] = CHECKS, *, timeout_s: float = TIMEOUT_S
) -> list[PreflightAnswer]:
    """Ask all questions at the same time, and return the answers in the order of the checks."""
    answered: queue.SimpleQueue[tuple[int, list[PreflightAnswer] | BaseException]] = queue.SimpleQueue()

    def ask(number: int) -> None:
        try:
            answered.put((number, checks[number].answers(stage)))
        except BaseException as error:
            answered.put((number, error))

    for number in range(len(checks)):
        # Daemons do not delay the end of the process if AWS does not answer.
        threading.Thread(target=ask, args=(number,), daemon=True).start()
    deadline = time.monotonic() + timeout_s
    found: dict[int, list[PreflightAnswer]] = {}
    while len(found) < len(checks):
        try:
            number, result = answered.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    late = f"AWS did not answer within {timeout_s:g} s"
    return [answer for number, check in enumerate(checks) for answer in found.get(number, [check.unanswered(late)])]


def require_clear(context: Context, build_arguments: Sequence[str] = ()) -> PlannedStage:
    """Print each warning in one line, and return the stage as it is before the deploy.

    `build_arguments` are those of the image's build. Raise ToolError if the deploy would fail, before it creates
    anything.
    """
    stage = look_at(context, build_arguments)
    answers = preflight(stage)
    for answer in answers:
        if answer.outlook in {Outlook.DOUBTFUL, Outlook.UNKNOWN}:
            context.progress.say(f"  warning: {answer}")
    failures = [str(answer) for answer in answers if answer.outlook is Outlook.BAD]
    if failures:
        raise ToolError(f"nothing was created, since the deploy would fail: {'; and: '.join(failures)}")
    return stage
