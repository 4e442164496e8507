"""Lambda's quota of concurrent executions, which is low in a new account."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import LAMBDA, OPERATIONS, DeployTarget
from django_runtimes.deploy.managed_function import MANAGED_INSTANCES, is_managed
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, doubtful, good

# Concurrency that AWS keeps for functions without a reservation.
_UNRESERVED = 100
# The concurrency that the operations function reserves.
_OPERATIONS = 1
# Pages and their static files get errors below this limit.
_LEAST_LIMIT = 20


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    reserves_operations = context.value(OPERATIONS, "ReservedExecution") == "yes"
    wanted = _OPERATIONS if reserves_operations else 0
    held = _reserved(stage, OPERATIONS)
    web = provisioned = 0
    is_on_lambda = context.deployment.target is DeployTarget.AWS_LAMBDA
    if is_on_lambda:
        # Managed Instances have no reservation.
        web = 0 if is_managed(context) else int(context.value(LAMBDA, "ReservedConcurrency"))
        provisioned = int(stage.value(LAMBDA, "ProvisionedConcurrency") or 0)
        # Provisioned environments are part of the reservation, if there is one.
        wanted += web or provisioned
        held += _reserved(stage, LAMBDA)
    limit = context.aws.brief_client("lambda").get_account_settings()["AccountLimit"]
    most = limit["ConcurrentExecutions"]
    if is_on_lambda and not web and not is_managed(context) and most < _LEAST_LIMIT:
        yield doubtful(
            f"the account runs {most} Lambda functions at once, all together; further requests get 503",
            'request more (Service Quotas, Lambda, "Concurrent executions")',
        )
    more = wanted - held
    if more <= 0:
        return
    available = max(0, limit["UnreservedConcurrentExecutions"] - _UNRESERVED)
    text = f"Lambda will reserve {more} of the account's {most} concurrent executions; {available} are available"
    if available >= more:
        yield good(text)
        return
    lines = []
    if web:
        lines.append("ReservedConcurrency = 0")
    if provisioned:
        lines.append("ProvisionedConcurrency = 0")
    if reserves_operations and available < _OPERATIONS:
        lines.append('ReservedExecution = "no"')
    remedy = 'request more (Service Quotas, Lambda, "Concurrent executions")'
    if lines:
        remedy += f", or write into [stages.{context.deployment.stage}.parameters]: {', '.join(lines)}"
    yield bad(text, remedy)


def _reserved(stage: PlannedStage, stack: object) -> int:
    """Return what the function of an existing stack reserves already."""
    if stack is OPERATIONS:
        state = stage.states[OPERATIONS]
        is_held = stage.exists(OPERATIONS) and state.parameters.get("ReservedExecution", "yes") == "yes"
        return _OPERATIONS if is_held else 0
    parameters = stage.states[LAMBDA].parameters
    is_held = stage.exists(LAMBDA) and parameters.get(MANAGED_INSTANCES) != "yes"
    return int(parameters.get("ReservedConcurrency", 0)) if is_held else 0


CONCURRENCY = PreflightCheck("Lambda's quota of concurrent executions", ("lambda:GetAccountSettings",), _ask)
