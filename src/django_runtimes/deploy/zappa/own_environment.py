"""Converts the variables in Zappa's settings, except those that look like secrets."""

from collections.abc import Mapping
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.own_settings import read_own_settings
from django_runtimes.deploy.zappa.secret_signs import looks_secret

VARIABLE_TABLES = ("environment_variables", "aws_environment_variables")


def convert_variables(settings: Mapping[str, Any], stage: str, region: str) -> tuple[dict[str, str], list[str]]:
    """Return the stage's table `environment`, and remarks on the variables that are not in it.

    A value that looks like a secret is in neither: webapp.toml and a terminal's history are no place for it.
    """
    variables: dict[str, str] = {}
    remarks = []
    for table in VARIABLE_TABLES:
        given = settings.get(table, {})
        if not isinstance(given, Mapping):
            remarks.append(f"{table} is not a table of names and values; correct it")
            continue
        for name, value in given.items():
            if value is None:
                remarks.append(f"{table}: {name} has no value; add it to [stages.{stage}.environment] if it needs one")
            elif looks_secret(str(name), str(value)):
                remarks.append(
                    f"{table}: {name} looks like a secret: run `webapp secrets set {name} --stage {stage}`, which "
                    f"adds it to [stages.{stage}.secrets]"
                )
            elif refusal := _refusal(str(name), str(value), stage, region):
                remarks.append(f"{table}: {refusal}")
            else:
                variables[str(name)] = str(value)
    if variables:
        remarks.append(
            f"variables in [stages.{stage}.environment]: {', '.join(variables)}; if one is secret, remove it there and "
            "run `webapp secrets set`"
        )
    return variables, remarks


def _refusal(name: str, value: str, stage: str, region: str) -> str:
    """Return why webapp.toml would refuse the variable, or an empty text."""
    try:
        read_own_settings({name: value}, {}, stage=stage, region=region)
    except UsageError as error:
        return str(error)
    return ""
