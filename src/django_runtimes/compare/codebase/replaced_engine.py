"""What to say about a project whose own engine another one replaces."""

from collections.abc import Mapping
from types import MappingProxyType

from django_runtimes.cli.project.settings_check import PRODUCTS, LoadedSettings
from django_runtimes.cli.tool_error import ToolError
from django_runtimes.config.databases.engines import engine_of_project
from django_runtimes.config.values.data_paths import Engine

# A project that develops on SQLite expects another engine elsewhere.
_EXPECTING = frozenset({"", "django.db.backends.sqlite3"})
NO_REMEDIES: Mapping[Engine, str] = MappingProxyType({})


def replaced_system(settings: LoadedSettings) -> Engine | None:
    """Return what the project's own engine of `default` is for, if the library knows and replaced it."""
    return engine_of_project({"ENGINE": settings.replaced_engine}) if settings.replaced_engine else None


def engine_notices(settings: LoadedSettings, used: Engine, remedies: Mapping[Engine, str] = NO_REMEDIES) -> list[str]:
    """Return a line if the project's own engine is for another system than the one that is used, and otherwise none.

    `remedies` say how to use a project's own system.
    """
    replaced, system = settings.replaced_engine, replaced_system(settings)
    if replaced in _EXPECTING or system is used:
        return []
    remedy = "" if system is None else remedies.get(system, "")
    return [
        f"the settings have the engine {replaced!r}; {PRODUCTS[used]} takes its place, so this says nothing about it"
        f"{remedy and '; '}{remedy}"
    ]


def require_measurable(settings: LoadedSettings) -> None:
    """Raise ToolError if the project's own engine is for Aurora DSQL, whose rules no server here has."""
    if replaced_system(settings) is Engine.DSQL:
        raise ToolError(
            f"the settings have the engine {settings.replaced_engine!r}, and no server here stands in for Aurora DSQL, "
            "whose transactions and connections differ from PostgreSQL's; measure the deployed application with "
            "--target NAME=URL, or name settings with another engine in the workload"
        )
