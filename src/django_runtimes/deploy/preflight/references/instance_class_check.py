"""Whether RDS offers the database's class, with its version, in the region."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code
from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.configuration import FILE_NAME
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good

_PARAMETERS = ("Engine", "InstanceClass")
_ABSENT = {"InvalidParameterCombination", "InvalidParameterValue"}
_SERVERLESS = "db.serverless"
# What the template gives every instance.
_STORAGE = "gp3"
_NEEDED = {"SupportsStorageEncryption": "encryption"}
_INSIGHTS = {"SupportsPerformanceInsights": "Performance Insights"}
_TOKENS = {"SupportsIAMDatabaseAuthentication": "logins with tokens (Credentials = 'iam')"}
_STANDBY = {"MultiAZCapable": "a standby, which production has"}


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    context = stage.context
    # An existing database has no class in its template, and a running one keeps a class that RDS no longer offers.
    if not stage.value(DATABASE, "InstanceClass") or not _changes(stage):
        return
    system, form = context.database_system, stage.value(DATABASE, "Engine")
    version, aurora = system.version_parameter, form == "aurora"
    major = stage.value(DATABASE, version)
    wanted = _SERVERLESS if aurora else stage.value(DATABASE, "InstanceClass")
    engine = system.rds_engines[form]
    name = f"{'Aurora ' if aurora else ''}{system.product} {major} on {wanted}"
    options = _options(stage, engine, wanted)
    fitting = [each for each in options if system.major(each["EngineVersion"]) == major]
    if not fitting:
        offered = {system.major(each["EngineVersion"]) for each in options}
        others = [each for each in _versions(stage) if each in offered]
        choice = f"{version} to {' or '.join(others)}, or " if others else ""
        other = (
            "Engine to 'instance'"
            if aurora
            else f"InstanceClass to a class that it offers, such as {system.usual_class}"
        )
        yield bad(f"RDS does not offer {name} in {context.aws.region}", f"set {choice}{other}, in {FILE_NAME}")
        return
    lacking = [] if aurora else _lacking(stage, fitting)
    if lacking:
        yield bad(
            f"RDS offers {name} in {context.aws.region} without {', '.join(lacking)}",
            f"set InstanceClass to another class, such as {system.usual_class}, in {FILE_NAME}",
        )
    else:
        yield good(f"RDS offers {name}")


def _changes(stage: PlannedStage) -> bool:
    return stage.changes(DATABASE, *_PARAMETERS, stage.context.database_system.version_parameter)


def _options(stage: PlannedStage, engine: str, instance_class: str) -> list[Mapping[str, Any]]:
    """Return all offers of a class; RDS filters only by complete versions, and the template has a major one."""
    client = stage.context.aws.brief_client("rds")
    pages = client.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine=engine, DBInstanceClass=instance_class, Vpc=True
    )
    try:
        return [option for page in pages for option in page["OrderableDBInstanceOptions"]]
    except ClientError as error:
        if error_code(error) not in _ABSENT:
            raise
        return []


def _versions(stage: PlannedStage) -> Sequence[str]:
    """Return the versions that the template accepts."""
    declared = stage.context.templates[DATABASE.name].parameters[stage.context.database_system.version_parameter]
    return [str(each) for each in declared.get("AllowedValues", ())]


def _lacking(stage: PlannedStage, options: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what none of the offers has beside the others that the template needs."""
    needed = _NEEDED | (_INSIGHTS if stage.context.database_system.has_performance_insights else {})
    if stage.value(DATABASE, "Credentials") == "iam":
        needed |= _TOKENS
    if stage.value(DATABASE, "Production") == "yes":
        needed |= _STANDBY
    stored = [each for each in options if each.get("StorageType") == _STORAGE]
    if not stored:
        return [f"{_STORAGE} storage"]
    if any(all(each.get(key) for key in needed) for each in stored):
        return []
    return [text for key, text in needed.items() if not all(each.get(key) for each in stored)]


INSTANCE_CLASS = PreflightCheck("the database's class", ("rds:DescribeOrderableDBInstanceOptions",), _ask)
