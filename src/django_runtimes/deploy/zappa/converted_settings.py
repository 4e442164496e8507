"""Converts Zappa's settings to webapp.toml, with a remark on each setting that has no equivalent."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.derived_names import LONGEST_PROJECT_AND_STAGE
from django_runtimes.deploy.stage_settings import production_key
from django_runtimes.deploy.zappa.network_table import convert_network
from django_runtimes.deploy.zappa.own_environment import convert_variables
from django_runtimes.deploy.zappa.replacements import CONVERTED, REPLACEMENTS
from django_runtimes.deploy.zappa.scheduled_events import convert_events
from django_runtimes.deploy.zappa.stage_remarks import StageRemark, group_remarks
from django_runtimes.deploy.zappa.stage_tables import ZappaStage, find_stages

# The template's limits and defaults.
_SMALLEST_MB, _LARGEST_MB = 512, 10_240
_LONGEST_REQUEST_S = 29
_PROXY_CONNECTIONS = 80
_LONGEST_PROJECT = 21
# These settings are of the whole file in webapp.toml.
_OF_FILE = {"project_name": "project", "touch_path": "page"}
# Only these names are shown with the remark, since values may be secrets.
_NAMED = ("callbacks", "tags")


# Returns the VPC of subnets in a region, or None.
FindVpc = Callable[[str, Sequence[str]], str | None]


def _find_no_vpc(region: str, subnets: Sequence[str]) -> str | None:
    return None


@dataclass(frozen=True)
class ConvertedSettings:
    """The settings for webapp.toml; `stages` maps each stage to its table, without the target."""

    project: str | None = None
    region: str | None = None
    page: str | None = None
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def convert_settings(
    settings: Mapping[str, Mapping[str, Any]], *, chosen: str | None = None, find_vpc: FindVpc = _find_no_vpc
) -> ConvertedSettings:
    """Convert Zappa's stages, or only the chosen one, after resolving `extends`.

    The first one determines project, region and page. `find_vpc` returns the VPC of a region's subnets, if it knows it.
    Every setting is either converted or in a remark, and equal remarks on several stages are one. Raise UsageError for
    a value that Zappa would not accept either.
    """
    found, remarks = find_stages(settings, chosen)
    first: Mapping[str, Any] = found[0].settings if found else {}
    regional = next((stage.settings for stage in found if stage.settings.get("aws_region")), first)
    stages: dict[str, dict[str, Any]] = {}
    of_stages: list[StageRemark] = []
    for stage in found:
        region = stage.settings.get("aws_region")
        if region and region != regional.get("aws_region"):
            remarks.append(
                f"{stage.zappa_name}: is left out, since its aws_region = {region!r} differs from the first stage's, "
                f"and webapp.toml has one region; run `webapp init --deploy --stage {stage.zappa_name}` in another "
                "copy of the project"
            )
            continue
        try:
            stages[stage.name], more = _converted(stage, _text(regional, "aws_region"), find_vpc)
        except UsageError as error:
            raise UsageError(f"{stage.zappa_name}: {error}") from None
        more += _differences(stage.settings, first)
        of_stages += [StageRemark(stage.zappa_name, stage.name, remark) for remark in more]
    longest = max(map(len, stages), default=0)
    return ConvertedSettings(
        project_of(_text(first, "project_name"), min(_LONGEST_PROJECT, LONGEST_PROJECT_AND_STAGE - longest)),
        _text(regional, "aws_region"),
        _page(_text(first, "touch_path")),
        stages,
        [*remarks, *group_remarks(of_stages)],
    )


def _converted(stage: ZappaStage, region: str | None, find_vpc: FindVpc) -> tuple[dict[str, Any], list[str]]:
    content = stage.settings
    environment, of_variables = convert_variables(content, stage.name, region or "us-east-1")
    events = convert_events(content.get("events", []), stage.name)
    network, of_network = convert_network(
        content.get("vpc_config"), stage.name, lambda subnets: find_vpc(region or "us-east-1", subnets)
    )
    parameters: dict[str, Any] = {}
    if architecture := _architecture(content):
        parameters["Architecture"] = architecture
    if of_function := _of_function(content):
        parameters["lambda"] = of_function
    tables = {
        "parameters": parameters,
        "network": network,
        "environment": environment,
        "schedules": events.schedules,
    }
    table = {**production_key(stage.name), **{name: part for name, part in tables.items() if part}}
    return table, [*_remarks(content), *of_network, *of_variables, *events.remarks]


def _of_function(content: Mapping[str, Any]) -> dict[str, int | str]:
    parameters: dict[str, int | str] = {}
    if memory_mb := _whole(content, "memory_size"):
        parameters["MemoryMb"] = min(max(memory_mb, _SMALLEST_MB), _LARGEST_MB)
    if concurrency := _whole(content, "lambda_concurrency"):
        parameters["ReservedConcurrency"] = concurrency
    # Zappa keeps functions warm by default.
    if content.get("keep_warm", True):
        parameters["WarmUp"] = "yes"
    if domain := _text(content, "domain"):
        parameters["Hosts"] = domain
    if content.get("function_url_enabled") and not _has_api(content):
        parameters["FrontDoor"] = "function_url"
    return parameters


def _has_api(content: Mapping[str, Any]) -> bool:
    return bool(content.get("apigateway_enabled", content.get("use_apigateway", True)))


def _architecture(content: Mapping[str, Any]) -> str | None:
    value = content.get("architecture")
    # Lambda's own name for the setting is a list of one.
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if value in {None, "x86_64", "arm64"}:
        return value
    raise UsageError(f"architecture = {value!r} is neither x86_64 nor arm64; correct it, or remove it")


def _remarks(content: Mapping[str, Any]) -> Iterator[str]:
    for name, value in content.items():
        if name == "profile_name":
            yield f"profile_name: set AWS_PROFILE={value}"
        elif name == "timeout_seconds":
            wanted_s = _whole(content, name)
            yield f"timeout_seconds = {wanted_s}: a request has {_LONGEST_REQUEST_S} s; the HTTP API ends it at 30"
        elif name in _NAMED and isinstance(value, Mapping):
            yield f"{name} ({', '.join(map(str, value))}): {REPLACEMENTS[name]}"
        elif name not in CONVERTED:
            yield f"{name}: {REPLACEMENTS.get(name, 'has no equivalent')}"
    if 0 < _whole(content, "memory_size") < _SMALLEST_MB:
        yield f"memory_size: raised to {_SMALLEST_MB}, the template's minimum"
    if _whole(content, "memory_size") > _LARGEST_MB:
        yield f"memory_size: lowered to {_LARGEST_MB}, Lambda's maximum"
    if _whole(content, "lambda_concurrency") > _PROXY_CONNECTIONS:
        yield "lambda_concurrency: also raise MaxConnections and ProxyMaxConnections (webapp docs database)"
    if content.get("domain"):
        yield f"domain: the application accepts it, but it must be {REPLACEMENTS['base_path']}"
    if content.get("function_url_enabled") and _has_api(content):
        yield "function_url_enabled: to use the URL instead of the HTTP API, set FrontDoor = function_url"
    if not content.get("function_url_enabled") and not _has_api(content):
        name = "apigateway_enabled" if "apigateway_enabled" in content else "use_apigateway"
        yield f"{name}: a stage always has an address, here an HTTP API"


def _differences(content: Mapping[str, Any], first: Mapping[str, Any]) -> Iterator[str]:
    """Yield remarks on settings of the whole file that differ from those of the first stage."""
    for name, key in _OF_FILE.items():
        if name in content and content[name] != first.get(name):
            yield (
                f"{name} = '{_text(content, name)}' differs from the first stage's, and webapp.toml has one {key}; put "
                "this stage into a webapp.toml in a folder of its own"
            )


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
    return value or None


def _page(path: str | None) -> str | None:
    """Return the path with a slash before it, which Zappa does not need."""
    return None if path is None else f"/{path.removeprefix('/')}"


def project_of(name: str | None, longest: int = _LONGEST_PROJECT) -> str | None:
    """Return a name as a valid project name, or None if too little of it is valid."""
    text = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).lstrip("-0123456789")[:longest].rstrip("-")
    return text if len(text) > 1 else None
