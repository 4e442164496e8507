"""The project's own variables: those that pyproject.toml lists, from the shell, and those that the workload sets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.config.database_url.address import Address
from django_runtimes.config.database_url.url import parse_database_url

_REPLACED_BY_VARIABLES = (
    "if variables set its address, set them in [application.environment] of the workload: a URL to "
    '"{database_url}", its parts to "{database_host}", "{database_port}", "{database_name}", "{database_user}" and '
    '"{database_password}"'
)
_USED_AS_IT_IS = (
    "it is used as the settings define it: if that server must not be used, let the settings read its address from "
    "variables, and set these in [application.environment] of the workload"
)


@dataclass(frozen=True)
class OwnVariables:
    """The variables that the project's processes get in addition to the library's.

    `passed` come from the shell and `given` from the workload, which overrides them; `missing` are listed but unset.
    """

    passed: Mapping[str, str]
    given: Mapping[str, str]
    missing: tuple[str, ...]

    def environ(self, database_url: str) -> dict[str, str]:
        """Return the variables for a process that uses the database at `database_url`."""
        return {**self.passed, **fill_placeholders(self.given, database_url=database_url)}

    @property
    def notices(self) -> list[str]:
        """One line with the names that have no value; empty if there are none."""
        names = ", ".join(self.missing)
        if not names:
            return []
        return [
            f"not set in this shell, so not passed on: {names} (environment in [tool.webapp]; the settings may still "
            "read values from a file such as .env)"
        ]


def own_variables(project: Project, given: Mapping[str, str], shell: Mapping[str, str]) -> OwnVariables:
    """Return the project's own variables, without the shell's other variables."""
    return OwnVariables(
        passed={name: shell[name] for name in project.environment if name in shell and name not in given},
        given=given,
        missing=tuple(name for name in project.environment if name not in shell and name not in given),
    )


def database_notices(settings: LoadedSettings, address: Address) -> list[str]:
    """Return a line for each other database that is not on the server of `address`, and that is used all the same."""
    return [
        f"DATABASES[{alias!r}] is {database}, not on the server used here; "
        + (_REPLACED_BY_VARIABLES if database.system is address.engine else _USED_AS_IT_IS)
        for alias, database in settings.elsewhere(address).items()
    ]


def fill_placeholders(values: Mapping[str, str], *, database_url: str) -> dict[str, str]:
    """Return the values of a project's file with placeholders such as {database_url} replaced.

    The other placeholders are {database_host}, {database_port}, {database_name}, {database_user} and
    {database_password}.
    """
    address = parse_database_url(database_url)
    parts = {
        "{database_url}": database_url,
        "{database_host}": address.host,
        "{database_port}": str(address.port),
        "{database_name}": address.name,
        "{database_user}": address.user,
        "{database_password}": address.password,
    }
    return {name: _replaced(value, parts) for name, value in values.items()}


def _replaced(value: str, parts: Mapping[str, str]) -> str:
    # All are replaced in one pass, since a password may contain braces.
    pattern = "|".join(map(re.escape, parts))
    return re.sub(pattern, lambda found: parts[found[0]], value)
