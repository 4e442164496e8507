"""Computes each stack's parameters from webapp.toml, spelled as its template expects."""

import difflib
from collections.abc import Mapping
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.variables.database.database_address import DB_NAME
from django_runtimes.deploy.catalogue import DATABASE, LAMBDA, OPERATIONS, SCHEDULES, STACKS, Stack
from django_runtimes.deploy.configuration import FILE_NAME, Deployment
from django_runtimes.deploy.existing_resources import ROTATES_OPERATIONS, TABLE_PARAMETERS
from django_runtimes.deploy.schedules.schedule import CLEAR_SESSIONS
from django_runtimes.deploy.stage_settings import PRODUCTION_STAGE
from django_runtimes.deploy.templates.database_route import DATA_API_PARAMETER, DATA_API_ROUTE, ROUTE, route_parameters
from django_runtimes.deploy.templates.database_system import (
    DATABASE_SYSTEM,
    POSTGRESQL,
    STACKS_WITH_SYSTEM,
    SYSTEMS,
    DatabaseSystem,
    chosen_system,
)
from django_runtimes.deploy.templates.pair_rules import broken_pair
from django_runtimes.deploy.templates.parameter_rules import broken_rule
from django_runtimes.deploy.templates.schedule_template import with_schedules
from django_runtimes.deploy.templates.template_source import TemplateSource, library_templates
from django_runtimes.deploy.templates.templates import Template, read_template

# This module sets these parameters; the tables of parameters in webapp.toml cannot.
_FILLED = frozenset(
    {"Project", "Stage", "Production", "ImageUri", DATA_API_PARAMETER, ROTATES_OPERATIONS, *TABLE_PARAMETERS}
)
# Each of these describes something that the stacks of a stage share, so it must have the same value in all of them.
SAME_EVERYWHERE = frozenset(
    {
        "Architecture",
        "Credentials",
        DATA_API_PARAMETER,
        DATABASE_SYSTEM,
        "Domain",
        "Egress",
        "Engine",
        "MailFrom",
        "MailIdentity",
        "MaxConnections",
        "StaticFiles",
        "Store",
    }
)
_ALLOWED_COMMANDS = "AllowedCommands"
_SCHEDULED_COMMAND = "ScheduledCommand"
# A new image creates a new version anyway, so the fingerprint need not include it.
_OUTSIDE_FINGERPRINT = frozenset({"ImageUri", "Revision"})


def read_templates(deployment: Deployment, source: TemplateSource) -> dict[str, Template]:
    """Return all templates by stack name; raise UsageError if webapp.toml has a parameter that no template declares."""
    own = {stack.name: read_template(source.directory, stack) for stack in STACKS}
    system = database_system(deployment)
    _refuse_older_system(system, own, source)
    used = {stack.name: deployment.existing.template_of(stack) for stack in STACKS}
    if used[DATABASE.name] == DATABASE:
        used[DATABASE.name] = system.stack
    templates = {
        stack.name: own[stack.name] if used[stack.name] == stack else read_template(source.directory, used[stack.name])
        for stack in STACKS
    }
    _refuse_older_operations(templates[OPERATIONS.name], source)
    _refuse_older_database(deployment, templates, source)
    templates[SCHEDULES.name] = with_schedules(templates[SCHEDULES.name], deployment.settings.schedules)
    for table in _tables(deployment):
        _refuse_scheduled_command(table, deployment.stage)
        # A parameter may be meant for other stages, which have a network and a database of their own.
        declared = {name: {*own[name].parameters, *templates[name].parameters} for name in own}
        for other in {each.stack for each in SYSTEMS.values()}:
            if (source.directory / other.template).is_file():
                declared[DATABASE.name] |= read_template(source.directory, other).parameters.keys()
        _refuse_unknown(table, declared)
    _refuse_lost_protection(deployment, own[DATABASE.name], source)
    return templates


def stack_parameters(
    deployment: Deployment, stack: Stack, template: Template, *, image: str | None = None
) -> dict[str, str]:
    """Return the parameters that differ from the template's defaults; raise UsageError for invalid or missing ones."""
    parameters = given_parameters(deployment, stack, template)
    if image is not None and "ImageUri" in template.parameters:
        parameters["ImageUri"] = image
    system = database_system(deployment)
    for name, value in parameters.items():
        # One template serves existing databases of every system.
        if rule := broken_rule(template.parameters[name], value) or system.broken_name(name, value):
            if written := deployment.existing.written(stack, name):
                raise UsageError(f"{written} = '{value}' {rule}; correct it")
            raise UsageError(f"the stack '{stack.name}' does not accept {name} = '{value}', which {rule}; change it")
    if pair := broken_pair({name: effective(template, parameters, name) for name in template.parameters}):
        raise UsageError(f"the stack '{stack.name}' does not accept {pair}; change one of them in {FILE_NAME}")
    for name, declared in template.parameters.items():
        if name not in parameters and name not in _FILLED and "Default" not in declared:
            table = "" if name in SAME_EVERYWHERE else f".{stack.name}"
            raise UsageError(
                f"the stack '{stack.name}' needs {name}, which has no default: {declared['Description'].rstrip('.')}; "
                f"add it to {FILE_NAME} under [stages.{deployment.stage}.parameters{table}]"
            )
    if stack is OPERATIONS:
        parameters |= _allowed_commands(deployment, template, parameters)
    if stack is LAMBDA:
        parameters["Revision"] = _revision(template, parameters)
    return parameters


def given_parameters(deployment: Deployment, stack: Stack, template: Template) -> dict[str, str]:
    """Return the parameters that webapp.toml sets for a stack, spelled as the template does, without other checks."""
    given = {
        name: template.spelled(name, value)
        for table in _layers(deployment, stack)
        for name, value in table.items()
        if name in template.parameters
    }
    return given | {
        name: template.spelled(name, value)
        for name, value in {
            **deployment.existing.parameters(stack),
            "Project": deployment.configuration.project,
            "Stage": deployment.stage,
            "Production": deployment.settings.production,
        }.items()
        if name in template.parameters
    }


def database_system(deployment: Deployment) -> DatabaseSystem:
    """Return the database system of the stage; raise UsageError if webapp.toml names none that exists."""
    return chosen_system(_tables(deployment))


def effective(template: Template, parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter's value, or the template's default if it has none."""
    return parameters.get(name, str(template.parameters[name].get("Default", "")))


def _allowed_commands(deployment: Deployment, template: Template, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameter AllowedCommands with the scheduled commands, if it lacks any."""
    allowed = effective(template, parameters, _ALLOWED_COMMANDS).split(",")
    scheduled = [each.command for each in deployment.settings.schedules if each.enabled and not each.task]
    missing = [command for command in dict.fromkeys(scheduled) if command not in allowed]
    return {_ALLOWED_COMMANDS: ",".join([*filter(None, allowed), *missing])} if missing else {}


def _revision(template: Template, parameters: Mapping[str, str]) -> str:
    """Return a revision that changes exactly when the function does, since its published versions are immutable."""
    complete = {name: effective(template, parameters, name) for name in template.parameters}
    fingerprint = template.fingerprint("Function", complete, ignored=_OUTSIDE_FINGERPRINT)
    return f"{parameters['Revision']} {fingerprint}" if "Revision" in parameters else fingerprint


def _tables(deployment: Deployment) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return deployment.configuration.parameters, deployment.settings.parameters


def _layers(deployment: Deployment, stack: Stack) -> list[Mapping[str, Any]]:
    """Return the tables of a stack's parameters; later ones take precedence."""
    tables = _tables(deployment)
    return [
        database_system(deployment).suggested,
        route_parameters(tables),
        *tables,
        *(table.get(stack.name, {}) for table in tables),
    ]


def _refuse_older_operations(operations: Template, source: TemplateSource) -> None:
    """Raise UsageError for a copy from before the schedules, whose own schedule would run beside them."""
    if _SCHEDULED_COMMAND in operations.parameters:
        raise UsageError(
            f"{source.directory}/operations is older than the schedules of webapp.toml; copy the folder operations of "
            f"{source.library} from {library_templates()}, and make your changes in it again"
        )


def _refuse_older_system(system: DatabaseSystem, own: Mapping[str, Template], source: TemplateSource) -> None:
    """Raise UsageError for a copy from before the system, whose stacks would expect another one."""
    if system is POSTGRESQL:
        return
    older = [stack.template for stack in STACKS_WITH_SYSTEM if not _knows(own[stack.name], system)]
    if not (source.directory / system.stack.template).is_file():
        older.append(system.stack.template)
    if older:
        raise UsageError(
            f"{source.directory} is older than {DATABASE_SYSTEM} = '{system.value}', which changes {', '.join(older)}; "
            f"copy these templates of {source.library} from {library_templates()}, and make your changes in them again"
        )


def _knows(template: Template, system: DatabaseSystem) -> bool:
    return system.value in template.parameters.get(DATABASE_SYSTEM, {}).get("AllowedValues", ())


def _refuse_older_database(deployment: Deployment, templates: Mapping[str, Template], source: TemplateSource) -> None:
    """Raise UsageError for a copy from before [stages.….database], with which the database would be empty."""
    table = deployment.existing.parameters(DATABASE)
    lost = table.keys() - templates[DATABASE.name].parameters.keys()
    if lost or (table and DB_NAME.name not in templates[OPERATIONS.name].body):
        raise UsageError(
            f"{source.directory} is older than [stages.{deployment.stage}.database]; copy the templates of "
            f"{source.library} from {library_templates()}, and make your changes in them again"
        )


def _refuse_scheduled_command(table: Mapping[str, Any], stage: str) -> None:
    """Raise UsageError, with the schedule to write, for the parameter that schedules replaced."""
    for parameters in (table, table.get(OPERATIONS.name, {})):
        if _SCHEDULED_COMMAND not in parameters:
            continue
        command = parameters[_SCHEDULED_COMMAND]
        schedule = f"[stages.{stage}.schedules.{CLEAR_SESSIONS.name}] with enabled = false"
        if command == CLEAR_SESSIONS.command:
            schedule = "nothing in its place, since this command has a schedule by default"
        elif command:
            schedule += (
                f", and [stages.{stage}.schedules.nightly] with command = '{command}' and "
                f"cron = '{CLEAR_SESSIONS.expression[5:-1]}'"
            )
        raise UsageError(
            f"{FILE_NAME}: {_SCHEDULED_COMMAND} = {command!r} was replaced by schedules; remove it, and write "
            f"{schedule}"
        )


def _refuse_lost_protection(deployment: Deployment, database: Template, source: TemplateSource) -> None:
    """Raise UsageError if an older ejected copy would decide by the stage's name whether it is production."""
    by_name = deployment.stage == PRODUCTION_STAGE
    if "Production" not in database.parameters and deployment.settings.production != by_name:
        raise UsageError(
            f"[stages.{deployment.stage}] production = {str(not by_name).lower()} has no effect on {source.directory}, "
            f"which has no parameter Production; copy foundation/database.yaml and ecs/fargate.yaml of {source.library}"
        )


def _refuse_unknown(table: Mapping[str, Any], declared: Mapping[str, set[str]]) -> None:
    every = {name for names in declared.values() for name in names} - _FILLED | {ROUTE}
    for name, value in table.items():
        if isinstance(value, dict):
            if name not in declared:
                raise UsageError(f"[parameters.{name}] does not name a stack; choose from {', '.join(declared)}")
            for parameter in value:
                _refuse(parameter, declared[name] - _FILLED, f"the stack '{name}'")
                if parameter in SAME_EVERYWHERE:
                    raise UsageError(
                        f"{FILE_NAME}: {parameter} is the same in every stack of a stage; "
                        f"move it from the table of '{name}' to the stage's own [stages.….parameters]"
                    )
        else:
            _refuse(name, every, "no template")


def _refuse(name: str, known: set[str], owner: str) -> None:
    if name in known:
        return
    if name in TABLE_PARAMETERS:
        raise UsageError(
            f"{FILE_NAME}: {name} is set by [stages.….network] or [stages.….database]; move it there "
            "(`webapp docs deploy` shows their keys)"
        )
    if name == DATA_API_PARAMETER:
        raise UsageError(f"{FILE_NAME}: {name} is set by {ROUTE}; write {ROUTE} = '{DATA_API_ROUTE}' instead")
    if name == ROUTE:
        raise UsageError(
            f"{FILE_NAME}: {ROUTE} is the same in every stack of a stage; move it from the table of {owner} to the "
            "stage's own [stages.….parameters]"
        )
    nearest = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {nearest[0]}?" if nearest else "the templates list their parameters"
    has = "has" if owner.startswith("no") else "has no"
    raise UsageError(f"{FILE_NAME}: {owner} {has} parameter '{name}'; {remedy}")
