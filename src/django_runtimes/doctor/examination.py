"""Loads the variables, the settings and the state of the servers once, for all sections."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.adopt.configure import RefusedProject, last_call, refusals_noted, require_call
from django_runtimes.adopt.process_variables import PartialVariables
from django_runtimes.cli.project.project import NO_SETTINGS
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.address_choice import address_is_given
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.databases.engine_choice import chosen_engine
from django_runtimes.config.databases.engines import is_postgresql
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import Detection, detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.choices import Role
from django_runtimes.config.values.connection_strategy import Connections, PerRequest, Route, connections_of
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.variables.database.database_address import DB_PROXY_HOST
from django_runtimes.config.variables.database.database_login import (
    DB_OPERATIONS_PASSWORD,
    DB_OPERATIONS_SECRET_ARN,
    DB_OPERATIONS_USER,
    DB_ROLE,
)
from django_runtimes.databases.interface.database_engine import DatabaseEngine
from django_runtimes.databases.interface.engine_registry import NO_ENGINE, engine_of_entry, engine_on_route
from django_runtimes.databases.interface.examined_server import ExaminedServer, ServerError
from django_runtimes.entrypoints.cpu import worker_cpus

_OPERATIONS_LOGIN = (DB_OPERATIONS_USER, DB_OPERATIONS_PASSWORD, DB_OPERATIONS_SECRET_ARN)


@dataclass(frozen=True)
class ExaminedLogin:
    """A login on a route; `needed` if the application depends on it."""

    role: str
    route: Route
    needed: bool
    alias: str = "default"

    @property
    def label(self) -> str:
        """The login's name in findings."""
        if self.alias != "default":
            return f"DATABASES[{self.alias!r}]"
        return f"{self.role} login, {self.route} route"


class Examination:
    """One examination of a process's variables and servers; with `offline`, of the variables only.

    With `verify`, assumptions about AWS are verified too.
    """

    def __init__(self, environ: Mapping[str, str], *, offline: bool, verify: bool = False) -> None:
        self.given = Environment(environ)
        # The doctor examines the serving application, even when it runs as an operation.
        self.environ = {name: value for name, value in environ.items() if name != DB_ROLE.name}
        self._settings_serve = environ.get(DB_ROLE.name) in {None, "", Role.WEB}
        self.offline = offline
        self.verify = verify
        self.cpu_count = worker_cpus()

    @property
    def environment(self) -> Environment:
        """The variables as typed values."""
        return Environment(self.environ)

    @cached_property
    def detection(self) -> Detection:
        """The runtime; raises ConfigurationError when the variables contradict each other."""
        return detect_runtime(self.environ)

    @cached_property
    def profile(self) -> Profile:
        """The profile; raises ConfigurationError for an invalid variable."""
        return choose_profile(self.detection.runtime, self.environment)

    @cached_property
    def usable_profile(self) -> Profile:
        """The profile, in which invalid numbers count as unset; raises ConfigurationError for an invalid choice."""
        return PartialVariables(self.environ).profile

    @property
    def settings_error(self) -> Exception | None:
        """The mistakes that `configure()` refuses, or the error that loading Django's settings raised, if any."""
        return self._settings.error

    @property
    def settings_load(self) -> bool:
        """Whether Django's settings and applications load, apart from mistakes that `configure()` refuses."""
        return self._settings.is_loaded

    @cached_property
    def missing_call(self) -> ConfigurationError | None:
        """The error of settings that load, although they do not call `configure()` or lack what it set, if any."""
        if self.settings_error is not None:
            return None
        from django.conf import settings

        try:
            require_call(settings, settings.SETTINGS_MODULE)
        except ConfigurationError as error:
            return error
        return None

    @cached_property
    def _settings(self) -> "_LoadedSettings":
        import django

        if not self.environ.get("DJANGO_SETTINGS_MODULE"):
            return _LoadedSettings(ConfigurationError(NO_SETTINGS), is_loaded=False)
        error: Exception | None = None
        with refusals_noted() as refusals:
            try:
                django.setup(set_prefix=False)
            except Exception as raised:
                error = raised
        is_loaded = error is None
        if refusals:
            # An error after a refusal may follow from it.
            return _LoadedSettings(refusals[0].error, is_loaded=is_loaded, refusal=refusals[0])
        return _LoadedSettings(error, is_loaded=is_loaded)

    @cached_property
    def databases(self) -> Mapping[str, Mapping[str, Any]]:
        """DATABASES as Django uses it; empty when it is not known, or uses the operations login."""
        if not self._settings_serve:
            return {}
        if (refusal := self._settings.refusal) is not None:
            return self._databases_of(refusal)
        if self.settings_error is not None:
            return {}
        from django.conf import settings

        return settings.DATABASES  # type: ignore[no-any-return]

    @cached_property
    def engines(self) -> Mapping[str, DatabaseEngine | ImproperlyConfigured | None]:
        """Each database's engine, the error that loading it raised, or None if the library does not support it.

        An entry without ENGINE is left out.
        """
        return {
            alias: _engine(database)
            for alias, database in self.databases.items()
            if database.get("ENGINE", NO_ENGINE) not in {"", NO_ENGINE}
        }

    @property
    def default_engine(self) -> DatabaseEngine | None:
        """The engine of the default database, which the variables choose if it is not known; None if unsupported."""
        if "default" not in self.engines:
            return engine_on_route(chosen_engine(self.environment), self.usable_profile.route)
        engine = self.engines["default"]
        return engine if isinstance(engine, DatabaseEngine) else None

    @cached_property
    def connections(self) -> Connections | None:
        """The strategy of the default database in DATABASES; None without such a database."""
        return connections_of(self.databases["default"]) if "default" in self.databases else None

    @cached_property
    def servers(self) -> dict[ExaminedLogin, ExaminedServer | ServerError]:
        """The server of each login; empty when offline.

        Raises ConfigurationError when the variables do not say which logins there are.
        """
        if self.offline:
            return {}
        self._prepare_django()
        return {login: self._ask(login) for login in self._logins()}

    def _databases_of(self, refusal: RefusedProject) -> Mapping[str, Mapping[str, Any]]:
        """Return the decided DATABASES, or else the entries of other engines, which are not decided."""
        if "DATABASES" in refusal.decided:
            return refusal.decided["DATABASES"]  # type: ignore[no-any-return]
        return {
            alias: entry
            for alias, entry in refusal.project.get("DATABASES", {}).items()
            if entry and not is_postgresql(entry) and not (alias == "default" and address_is_given(self.environment))
        }

    def _logins(self) -> list[ExaminedLogin]:
        logins = []
        engine = self.default_engine
        # The server itself is asked, unless no login can reach it.
        route = Route.DIRECT if engine is None or Route.DIRECT in engine.routes else engine.routes[0]
        if engine is not None:
            logins.append(ExaminedLogin("web", route, needed=True))
            is_proxied = self.usable_profile.route is Route.PROXY
            if Route.PROXY in engine.routes and (self.environment.is_set(DB_PROXY_HOST) or is_proxied):
                logins.append(ExaminedLogin("web", Route.PROXY, needed=is_proxied))
        if any(map(self.environment.is_set, _OPERATIONS_LOGIN)):
            logins.append(ExaminedLogin("operations", route, needed=True))
        further = [
            alias for alias, engine in self.engines.items() if isinstance(engine, DatabaseEngine) and alias != "default"
        ]
        return logins + [
            ExaminedLogin("web", self.databases[alias].get("ROUTE", Route.DIRECT), needed=True, alias=alias)
            for alias in further
        ]

    def _ask(self, login: ExaminedLogin) -> ExaminedServer | ServerError:
        database = self._database_of_settings(login)
        if database is None:
            environment = Environment({**self.environ, DB_ROLE.name: login.role})
            profile = self.usable_profile._replace(connections=PerRequest(), route=login.route)
            try:
                database = database_settings(environment, profile, self._default_database())
            except ConfigurationError as error:
                return ServerError(str(error), "", is_unreadable=login.needed)
        engine = engine_of_entry(database)
        assert engine is not None, "only databases of supported engines have logins"  # noqa: S101
        return engine.ask_server(database)

    def _database_of_settings(self, login: ExaminedLogin) -> dict[str, Any] | None:
        """Return the entry of DATABASES for the login, or None when only variables configure it."""
        database = self.databases.get(login.alias, {})
        if login.alias == "default" and (
            login.role != Role.WEB
            or not isinstance(self.engines.get("default"), DatabaseEngine)
            or database.get("ROUTE", self.usable_profile.route) != login.route
        ):
            return None
        options = {name: value for name, value in database.get("OPTIONS", {}).items() if name != "pool"}
        return {**database, "OPTIONS": options}

    def _default_database(self) -> Mapping[str, Any]:
        """Return the project's entry before `configure()` changed it."""
        call = self._settings.refusal or last_call()
        databases: Mapping[str, Any] = call.project.get("DATABASES", {}) if call is not None else {}
        return databases.get("default", {})  # type: ignore[no-any-return]

    def _prepare_django(self) -> None:
        """If the project's settings do not load, configure just enough of Django to use its database engine."""
        from django.conf import settings

        if not self.settings_load and not settings.configured:
            os.environ.setdefault("PGTZ", "UTC")
            settings.configure(USE_TZ=True)


@dataclass(frozen=True)
class _LoadedSettings:
    """The result of loading Django's settings, with the refusal of `configure()`, if any."""

    error: Exception | None
    is_loaded: bool
    refusal: RefusedProject | None = None


def _engine(database: Mapping[str, Any]) -> DatabaseEngine | ImproperlyConfigured | None:
    try:
        return engine_of_entry(database)
    except ImproperlyConfigured as error:
        return error
