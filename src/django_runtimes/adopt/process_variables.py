"""The variables of one process, with the runtime, profile and front that they determine."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django_runtimes.config.databases.address_choice import has_address_of
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.front import Front, read_front
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime
from django_runtimes.config.variables.database_address import DATABASE_URL
from django_runtimes.config.variables.table import PREFIX
from django_runtimes.config.variables.variable import T_co, Variable

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_POSTGRESQL = ("postgresql://", "postgres://", "postgis://")


class ProcessVariables:
    """The typed variables, as in `variables[WORKERS]`, with the runtime, its profile and the hops in front."""

    def __init__(self, environ: Mapping[str, str], default: Mapping[str, Any] = _NOTHING) -> None:
        """`default` is the project's own entry of DATABASES."""
        # os.environ decodes every name on each access, so it is copied once.
        environ = dict(environ)
        self.detection = detect_runtime(environ)
        self._has_own = any(value for name, value in environ.items() if name.startswith(PREFIX))
        if self.is_local and self._is_url_of_project(environ.get(DATABASE_URL.name, ""), default):
            environ = {name: value for name, value in environ.items() if name != DATABASE_URL.name}
        self.environment = Environment(environ)
        self.profile = choose_profile(self.detection.runtime, self.environment)

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

    def _is_url_of_project(self, url: str, default: Mapping[str, Any]) -> bool:
        """Return whether DATABASE_URL is the project's own: for another engine, or already read by the settings."""
        return not url.startswith(_POSTGRESQL) or (not self._has_own and has_address_of(default, url))

    @cached_property
    def front(self) -> Front:
        """The configuration of the hops in front; ConfigurationError for headers that cannot be trusted."""
        return read_front(self.environment, https=self.profile.https)
