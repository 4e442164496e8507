"""What the sections look at: the variables, the settings, and the servers they lead to, each asked once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.adopt.configure import last_call
from django_runtimes.cli.project import NO_SETTINGS
from django_runtimes.config.choices import Role
from django_runtimes.config.databases.connections import Connections, PerRequest, Route, connections_of
from django_runtimes.config.databases.settings import database_settings
from django_runtimes.config.detection import Detection, detect_runtime
from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError
from django_runtimes.config.profile import Profile, choose_profile
from django_runtimes.config.variables.database_address import DB_PROXY_HOST
from django_runtimes.config.variables.database_login import (
    DB_OPERATIONS_PASSWORD,
    DB_OPERATIONS_SECRET_ARN,
    DB_OPERATIONS_USER,
    DB_ROLE,
)
from django_runtimes.doctor.server import Server, ServerError, ask_server
from django_runtimes.entrypoints.cpu import worker_cpus

_POSTGRESQL = "postgresql"
# Django's stand-in for an entry without one, and its vendor.
_NO_ENGINE, _NONE = "django.db.backends.dummy", "unknown"
_OPERATIONS_LOGIN = (DB_OPERATIONS_USER, DB_OPERATIONS_PASSWORD, DB_OPERATIONS_SECRET_ARN)


@dataclass(frozen=True)
class ExaminedLogin:
    """Who logs in and where; `needed` when the application cannot do without."""

    role: str
    route: Route
    needed: bool
    alias: str = "default"

    @property
    def label(self) -> str:
        """As a finding names it."""
        if self.alias != "default":
            return f"DATABASES[{self.alias!r}]"
        return f"{self.role} login, {self.route} route"


class Examination:
    """One run of the doctor over the variables of a process; `offline` asks no server."""

    def __init__(self, environ: Mapping[str, str], *, offline: bool) -> None:
        self.given = Environment(environ)
        # Operations go their own way; the examination is of what serves.
        self.environ = {name: value for name, value in environ.items() if name != DB_ROLE.name}
        self._settings_serve = environ.get(DB_ROLE.name) in {None, "", Role.WEB}
        self.offline = offline
        self.cpu_count = worker_cpus()

    @property
    def environment(self) -> Environment:
        """The typed readers."""
        return Environment(self.environ)

    @cached_property
    def detection(self) -> Detection:
        """The runtime; ConfigurationError when the variables contradict."""
        return detect_runtime(self.environ)

    @cached_property
    def profile(self) -> Profile:
        """The profile; ConfigurationError when a variable cannot be read."""
        return choose_profile(self.detection.runtime, self.environment)

    @cached_property
    def settings_error(self) -> Exception | None:
        """What Django's settings or applications raised while they loaded."""
        import django

        if not self.environ.get("DJANGO_SETTINGS_MODULE"):
            return ConfigurationError(NO_SETTINGS)
        try:
            django.setup(set_prefix=False)
        except Exception as error:
            return error
        return None

    @cached_property
    def databases(self) -> Mapping[str, Mapping[str, Any]]:
        """DATABASES as Django uses it; empty where the settings do not load, or are of operations."""
        if self.settings_error is not None or not self._settings_serve:
            return {}
        from django.conf import settings

        return settings.DATABASES  # type: ignore[no-any-return]

    @cached_property
    def vendors(self) -> Mapping[str, str | ImproperlyConfigured]:
        """What each of them is, as "postgresql", or why its engine cannot be loaded."""
        return {alias: _vendor(database) for alias, database in self.databases.items()}

    @property
    def is_postgresql(self) -> bool:
        """Whether the default database is PostgreSQL, or may be by the variables, where DATABASES names none."""
        return self.vendors.get("default", _NONE) in {_POSTGRESQL, _NONE}

    @cached_property
    def connections(self) -> Connections | None:
        """The strategy of the default database, as DATABASES has it; None without a default."""
        return connections_of(self.databases["default"]) if "default" in self.databases else None

    @cached_property
    def servers(self) -> dict[ExaminedLogin, Server | ServerError]:
        """What each configured login found; empty when offline, ConfigurationError for one that is needed."""
        if self.offline:
            return {}
        self._prepare_django()
        return {login: self._ask(login) for login in self._logins()}

    def _logins(self) -> list[ExaminedLogin]:
        logins = []
        if self.is_postgresql:
            logins.append(ExaminedLogin("web", Route.DIRECT, needed=True))
            if self.environment.is_set(DB_PROXY_HOST) or self.profile.route is Route.PROXY:
                logins.append(ExaminedLogin("web", Route.PROXY, needed=self.profile.route is Route.PROXY))
        if any(map(self.environment.is_set, _OPERATIONS_LOGIN)):
            logins.append(ExaminedLogin("operations", Route.DIRECT, needed=True))
        further = [alias for alias, vendor in self.vendors.items() if vendor == _POSTGRESQL and alias != "default"]
        return logins + [
            ExaminedLogin("web", self.databases[alias].get("ROUTE", Route.DIRECT), needed=True, alias=alias)
            for alias in further
        ]

    def _ask(self, login: ExaminedLogin) -> Server | ServerError:
        if (database := self._database_of_settings(login)) is not None:
            return ask_server(database)
        environment = Environment({**self.environ, DB_ROLE.name: login.role})
        profile = replace(self.profile, connections=PerRequest(), route=login.route)
        try:
            return ask_server(database_settings(environment, profile, self._default_database()))
        except ConfigurationError as error:
            if login.needed:
                raise
            return ServerError(str(error), "")

    def _database_of_settings(self, login: ExaminedLogin) -> dict[str, Any] | None:
        """The entry of DATABASES by which Django would log in so; None where only variables say how."""
        database = self.databases.get(login.alias, {})
        if login.alias == "default" and (
            login.role != Role.WEB
            or self.vendors.get("default") != _POSTGRESQL
            or database.get("ROUTE", self.profile.route) != login.route
        ):
            return None
        options = {name: value for name, value in database.get("OPTIONS", {}).items() if name != "pool"}
        return {**database, "OPTIONS": options}

    def _default_database(self) -> Mapping[str, Any]:
        """The project's own entry, before `configure()` changed it."""
        call = last_call()
        databases: Mapping[str, Any] = call.project["DATABASES"] if call is not None else {}
        return databases.get("default", {})  # type: ignore[no-any-return]

    def _prepare_django(self) -> None:
        """Its database engine reads settings even where the application's cannot be loaded."""
        from django.conf import settings

        if self.settings_error is not None and not settings.configured:
            os.environ.setdefault("PGTZ", "UTC")
            settings.configure(USE_TZ=True)


def _vendor(database: Mapping[str, Any]) -> str | ImproperlyConfigured:
    from django.db.utils import load_backend

    try:
        return str(load_backend(database.get("ENGINE") or _NO_ENGINE).DatabaseWrapper.vendor)
    except ImproperlyConfigured as error:
        return error
