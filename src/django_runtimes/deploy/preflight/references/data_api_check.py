"""Whether the region has the Data API and clusters that pause, for the version of PostgreSQL that RDS will install."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good
from django_runtimes.deploy.templates.database_route import DATA_API_PARAMETER, DATA_API_ROUTE, ROUTE

_ENGINE, _CLASS = "aurora-postgresql", "db.serverless"
_PARAMETERS = ("Engine", "MajorVersion", "MinAcu", DATA_API_PARAMETER)
_ABSENT = {"InvalidParameterCombination", "InvalidParameterValue"}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    # The checks of an existing database ask whether its cluster answers.
    if not context.has_data_api or context.deployment.existing.has_database:
        return
    if not stage.changes(DATABASE, *_PARAMETERS):
        return
    major, region = stage.value(DATABASE, "MajorVersion"), context.aws.region
    found = _default_version(stage, major)
    if found is None:
        # The check of the database's class names the versions that the region has.
        return
    name = f"Aurora PostgreSQL {found['EngineVersion']}"
    other = f"set MajorVersion to another version, or choose another region, in {FILE_NAME}"
    lacking = False
    if not _answers_calls(stage, found["EngineVersion"]):
        lacking = True
        yield bad(f"{name} has no Data API in {region}", f"{other}, or remove {ROUTE} = '{DATA_API_ROUTE}'")
    pauses = float(stage.value(DATABASE, "MinAcu")) == 0
    if pauses and _least_capacity(found) > 0:
        lacking = True
        yield bad(f"{name} does not pause in {region}", f"{other}, or MinAcu to 0.5 (43.80 USD per month)")
    if not lacking:
        yield good(f"{name} has the Data API" + (", and pauses when idle" if pauses else ""))


def _default_version(stage: PlannedStage, major: str) -> Mapping[str, Any] | None:
    """Return the minor version that RDS installs for the major one, or None if it offers none."""
    client = stage.context.aws.brief_client("rds")
    try:
        found = client.describe_db_engine_versions(Engine=_ENGINE, EngineVersion=major, DefaultOnly=True)
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        return None
    versions = found["DBEngineVersions"]
    return versions[0] if versions else None


def _answers_calls(stage: PlannedStage, version: str) -> bool:
    """Return whether a serverless instance of this version can have the HTTP endpoint."""
    client = stage.context.aws.brief_client("rds")
    pages = client.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine=_ENGINE, EngineVersion=version, DBInstanceClass=_CLASS, Vpc=True
    )
    try:
        options = [option for page in pages for option in page["OrderableDBInstanceOptions"]]
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        return False
    return any(option.get("SupportsHttpEndpoint") for option in options)


def _least_capacity(version: Mapping[str, Any]) -> float:
    return float(version.get("ServerlessV2FeaturesSupport", {}).get("MinCapacity", 1))


DATA_API = PreflightCheck(
    "the Data API", ("rds:DescribeDBEngineVersions", "rds:DescribeOrderableDBInstanceOptions"), _ask
)
