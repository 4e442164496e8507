"""Old versions of a function with SnapStart are deleted after a release, since each of them costs money."""

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.deploy.catalogue import FARGATE, LAMBDA
from django_runtimes.deploy.steps.version_removal import remove_old_versions


class Functions:
    """The versions 1 to 5 in two pages, of which `alias` receives traffic; deleting `stuck` fails."""

    def __init__(self, alias: dict[str, Any], stuck: str = "") -> None:
        self.alias = alias
        self.stuck = stuck
        self.deleted: list[str] = []

    def get_alias(self, **given: str) -> dict[str, Any]:
        assert given == {"FunctionName": "shop-dev-web", "Name": "live"}
        return self.alias

    def get_paginator(self, operation: str) -> SimpleNamespace:
        assert operation == "list_versions_by_function"
        pages = [["$LATEST", "1", "2"], ["3", "4", "5"]]
        return SimpleNamespace(
            paginate=lambda **given: [{"Versions": [{"Version": each} for each in page]} for page in pages]
        )

    def delete_function(self, **given: str) -> None:
        if given["Qualifier"] == self.stuck:
            error = {"Code": "ResourceConflictException", "Message": "it is used by a trigger"}
            raise ClientError({"Error": error}, "DeleteFunction")
        self.deleted.append(given["Qualifier"])


class Stage:
    """A stage of this runtime, whose function has SnapStart or not, or whose templates lack the parameter."""

    def __init__(self, functions: Functions, snap_start: str | None = "yes", runtime: object = LAMBDA) -> None:
        self.runtime = runtime
        self.aws = SimpleNamespace(client=lambda service: functions)
        self.said: list[str] = []
        self.progress = SimpleNamespace(say=self.said.append)
        self.templates = {LAMBDA.name: SimpleNamespace(parameters={} if snap_start is None else {"SnapStart": {}})}
        self._snap_start = snap_start

    def value(self, stack: object, name: str) -> str | None:
        return self._snap_start

    def output(self, stack: object, name: str) -> str:
        return "shop-dev-web"


def removed(functions: Functions, stage: Stage) -> list[str]:
    remove_old_versions(stage)  # type: ignore[arg-type]
    return functions.deleted


def test_only_the_versions_with_traffic_stay():
    functions = Functions({"FunctionVersion": "5", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}})
    stage = Stage(functions)

    assert removed(functions, stage) == ["1", "2", "3"]
    assert stage.said[0] == "  deleted version 1 of shop-dev-web with its snapshot"


def test_nothing_is_deleted_without_snapshots():
    for stage in ({"snap_start": "no"}, {"snap_start": None}, {"runtime": FARGATE}):
        functions = Functions({"FunctionVersion": "5"})
        assert removed(functions, Stage(functions, **stage)) == []


def test_a_version_that_stays_is_named():
    functions = Functions({"FunctionVersion": "5"}, stuck="2")
    stage = Stage(functions)

    assert removed(functions, stage) == ["1", "3", "4"]
    assert stage.said[1].startswith("  version 2 of shop-dev-web keeps its snapshot, which costs money: ")
    assert stage.said[1].endswith("; the next deploy tries again")
