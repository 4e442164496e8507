"""The variables of one process, with the runtime, profile and front that they determine."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django_runtimes.config.environment import Environment
from django_runtimes.config.http.front import Front, read_front
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile import choose_profile
from django_runtimes.config.runtimes.runtime import Runtime
from django_runtimes.config.variables.database_address import DATABASE_URL
from django_runtimes.config.variables.table import PREFIX
from django_runtimes.config.variables.variable import T_co, Variable

_POSTGRESQL = ("postgresql://", "postgres://", "postgis://")


class ProcessVariables:
    """The typed variables, as in `variables[WORKERS]`, with the runtime, its profile and the hops in front."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # os.environ decodes every name on each access, so it is copied once.
        environ = dict(environ)
        self.detection = detect_runtime(environ)
        if self.is_local and not environ.get(DATABASE_URL.name, "").startswith(_POSTGRESQL):
            # Under `local` a DATABASE_URL of another database belongs to the project.
            environ = {name: value for name, value in environ.items() if name != DATABASE_URL.name}
        self._environ = environ
        self.environment = Environment(environ)
        self.profile = choose_profile(self.detection.runtime, self.environment)

    def __getitem__(self, variable: Variable[T_co]) -> T_co:
        return self.environment[variable]

    def is_set(self, variable: Variable[Any]) -> bool:
        """Return whether the variable is set, whatever its default is."""
        return self.environment.is_set(variable)

    @property
    def runtime(self) -> Runtime:
        """The service that runs the process."""
        return self.detection.runtime

    @property
    def is_local(self) -> bool:
        """Whether the process is not deployed."""
        return self.runtime is Runtime.LOCAL

    @property
    def change_nothing(self) -> bool:
        """Whether the runtime is `local` and no variable changes anything."""
        has_own = any(value for name, value in self._environ.items() if name.startswith(PREFIX))
        return self.is_local and not has_own and not self.is_set(DATABASE_URL)

    @cached_property
    def front(self) -> Front:
        """The configuration of the hops in front; ConfigurationError for headers that could not be trusted."""
        return read_front(self.environment, https=self.profile.https)
