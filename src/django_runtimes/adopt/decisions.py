"""Decides the settings for `configure()`, as a pure function of a project's settings and the variables."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from django_runtimes.adopt.process_variables import PartialVariables, ProcessVariables
from django_runtimes.adopt.setting_change import Draft, SettingChange
from django_runtimes.adopt.shapes import wrong_shapes
from django_runtimes.adopt.steps.applications import set_apps, set_middleware
from django_runtimes.adopt.steps.databases import set_databases
from django_runtimes.adopt.steps.file_storage import (
    has_direct_uploads,
    media_on_disk,
    refuse_ignored_storages,
    set_static_files,
    set_uploads,
)
from django_runtimes.adopt.steps.https import set_base_path, set_host_header, set_https
from django_runtimes.adopt.steps.log_setup import ignored_log_variables, set_logs
from django_runtimes.adopt.steps.mail_service import set_mail
from django_runtimes.adopt.steps.metrics_setup import refuse_lost_metrics
from django_runtimes.adopt.steps.security import set_debug, set_hosts, set_secret_key
from django_runtimes.adopt.steps.security_headers import set_security_headers
from django_runtimes.adopt.steps.shutdown import refuse_long_drain
from django_runtimes.adopt.steps.static_host import set_static_host
from django_runtimes.adopt.steps.stores import set_caches, set_sessions
from django_runtimes.adopt.steps.throttling import set_throttle
from django_runtimes.config.adopted import SETTING, Adopted, MediaQuestion
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import administrator_secret
from django_runtimes.config.databases.web_login import read_web_login, web_role
from django_runtimes.config.ignored import ignored_variables
from django_runtimes.config.mistakes import Mistakes
from django_runtimes.config.variables.database.database_address import DB_PROXY_HOST
from django_runtimes.config.variables.database.database_connections import (
    DB_IDLE_IN_TRANSACTION_TIMEOUT_S,
    DB_LOCK_TIMEOUT_S,
    DB_POOL_EMPTY_S,
    DB_STATEMENT_TIMEOUT_S,
)
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.config.variables.hops import TRUSTED_PROXIES
from django_runtimes.config.variables.observability_variables import ACCESS_LOG, METRICS, STAGE, TRACES
from django_runtimes.config.variables.server_variables import (
    MAX_BODY_BYTES,
    MAX_WAIT_S,
    MAX_WEBSOCKET_MESSAGE_BYTES,
    MEASUREMENT_KEY,
    STREAM_FRONT,
    STREAM_MAX_S,
    WARM_UP,
)
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.config.variables.throttle_variables import THROTTLE, THROTTLE_OUTAGE, THROTTLE_TIMEOUT_MS

Step = Callable[[Draft, ProcessVariables], None]

_STEPS: tuple[Step, ...] = (
    set_debug,
    set_secret_key,
    set_hosts,
    set_databases,
    set_https,
    set_host_header,
    set_base_path,
    refuse_ignored_storages,
    set_apps,
    set_middleware,
    set_static_files,
    set_static_host,
    set_uploads,
    set_caches,
    set_sessions,
    set_security_headers,
    set_throttle,
    set_mail,
    set_logs,
    refuse_lost_metrics,
    refuse_long_drain,
)

# Without these options the resolver waits 10 s for a silent name server, and no timeout of libpq limits that wait.
_RESOLVER = ("RES_OPTIONS", "timeout:2 attempts:2")


class Decisions(NamedTuple):
    """The decided `settings` by name, their changes, and the variables to set for other libraries.

    `adopted` holds the values that the library itself uses.
    """

    settings: Mapping[str, Any]
    changes: tuple[SettingChange, ...]
    environ: Mapping[str, str]
    adopted: Adopted


def decide(project: Mapping[str, Any], environ: Mapping[str, str]) -> Decisions:
    """Decide a project's settings, without changing either mapping.

    Under `local`, nothing changes unless a WEBAPP_ variable is set, or a DATABASE_URL that the settings have not read.
    Raises ConfigurationError, with the remedy, for settings that cannot work here; its `others` are further errors.
    """
    return examine(project, environ).decisions()


class ExaminedProject(NamedTuple):
    """The variables of a process, the settings that could be decided, and the mistakes."""

    variables: ProcessVariables
    draft: Draft
    mistakes: Mistakes

    def decisions(self) -> Decisions:
        """Return the decisions; raise the mistakes together if there are any."""
        self.mistakes.raise_together()
        adopted = _adopted(self.draft, self.variables)
        if self.variables.change_nothing:
            return Decisions({}, (), {}, adopted)
        self.draft.set(SETTING, adopted, "the values that the library itself uses")
        changes = tuple(self.draft.changes)
        return Decisions(self.draft.settings, changes, _library_variables(self.draft, self.variables.environ), adopted)


def examine(project: Mapping[str, Any], environ: Mapping[str, str]) -> ExaminedProject:
    """Run every step as far as the settings and the variables allow, without changing either mapping."""
    mistakes = Mistakes()
    wrong: dict[str, ConfigurationError] = {}
    for name, error in wrong_shapes(project):
        mistakes.add(error)
        wrong.setdefault(name, error)
    draft = Draft(project, wrong)
    default = {} if "DATABASES" in wrong else project["DATABASES"].get("default") or {}
    variables = ProcessVariables(environ, default)
    try:
        _ = variables.profile
        if variables.change_nothing:
            return ExaminedProject(variables, draft, mistakes)
    except ConfigurationError as error:
        mistakes.add(error)
        variables = PartialVariables(environ, default)
    for step in _STEPS:
        with mistakes.collected():
            step(draft, variables)
    return ExaminedProject(variables, draft, mistakes)


def _adopted(draft: Draft, variables: ProcessVariables) -> Adopted:
    # The decided entry may have the operations login, so the project's own entry is used.
    default: Mapping[str, Any] = draft.project["DATABASES"].get("default", {})
    route = variables.profile.route
    login = partial(read_web_login, variables.environment, default, route=route)
    return Adopted(
        detection=variables.detection,
        profile=variables.profile,
        front=variables.front,
        # Without HTTPS in front, there is no proxy to trust.
        trusted_proxies=tuple(variables[TRUSTED_PROXIES]) if variables.profile.https else (),
        max_wait_s=variables[MAX_WAIT_S],
        max_body_bytes=variables[MAX_BODY_BYTES],
        max_websocket_message_bytes=variables[MAX_WEBSOCKET_MESSAGE_BYTES],
        warm_up=variables[WARM_UP],
        stream_front=variables[STREAM_FRONT],
        stream_max_s=variables[STREAM_MAX_S],
        access_log=variables[ACCESS_LOG],
        metrics=variables[METRICS],
        traces=variables[TRACES],
        stage=variables[STAGE],
        throttle=variables[THROTTLE],
        throttle_outage=variables[THROTTLE_OUTAGE],
        throttle_timeout_ms=variables[THROTTLE_TIMEOUT_MS],
        has_store=variables.is_set(STORE_URL),
        measurement_key=variables[MEASUREMENT_KEY],
        pool_empty_s=variables[DB_POOL_EMPTY_S],
        role=variables[DB_ROLE],
        web_role=web_role(variables.environment, default, route=route),
        read_web_login=login,
        administrator=administrator_secret(variables.environment),
        proxy_host=variables[DB_PROXY_HOST],
        lock_timeout_s=variables[DB_LOCK_TIMEOUT_S],
        statement_timeout_s=variables[DB_STATEMENT_TIMEOUT_S],
        idle_in_transaction_timeout_s=variables[DB_IDLE_IN_TRANSACTION_TIMEOUT_S],
        unknown_variables=tuple(variables.environment.unknown_names()),
        ignored_variables=(
            *ignored_variables(variables.environment, variables.profile),
            *ignored_log_variables(draft, variables),
        ),
        direct_uploads=has_direct_uploads(draft.value("STORAGES")),
        is_media_on_disk=partial(media_on_disk, draft.value("STORAGES")),
        media_question=MediaQuestion(),
    )


def _library_variables(draft: Draft, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of libpq and the resolver that are not set already."""
    default: Mapping[str, Any] = (draft.value("DATABASES") or {}).get("default", {})
    zone = default.get("TIME_ZONE") or ("UTC" if draft.value("USE_TZ") else draft.value("TIME_ZONE"))
    # libpq sends PGTZ as a startup parameter, which RDS Proxy accepts. Otherwise Django sets the time zone with a
    # statement, which pins the connection if the server's time zone differs.
    wanted = {"PGTZ": str(zone), _RESOLVER[0]: _RESOLVER[1]}
    return {name: value for name, value in wanted.items() if name not in environ}
