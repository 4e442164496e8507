"""The project's own variables: those of the shell that it lists, and those that its workload gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django_runtimes.cli.project.project import Project
from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.config.databases.url import Address, parse_database_url


@dataclass(frozen=True)
class OwnVariables:
    """`passed` are the shell's, `given` the workload's, which win; `missing` are listed and neither set nor given."""

    passed: Mapping[str, str]
    given: Mapping[str, str]
    missing: tuple[str, ...]

    def environ(self, database_url: str) -> dict[str, str]:
        """The variables of a process whose database is the one at `database_url`."""
        return {**self.passed, **filled_in(self.given, database_url=database_url)}

    @property
    def notices(self) -> list[str]:
        """A line for the names without a value; none where all have one."""
        names = ", ".join(self.missing)
        return [f"not set here, and so not passed on: {names} (environment in [tool.webapp])"] if names else []


def own_variables(project: Project, given: Mapping[str, str], shell: Mapping[str, str]) -> OwnVariables:
    """Those of one project; nothing else of the shell is among them."""
    return OwnVariables(
        passed={name: shell[name] for name in project.environment if name in shell and name not in given},
        given=given,
        missing=tuple(name for name in project.environment if name not in shell and name not in given),
    )


def notices_of_databases(settings: LoadedSettings, address: Address) -> list[str]:
    """A line for each further PostgreSQL database that is not on the server at `address`."""
    return [
        f"DATABASES[{alias!r}] is {database}, not on the server used here; where a variable says so, "
        'give it "{database_url}" in [application.environment] of the workload'
        for alias, database in settings.elsewhere(address).items()
    ]


def filled_in(values: Mapping[str, str], *, database_url: str) -> dict[str, str]:
    """The values of a project's file, in which {database_url} and the like stand for the database used here.

    The others are {database_host}, {database_port}, {database_name}, {database_user} and {database_password}.
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
    # In one pass, for a password may hold braces.
    pattern = "|".join(map(re.escape, parts))
    return re.sub(pattern, lambda found: parts[found[0]], value)
