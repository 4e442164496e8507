"""Finds the variables that the templates set, which webapp.toml therefore cannot set as a stage's own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.database.database_address import DB_ENGINE, DB_ROUTE
from django_runtimes.config.variables.file_variables import STATIC_BUCKET, STATIC_HOST
from django_runtimes.config.variables.server_variables import ASYNC_REQUESTS, THREADS
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.deploy.templates.database_route import DATA_API_PARAMETER, ROUTE
from django_runtimes.deploy.templates.database_system import DATABASE_SYSTEM, POSTGRESQL, SYSTEMS
from django_runtimes.deploy.templates.image_processes import processes_of
from django_runtimes.deploy.templates.templates import Template, names_in

# Every stack has these two, so they explain no variable.
_EVERYWHERE = {"Project", "Stage"}
# The templates set these variables only with these values of the parameter; otherwise a stage may set them itself.
_WITHOUT_POOL = (DATABASE_SYSTEM, frozenset(SYSTEMS.keys() - {POSTGRESQL.value}))
OPTIONAL_PARAMETERS = {
    ASYNC_REQUESTS.name: _WITHOUT_POOL,
    DB_ENGINE.name: _WITHOUT_POOL,
    DB_ROUTE.name: (DATA_API_PARAMETER, frozenset({"yes"})),
    THREADS.name: _WITHOUT_POOL,
    STATIC_BUCKET.name: ("StaticFiles", frozenset({"bucket", "cloudfront"})),
    STATIC_HOST.name: ("StaticFiles", frozenset({"cloudfront"})),
    STORE_URL.name: ("Store", frozenset({"dynamodb"})),
}


def refuse_set_by_templates(templates: Iterable[Template], names: Iterable[str], *, place: str, stage: str) -> None:
    """Raise UsageError for the first of the names that the templates set."""
    reserved = set_by_templates(templates)
    for name in names:
        if name in reserved and name not in OPTIONAL_PARAMETERS:
            parameters = " or ".join(ROUTE if each == DATA_API_PARAMETER else each for each in reserved[name])
            remedy = f"set {parameters} in [stages.{stage}.parameters] instead" if parameters else "remove it"
            raise UsageError(f"{place} {name} is set by the templates; {remedy}")


def set_by_templates(templates: Iterable[Template]) -> dict[str, tuple[str, ...]]:
    """Return the names of all variables that the templates set, each with the parameters that determine its value."""
    found: dict[str, tuple[str, ...]] = {}
    for template in templates:
        for name, value in _variables(template):
            conditions = template.content.get("Conditions") or {}
            used = set(names_in(value)) - _omitting(value)
            through = {name for each in used & conditions.keys() for name in names_in(conditions[each])}
            known = template.parameters.keys() - _EVERYWHERE
            # A parameter that decides whether the variable is set explains one whose value is fixed.
            parameters = used & known or through & known
            found[name] = tuple(sorted({*found.get(name, ()), *parameters}))
    return found


def _omitting(value: Any) -> set[str]:
    """Return the condition that leaves the variable out: its parameter does not explain a value."""
    match value:
        case {"!If": [str(condition), {"!Ref": "AWS::NoValue"}, _]} | {
            "Fn::If": [str(condition), {"Ref": "AWS::NoValue"}, _]
        }:
            return {condition}
        case _:
            return set()


def _variables(template: Template) -> Iterator[tuple[str, Any]]:
    for process in processes_of(template.content):
        for table in (process.variables, process.secrets):
            yield from _entries(table)


def _entries(table: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a mapping or a list of pairs, whatever conditions surround them."""
    if isinstance(table, Mapping):
        if "Name" in table and ("Value" in table or "ValueFrom" in table):
            yield str(table["Name"]), table
            return
        for name, value in table.items():
            if name in {"!If", "Fn::If"}:
                yield from _entries(value[1:])
            elif not name.startswith(("!", "Fn::")) and name != "Ref":
                yield name, value
    elif isinstance(table, list):
        for each in table:
            yield from _entries(each)
