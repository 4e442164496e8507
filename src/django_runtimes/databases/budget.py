"""Compares the connections that a deployment may hold with the connections available; does no I/O."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.managed_instances import is_managed
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Pool, Route
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database.connection_budget import (
    AWS_LAMBDA_MAX_CONCURRENCY,
    DB_MAX_CONNECTIONS,
    DB_PROXY_MAX_CONNECTIONS,
    DB_RESERVED_CONNECTIONS,
    DEPLOY_OVERLAP_PERCENT,
    INSTANCES_MAX,
)
from django_runtimes.config.variables.database.database_connections import DB_POOL_MAX_SIZE
from django_runtimes.config.variables.database.database_login import DB_OPERATIONS_SECRET_ARN, DB_OPERATIONS_USER
from django_runtimes.config.variables.server_variables import WORKERS
from django_runtimes.config.variables.variable import Variable
from django_runtimes.databases.interface.budget_terms import BudgetTerms
from django_runtimes.databases.interface.server_limits import ConnectionLimit, ServerLimits

# The invoking thread and the thread of asynchronous views each keep a connection; a readiness check uses a third one.
_PERSISTENT_ON_LAMBDA = 3

_READ_LIMITS = "run this where the server can be reached, or set WEBAPP_DB_MAX_CONNECTIONS"
_STATE_LIMITS = "set WEBAPP_DB_MAX_CONNECTIONS to the number of sessions that the server accepts"

Sign = Literal["", "+", "-", "x"]


@dataclass(frozen=True)
class Term:
    """One number in the calculation of a sum, and its source; if `value` is None, `remedy` says how to provide it."""

    sign: Sign
    name: str
    value: int | None
    source: str
    remedy: str = ""


@dataclass(frozen=True)
class Sum:
    """Terms that are applied in order; `name` describes the result."""

    name: str
    terms: tuple[Term, ...]

    @property
    def value(self) -> int | None:
        """The result, in connections; None when a term is unknown."""
        result = 0
        for term in self.terms:
            if term.value is None:
                return None
            match term.sign:
                case "x":
                    result *= term.value
                case "-":
                    result -= term.value
                case _:
                    result += term.value
        return result


@dataclass(frozen=True)
class Comparison:
    """The connections needed at once and those available at `place`; `remedy` says how to correct a shortage."""

    place: str
    needed: Sum
    available: Sum
    remedy: str

    @property
    def unknown(self) -> tuple[Term, ...]:
        """The terms without a value, which leave the comparison undecided."""
        return tuple(term for term in (*self.needed.terms, *self.available.terms) if term.value is None)

    @property
    def holds(self) -> bool:
        """Whether all terms are known and the connections suffice."""
        needed, available = self.needed.value, self.available.value
        return needed is not None and available is not None and needed <= available


def connection_budget(
    environ: Mapping[str, str],
    server: ServerLimits | None,
    *,
    terms: BudgetTerms,
    cpu_count: int,
    connections: Connections | None = None,
) -> tuple[Comparison, ...]:
    """Return the comparisons that must hold for the deployment that the variables describe.

    `server` is None if it could not be queried. `terms` are the engine's. `cpu_count` is the number of workers if
    WEBAPP_WORKERS is not set. `connections` is the strategy in DATABASES, or None if it is unknown. Raise
    ConfigurationError for a variable that cannot be parsed.
    """
    runtime, environment = detect_runtime(environ).runtime, Environment(environ)
    profile = choose_profile(runtime, environment)
    if connections is not None:
        profile = profile._replace(connections=connections)
    application = _application(environment, runtime, profile, cpu_count=cpu_count)
    if profile.route is Route.DIRECT:
        return _on_server(environment, application, server, terms, _remedy(runtime, environment, profile, terms))
    pool = _variable(
        environment,
        DB_PROXY_MAX_CONNECTIONS,
        "",
        "the proxy's connections",
        remedy="set WEBAPP_DB_PROXY_MAX_CONNECTIONS to the proxy's share of max_connections",
    )
    through_proxy = Comparison(
        "the proxy",
        Sum("needed", application),
        Sum("available", (pool,)),
        f"{_remedy(runtime, environment, profile, terms)}; until then requests may wait for the proxy, and fail after "
        "its borrow timeout",
    )
    lower = "lower the proxy's share and WEBAPP_DB_PROXY_MAX_CONNECTIONS, or raise max_connections"
    return (through_proxy, *_on_server(environment, (pool,), server, terms, lower))


def _application(environment: Environment, runtime: Runtime, profile: Profile, *, cpu_count: int) -> tuple[Term, ...]:
    """Return the terms that give the number of connections that the application's processes may hold."""
    on_lambda = runtime is Runtime.AWS_LAMBDA
    if on_lambda:
        processes = _variable(environment, AWS_LAMBDA_MAX_CONCURRENCY, "x", "processes of each")
        instances = _variable(
            environment,
            INSTANCES_MAX,
            "",
            "execution environments",
            remedy="set the function's MaxExecutionEnvironments, and WEBAPP_INSTANCES_MAX to the same number"
            if is_managed(runtime, environment)
            else "reserve concurrency for the function and set WEBAPP_INSTANCES_MAX to the same number",
        )
    else:
        processes = _variable(
            environment,
            WORKERS,
            "x",
            "processes of each",
            fallback=cpu_count,
            fallback_source="CPUs of this machine",
        )
        instances = _variable(
            environment,
            INSTANCES_MAX,
            "",
            "instances",
            fallback=1 if runtime is Runtime.LOCAL else None,
            remedy="set WEBAPP_INSTANCES_MAX to the number of instances that the service may start",
        )
    # Reserved concurrency, which Managed Instances lack, limits all versions of a function together, and no version
    # holds connections between invocations.
    is_limited = on_lambda and not is_managed(runtime, environment)
    overlaps = not (is_limited and isinstance(profile.connections, PerRequest))
    overlap = _deploy_overlap(environment, runtime, instances) if overlaps else ()
    return (instances, *overlap, processes, _connections_of_a_process(environment, runtime, profile))


def _deploy_overlap(environment: Environment, runtime: Runtime, instances: Term) -> tuple[Term, ...]:
    declared_percent = environment[DEPLOY_OVERLAP_PERCENT]
    percent = declared_percent or (100 if runtime is Runtime.LOCAL else 200)
    if percent == 100:
        return ()
    more = None if instances.value is None else math.ceil(instances.value * (percent - 100) / 100)
    source = "default" if declared_percent is None else DEPLOY_OVERLAP_PERCENT.name
    return (Term("+", f"more during a deploy ({percent} %)", more, source, instances.remedy),)


def _connections_of_a_process(environment: Environment, runtime: Runtime, profile: Profile) -> Term:
    name = "connections of each"
    if isinstance(profile.connections, Pool):
        # Every connection comes from the pool, including the readiness check's.
        source = DB_POOL_MAX_SIZE.name if environment.is_set(DB_POOL_MAX_SIZE) else "default of the pool"
        if profile.connections != choose_profile(runtime, environment).connections:
            source = "DATABASES of the settings"
        return Term("x", name, profile.connections.max_size, source)
    if runtime is Runtime.AWS_LAMBDA:
        if isinstance(profile.connections, PerRequest):
            return Term("x", name, 1, "one invocation at a time")
        return Term("x", name, _PERSISTENT_ON_LAMBDA, "sync views, async views, /readyz")
    # A running stream no longer takes a place among the views, so as many streams as views may query at the same time.
    source = f"{profile.threads} sync, 2 x {profile.async_requests} async, /readyz"
    return Term("x", name, profile.threads + 2 * profile.async_requests + 1, source)


def _on_server(
    environment: Environment, held: tuple[Term, ...], server: ServerLimits | None, terms: BudgetTerms, remedy: str
) -> tuple[Comparison, ...]:
    """Return the comparison with the server's slots, and one for each limit of the role or database."""
    operations = Term("+", "operations", terms.operations, terms.operations_source)
    needed = (
        *held,
        operations,
        _variable(environment, DB_RESERVED_CONNECTIONS, "+", "administrator's reserve"),
    )
    available = Sum("available", _slots(environment, server, terms))
    slots = Comparison("the server", Sum("needed", needed), available, remedy)
    limits = () if server is None else server.connection_limits
    return (
        slots,
        *(
            Comparison(
                f"{limit.kind} {limit.name}",
                Sum("needed", (*held, operations) if _counts_operations(environment, limit) else held),
                Sum("available", (Term("", "CONNECTION LIMIT", limit.value, "the server"),)),
                f"raise the CONNECTION LIMIT of {limit.kind} {limit.name}, or: {remedy}",
            )
            for limit in limits
        ),
    )


def _counts_operations(environment: Environment, limit: ConnectionLimit) -> bool:
    if limit.kind == "database":
        return True
    user = environment[DB_OPERATIONS_USER]
    # A user named by a secret is assumed to differ from the web role.
    return user == limit.name if user else not environment.is_set(DB_OPERATIONS_SECRET_ARN)


def _slots(environment: Environment, server: ServerLimits | None, terms: BudgetTerms) -> tuple[Term, ...]:
    if server is not None:
        asked = "the server"
        reserved = (Term("-", name, count, asked) for name, count in server.reserved.items())
        return (Term("", "max_connections", server.max_connections, asked), *reserved)
    return (
        _variable(
            environment,
            DB_MAX_CONNECTIONS,
            "",
            "max_connections",
            remedy=_READ_LIMITS if terms.reads_limits else _STATE_LIMITS,
        ),
        *(Term("-", name, count, terms.reserved_source) for name, count in terms.reserved.items()),
    )


def _remedy(runtime: Runtime, environment: Environment, profile: Profile, terms: BudgetTerms) -> str:
    """Return how to lower the need or raise the limit."""
    if is_managed(runtime, environment):
        lower = "lower the function's MaxExecutionEnvironments, with WEBAPP_INSTANCES_MAX, or its processes"
    elif runtime is Runtime.AWS_LAMBDA:
        lower = "lower the reserved concurrency, and WEBAPP_INSTANCES_MAX with it"
    elif isinstance(profile.connections, Pool):
        lower = "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or WEBAPP_DB_POOL_MAX_SIZE"
    elif terms.has_pool:
        lower = "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS or WEBAPP_THREADS, set WEBAPP_DB_STRATEGY=pool"
    else:
        lower = "lower WEBAPP_INSTANCES_MAX, WEBAPP_WORKERS, WEBAPP_THREADS or WEBAPP_ASYNC_REQUESTS"
    if profile.route is Route.PROXY:
        return f"{lower}, or raise the proxy's share"
    if not terms.has_proxy:
        return f"{lower}, or raise max_connections"
    return f"{lower}, raise max_connections, or connect through a proxy (WEBAPP_DB_ROUTE=proxy)"


def _variable(
    environment: Environment,
    variable: Variable[int | None],
    sign: Sign,
    name: str,
    *,
    fallback: int | None = None,
    fallback_source: str = "default",
    remedy: str = "",
) -> Term:
    """Return the variable as a term, or the fallback if neither a value nor a default exists."""
    value = environment[variable]
    if environment.is_set(variable):
        return Term(sign, name, value, variable.name)
    value = fallback if value is None else value
    return Term(sign, name, value, f"{variable.name} unset" if value is None else fallback_source, remedy)
