"""Reads `webapp.toml`, the verbs' configuration; they read everything else from AWS."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django_runtimes.cli.toml_file import known_key, read_toml
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.catalogue import DeployTarget

FILE_NAME = "webapp.toml"
STAGES = ("dev", "staging", "production")
DEFAULT_STAGE = "dev"
DEFAULT_PAGE = "/"
DEFAULT_SMOKE_TIMEOUT_S = 60.0

# The templates have the same rule for their parameter Project.
_PROJECT = re.compile(r"(?=.{2,21}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEYS = ("project", "region", "page", "smoke_timeout_s", "parameters", "stages")
_STAGE_KEYS = ("target", "parameters")


@dataclass(frozen=True)
class Configuration:
    """The contents of webapp.toml; `parameters` is kept as written, with the parameters of one stack in each table."""

    directory: Path
    project: str
    region: str
    page: str
    smoke_timeout_s: float
    parameters: Mapping[str, Any]
    targets: Mapping[str, DeployTarget]
    stage_parameters: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Deployment:
    """One target of one stage."""

    configuration: Configuration
    stage: str
    target: DeployTarget


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
    _refuse_unknown(content, _KEYS, FILE_NAME)
    stages = _table(content, "stages", FILE_NAME)
    if not stages:
        raise UsageError(f'{FILE_NAME} has no stage; add one, such as [stages.dev] with target = "aws_lambda"')
    for name in stages:
        if name not in STAGES:
            raise UsageError(f"[stages.{name}] is not a stage of the templates; choose from {', '.join(STAGES)}")
        _refuse_unknown(_table(stages, name, FILE_NAME), _STAGE_KEYS, f"[stages.{name}]")
    return Configuration(
        directory=directory,
        project=checked_project(_text(content, "project")),
        region=_text(content, "region"),
        page=checked_page(content.get("page", DEFAULT_PAGE)),
        smoke_timeout_s=_seconds(content.get("smoke_timeout_s", DEFAULT_SMOKE_TIMEOUT_S)),
        parameters=_table(content, "parameters", FILE_NAME),
        targets={
            name: checked_target(stage.get("target"), f"[stages.{name}] target") for name, stage in stages.items()
        },
        stage_parameters={name: _table(stage, "parameters", f"[stages.{name}]") for name, stage in stages.items()},
    )


def choose_deployment(configuration: Configuration, stage: str | None, target: str | None) -> Deployment:
    """Return the deployment for --stage (default: the only stage, or `dev`) and --target (default: the stage's own)."""
    if stage is None:
        stage = next(iter(configuration.targets)) if len(configuration.targets) == 1 else DEFAULT_STAGE
    if stage not in configuration.targets:
        known = ", ".join(configuration.targets)
        raise UsageError(f"stage '{stage}' is not in {FILE_NAME}; choose from {known}, or add [stages.{stage}] to it")
    chosen = configuration.targets[stage] if target is None else checked_target(target, "--target")
    return Deployment(configuration, stage, chosen)


def checked_project(text: object) -> str:
    """Validate a project's name, from which all names in AWS are built."""
    if not isinstance(text, str) or not _PROJECT.fullmatch(text):
        raise UsageError(
            f"project {text!r} is not a valid name in AWS; use 2 to 21 lowercase letters, digits and "
            "single hyphens between them, starting with a letter"
        )
    return text


def checked_target(text: object, name: str) -> DeployTarget:
    """Return the target with this name."""
    if text in list(DeployTarget):
        return DeployTarget(str(text))
    raise UsageError(f"{name} {text!r} is not a target; choose from {', '.join(DeployTarget)}")


def checked_page(text: object) -> str:
    """Validate the path of a page."""
    if not isinstance(text, str) or not text.startswith("/"):
        raise UsageError(f"page {text!r} is not a path; start it with a slash, as in /about/")
    return text


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    for name in table.keys() - set(known):
        raise UsageError(f"{place} has no key '{name}'; {known_key(name, known)}")


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{FILE_NAME} has no {name}; add it, as a string in quotes")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise UsageError(f"smoke_timeout_s = {value!r} is not a number of seconds above 0 and up to 3600")
    return float(value)


def _table(content: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"{place}: {name} = {value!r} is not a table; write it as [{name}]")
    return value
