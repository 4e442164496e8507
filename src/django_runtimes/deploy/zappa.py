"""Converts Zappa's settings to webapp.toml, with a remark on each setting that has no equivalent."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.configuration import DEFAULT_STAGE

# The templates' stage for each common name of a Zappa stage.
_STAGES = {
    "dev": "dev",
    "develop": "dev",
    "development": "dev",
    "test": "dev",
    "qa": "staging",
    "stage": "staging",
    "staging": "staging",
    "live": "production",
    "prod": "production",
    "production": "production",
}
_TEMPLATE_STAGES = "dev, staging, production"
# The template's limits and defaults.
_SMALLEST_MB = 512
_LONGEST_REQUEST_S = 29
_PROXY_CONNECTIONS = 80
_LONGEST_PROJECT = 21

_IMAGE = "not needed: an image replaces the archive"
_VARIABLES = "run `webapp init --eject`, then add each to Environment in deploy/operations and the runtime's template"
_POLICY = "run `webapp init --eject`, then add each action to the role in deploy/lambda/template.yaml"
_DOMAIN = "set up by hand: a custom domain of API Gateway, or target aws_ecs with Domain and CertificateArn"
_REMARKS = {
    "app_function": "not needed: Django's application is found by its settings",
    "attach_policy": _POLICY,
    "aws_environment_variables": _VARIABLES,
    "base_path": _DOMAIN,
    "binary_support": "not needed: responses may be binary",
    "certificate": _DOMAIN,
    "certificate_arn": _DOMAIN,
    "certificate_chain": _DOMAIN,
    "certificate_key": _DOMAIN,
    "delete_local_zip": _IMAGE,
    "delete_s3_zip": _IMAGE,
    "django_settings": "set settings in [tool.webapp] of pyproject.toml, and DJANGO_SETTINGS_MODULE in the Dockerfile",
    "environment_variables": _VARIABLES,
    "exclude": "use .dockerignore",
    "exclude_glob": "use .dockerignore",
    "extra_permissions": _POLICY,
    "keep_warm_expression": "the schedule is every 5 minutes",
    "lambda_handler": _IMAGE,
    "layers": "not with images: install it in the Dockerfile",
    "lets_encrypt_key": _DOMAIN,
    "log_level": "use Django's LOGGING",
    "manage_roles": "the templates create a role for each job",
    "remote_env": _VARIABLES,
    "role_arn": "the templates create a role for each job",
    "role_name": "the templates create a role for each job",
    "route53_enabled": _DOMAIN,
    "runtime": "set BASE_IMAGE in the Dockerfile",
    "s3_bucket": _IMAGE,
    "slim_handler": _IMAGE,
    "touch": "/readyz and one page are tested after every deploy",
    "use_precompiled_packages": _IMAGE,
    "vpc_config": "the stack network creates a VPC; Egress decides how it reaches the internet",
}
_CONVERTED = {
    "aws_region",
    "domain",
    "extends",
    "keep_warm",
    "lambda_concurrency",
    "memory_size",
    "project_name",
    "touch_path",
}


@dataclass(frozen=True)
class ConvertedSettings:
    """The settings for webapp.toml; `stages` maps each stage to the parameters of its stack lambda."""

    project: str | None = None
    region: str | None = None
    page: str | None = None
    stages: dict[str, dict[str, int | str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def convert_settings(settings: Mapping[str, Mapping[str, Any]]) -> ConvertedSettings:
    """Convert Zappa's stages, after resolving `extends`; the first one determines project, region and page.

    Raise UsageError for a value that Zappa would not accept either.
    """
    contents = {name: _extended(settings, name) for name in settings}
    named = _named_stages(settings)
    stages: dict[str, dict[str, int | str]] = {}
    remarks: list[str] = []
    first: Mapping[str, Any] = contents[next(iter(named))] if named else {}
    for name, content in contents.items():
        if name not in named:
            alias = _STAGES.get(name.lower())
            reason = "is not a stage of the templates" if alias is None else f"would be a second {alias}"
            remarks.append(f"{name}: {reason}; skipped")
            continue
        try:
            stages[named[name]] = _parameters(content)
            if name.lower() not in _STAGES:
                remarks.append(f"{name}: becomes the stage {named[name]}; the templates have {_TEMPLATE_STAGES}")
            remarks += [f"{name}: {remark}" for remark in _remarks(content)]
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None
        if content.get("aws_region", first.get("aws_region")) != first.get("aws_region"):
            remarks.append(f"{name}: aws_region: all stages are in one region, the registry's")
    return ConvertedSettings(
        project_of(_text(first, "project_name")),
        _text(first, "aws_region"),
        _text(first, "touch_path"),
        stages,
        remarks,
    )


def _named_stages(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Map each Zappa stage that matches one of the templates' stages to that stage's name, in the file's order."""
    taken: dict[str, str] = {}
    # A stage with exactly the template's name takes precedence over a synonym.
    for name in sorted(settings, key=lambda name: _STAGES.get(name.lower()) != name.lower()):
        stage = _STAGES.get(name.lower())
        if stage is not None and stage not in taken.values():
            taken[name] = stage
    if not taken:
        parents = {content.get("extends") for content in settings.values() if isinstance(content.get("extends"), str)}
        # Only the first is converted, since the others may be separate functions.
        taken = dict.fromkeys([name for name in settings if name not in parents][:1], DEFAULT_STAGE)
    return {name: taken[name] for name in settings if name in taken}


def _parameters(content: Mapping[str, Any]) -> dict[str, int | str]:
    parameters: dict[str, int | str] = {}
    if memory_mb := _whole(content, "memory_size"):
        parameters["MemoryMb"] = max(memory_mb, _SMALLEST_MB)
    if concurrency := _whole(content, "lambda_concurrency"):
        parameters["ReservedConcurrency"] = concurrency
    # Zappa keeps functions warm by default.
    if content.get("keep_warm", True):
        parameters["WarmUp"] = "yes"
    if domain := _text(content, "domain"):
        parameters["Hosts"] = domain
    return parameters


def _remarks(content: Mapping[str, Any]) -> Iterator[str]:
    for name, value in content.items():
        if name in {"environment_variables", "aws_environment_variables"} and isinstance(value, Mapping):
            # The values may be secrets, so only the names are printed.
            yield f"{name} ({', '.join(value)}): {_VARIABLES}"
        elif name == "events":
            yield "events: use ScheduledCommand for one management command a night, EventBridge schedules for others"
        elif name == "profile_name":
            yield f"profile_name: set AWS_PROFILE={value}"
        elif name == "timeout_seconds":
            if _whole(content, name) > _LONGEST_REQUEST_S:
                yield f"timeout_seconds: a request has {_LONGEST_REQUEST_S} s here, since the HTTP API ends it at 30"
        elif name not in _CONVERTED:
            yield f"{name}: {_REMARKS.get(name, 'has no equivalent')}"
    if 0 < _whole(content, "memory_size") < _SMALLEST_MB:
        yield f"memory_size: raised to {_SMALLEST_MB}, the template's minimum"
    if _whole(content, "lambda_concurrency") > _PROXY_CONNECTIONS:
        yield "lambda_concurrency: also raise MaxConnections and ProxyMaxConnections (`webapp docs database`)"
    if content.get("domain"):
        yield f"domain: the application accepts it, but it must be {_DOMAIN}"


def _extended(settings: Mapping[str, Mapping[str, Any]], name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    content = settings[name]
    parent = content.get("extends")
    if parent is None or parent in seen:
        return dict(content)
    if not isinstance(parent, str) or parent not in settings:
        raise UsageError(f"{name}: extends = {parent!r} is not a stage of this file; it has {', '.join(settings)}")
    return {**_extended(settings, parent, (*seen, name)), **content}


def _whole(content: Mapping[str, Any], name: str) -> int:
    """Return a whole number, or 0 if it is not set."""
    value = content.get(name) or 0
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", str(value)):
        raise UsageError(f"{name} = {value!r} is not a whole number; correct it, or remove it")
    return int(value)


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} = {value!r} is not a string; correct it, or remove it")
    return value


def project_of(name: str | None) -> str | None:
    """Return a name as a valid project name, or None if too little of it is valid."""
    text = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).lstrip("-0123456789")[:_LONGEST_PROJECT].rstrip("-")
    return text if len(text) > 1 else None
