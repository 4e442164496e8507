"""Reads `webapp.toml`, the verbs' configuration; they read everything else from AWS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.text_files.toml_file import read_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DeployTarget
from django_runtimes.deploy.derived_names import refuse_long_names
from django_runtimes.deploy.existing_resources import ExistingResources
from django_runtimes.deploy.stage_settings import (
    StageSettings,
    checked_account,
    checked_target,
    read_stage,
    refuse_unknown_keys,
    table_in,
)

FILE_NAME = "webapp.toml"
DEFAULT_STAGE = "dev"
DEFAULT_PAGE = "/"
DEFAULT_SMOKE_TIMEOUT_S = 60.0

# The templates have the same rule for their parameter Project.
_PROJECT = re.compile(r"(?=.{2,21}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEYS = ("project", "region", "account", "page", "smoke_timeout_s", "parameters", "stages")


@dataclass(frozen=True)
class Configuration:
    """The contents of webapp.toml; `parameters` is kept as written, with the parameters of one stack in each table."""

    directory: Path
    project: str
    region: str
    page: str
    smoke_timeout_s: float
    parameters: Mapping[str, Any]
    stages: Mapping[str, StageSettings]


@dataclass(frozen=True)
class Deployment:
    """One target of one stage."""

    configuration: Configuration
    stage: str
    target: DeployTarget

    @property
    def settings(self) -> StageSettings:
        """The stage's table."""
        return self.configuration.stages[self.stage]

    @property
    def existing(self) -> ExistingResources:
        """What the stage takes over."""
        return self.settings.existing


def find_configuration(start: Path) -> Path | None:
    """Return the file in `start` or in the nearest folder above, or None."""
    return next((path for folder in (start, *start.parents) if (path := folder / FILE_NAME).is_file()), None)


def load_configuration(start: Path) -> Configuration:
    """Load the file in `start` or in the nearest folder above; raise UsageError if it is missing or invalid."""
    path = find_configuration(start) or start / FILE_NAME
    content = read_toml(path, remedy="run `webapp deploy init`, or change to the project's folder")
    return parse_configuration(content, path.parent)


def parse_configuration(content: Mapping[str, Any], directory: Path) -> Configuration:
    """Validate the file's content; raise UsageError for any mistake."""
    refuse_unknown_keys(content, _KEYS, FILE_NAME)
    stages = table_in(content, "stages", FILE_NAME)
    if not stages:
        raise UsageError(f'{FILE_NAME} has no stage; add one, such as [stages.dev] with target = "aws_lambda"')
    project = checked_project(_text(content, "project"))
    account = checked_account(content["account"], "account") if "account" in content else None
    region = _text(content, "region")
    read = {
        name: read_stage(name, table_in(stages, name, FILE_NAME), account=account, region=region) for name in stages
    }
    for name in read:
        refuse_long_names(project, name)
    return Configuration(
        directory=directory,
        project=project,
        region=region,
        page=checked_page(content.get("page", DEFAULT_PAGE)),
        smoke_timeout_s=_seconds(content.get("smoke_timeout_s", DEFAULT_SMOKE_TIMEOUT_S)),
        parameters=table_in(content, "parameters", FILE_NAME),
        stages=read,
    )


def choose_deployment(configuration: Configuration, stage: str | None, target: str | None) -> Deployment:
    """Return the deployment for --stage (default: the only stage, or `dev`) and --target (default: the stage's own)."""
    if stage is None:
        stage = next(iter(configuration.stages)) if len(configuration.stages) == 1 else DEFAULT_STAGE
    if stage not in configuration.stages:
        known = ", ".join(configuration.stages)
        raise UsageError(f"stage '{stage}' is not in {FILE_NAME}; choose from {known}, or add [stages.{stage}] to it")
    chosen = configuration.stages[stage].target if target is None else checked_target(target, "--target")
    return Deployment(configuration, stage, chosen)


def checked_project(text: object) -> str:
    """Validate a project's name, from which all names in AWS are built."""
    if not isinstance(text, str) or not _PROJECT.fullmatch(text):
        raise UsageError(
            f"project {text!r} is not a valid name in AWS; use 2 to 21 lowercase letters, digits and "
            "single hyphens between them, starting with a letter"
        )
    return text


def checked_page(text: object) -> str:
    """Validate the path of a page."""
    if not isinstance(text, str) or not text.startswith("/"):
        raise UsageError(f"page {text!r} is not a path; start it with a slash, as in /about/")
    return text


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{FILE_NAME} has no {name}; add it, as a string in quotes")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise UsageError(f"smoke_timeout_s = {value!r} is not a number of seconds above 0 and up to 3600")
    return float(value)
