"""The variables of one process, with the runtime, profile and front that they determine."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.address_choice import has_address_of
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.front import Front, read_front
from django_runtimes.config.runtimes.detection import Detection, detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.data_paths import SCHEMES
from django_runtimes.config.values.profile import PROFILES, Profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.application_variables import RUNTIME
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_ROUTE
from django_runtimes.config.variables.database.database_connections import DB_STRATEGY
from django_runtimes.config.variables.database.database_login import DB_ROLE
from django_runtimes.config.variables.hops import HTTPS
from django_runtimes.config.variables.table import PREFIX
from django_runtimes.config.variables.variable import T_co, Variable

_NOTHING: Mapping[str, Any] = MappingProxyType({})
# Whether DATABASES can work depends on these parts of the profile.
_CHOICES: tuple[Variable[Any], ...] = (DB_ROLE, DB_ROUTE, DB_STRATEGY)


class ProcessVariables:
    """The typed variables, as in `variables[WORKERS]`, with the runtime, its profile and the hops in front."""

    def __init__(self, environ: Mapping[str, str], default: Mapping[str, Any] = _NOTHING) -> None:
        """`default` is the project's own entry of DATABASES."""
        # os.environ decodes every name on each access, so it is copied once.
        self.environ = dict(environ)
        self._default = default
        self._has_own = any(value for name, value in self.environ.items() if name.startswith(PREFIX))

    @cached_property
    def detection(self) -> Detection:
        """The runtime and the evidence; ConfigurationError for an invalid or contradictory declaration."""
        return detect_runtime(self.environ)

    @cached_property
    def environment(self) -> Environment:
        """The typed variables, without the project's own DATABASE_URL."""
        if self.is_local and self._is_url_of_project(self.environ.get(DATABASE_URL.name, "")):
            return Environment({name: value for name, value in self.environ.items() if name != DATABASE_URL.name})
        return Environment(self.environ)

    @cached_property
    def profile(self) -> Profile:
        """The runtime's profile; ConfigurationError for an invalid variable."""
        return choose_profile(self.runtime, self.environment, self._default)

    def __getitem__(self, variable: Variable[T_co]) -> T_co:
        return self.environment[variable]

    def is_set(self, variable: Variable[Any]) -> bool:
        """Return whether the process's environment sets the variable."""
        return self.environment.is_set(variable)

    @property
    def runtime(self) -> Runtime:
        """The service that runs the process."""
        return self.detection.runtime

    @property
    def is_local(self) -> bool:
        """Whether the runtime is `local`."""
        return self.runtime is Runtime.LOCAL

    @property
    def change_nothing(self) -> bool:
        """Whether the runtime is `local` and no variable changes anything."""
        return self.is_local and not self._has_own and not self.is_set(DATABASE_URL)

    @property
    def https(self) -> bool:
        """Whether users connect by HTTPS, which ends at a hop in front."""
        return self.profile.https

    @cached_property
    def front(self) -> Front:
        """The configuration of the hops in front; ConfigurationError for headers that cannot be trusted."""
        return read_front(self.environment, https=self.https)

    def _is_url_of_project(self, url: str) -> bool:
        """Return whether DATABASE_URL is the project's own: for another engine, or already read by the settings."""
        scheme, found, _ = url.partition("://")
        return not (found and scheme in SCHEMES) or (not self._has_own and has_address_of(self._default, url))


class PartialVariables(ProcessVariables):
    """The variables of a process that cannot start, since they contain a mistake.

    They serve to find further mistakes that do not follow from the first. Invalid numbers and names in the profile
    count as unset. An invalid choice raises its error wherever something depends on it.
    """

    @cached_property
    def detection(self) -> Detection:
        """The runtime that a marker shows, if the declaration is invalid."""
        try:
            return detect_runtime(self.environ)
        except ConfigurationError:
            undeclared = {name: value for name, value in self.environ.items() if name != RUNTIME.name}
            detection = detect_runtime(undeclared)
            if detection.runtime is Runtime.LOCAL:
                raise
            return detection

    @cached_property
    def profile(self) -> Profile:
        """The profile of the valid variables; ConfigurationError for an invalid choice."""
        for choice in _CHOICES:
            _ = self.environment[choice]
        return choose_profile(self.runtime, self.environment.valid(), self._default)

    @property
    def https(self) -> bool:
        """Whether users connect by HTTPS; ConfigurationError for an invalid WEBAPP_HTTPS."""
        https = self.environment[HTTPS]
        return PROFILES[self.runtime].https if https is None else https
