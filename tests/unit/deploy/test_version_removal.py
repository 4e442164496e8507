"""Old versions of a function are deleted after a release if each of them costs money."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from django_runtimes.deploy.catalogue import FARGATE, LAMBDA
from django_runtimes.deploy.steps.version_removal import remove_old_versions


class Functions:
    """The versions 1 to 5 in two pages, of which `alias` receives traffic; deleting `stuck` fails."""

    def __init__(self, alias: dict[str, Any], stuck: str = "", unnumbered: tuple[str, ...] = ()) -> None:
        self.alias = alias
        self.unnumbered = unnumbered
        self.stuck = stuck
        self.deleted: list[str] = []

    def get_alias(self, **given: str) -> dict[str, Any]:
        assert given == {"FunctionName": "shop-dev-web", "Name": "live"}
        return self.alias

    def get_paginator(self, operation: str) -> SimpleNamespace:
        assert operation == "list_versions_by_function"
        pages = [["$LATEST", *self.unnumbered, "1", "2"], ["3", "4", "5"]]
        return SimpleNamespace(
            paginate=lambda **given: [{"Versions": [{"Version": each} for each in page]} for page in pages]
        )

    def delete_function(self, **given: str) -> None:
        if given["Qualifier"] == self.stuck:
            error = {"Code": "ResourceConflictException", "Message": "it is used by a trigger"}
            raise ClientError({"Error": error}, "DeleteFunction")
        self.deleted.append(given["Qualifier"])


class Stage:
    """A stage of this runtime, with these parameters; its templates lack all others."""

    def __init__(self, functions: Functions, runtime: object = LAMBDA, **parameters: str) -> None:
        self.runtime = runtime
        self.aws = SimpleNamespace(client=lambda service: functions)
        self.said: list[str] = []
        self.progress = SimpleNamespace(say=self.said.append)
        self.templates = {LAMBDA.name: SimpleNamespace(parameters=parameters)}
        self._parameters = parameters

    def value(self, stack: object, name: str) -> str:
        return self._parameters[name]

    def output(self, stack: object, name: str) -> str:
        return "shop-dev-web"


def removed(functions: Functions, stage: Stage) -> list[str]:
    remove_old_versions(stage)  # type: ignore[arg-type]
    return functions.deleted


def test_only_the_versions_with_traffic_stay():
    functions = Functions({"FunctionVersion": "5", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}})
    stage = Stage(functions, SnapStart="yes")

    assert removed(functions, stage) == ["1", "2", "3"]
    assert stage.said[0] == "  deleted version 1 of shop-dev-web with its snapshot"


def test_on_managed_instances_the_unnumbered_version_costs_as_much():
    functions = Functions({"FunctionVersion": "5"}, unnumbered=("$LATEST.PUBLISHED",))
    stage = Stage(functions, SnapStart="no", ManagedInstances="yes")

    assert removed(functions, stage) == ["$LATEST.PUBLISHED", "1", "2", "3", "4"]
    assert stage.said[1] == "  deleted version 1 of shop-dev-web with its execution environments"


@pytest.mark.parametrize(
    ("runtime", "parameters"),
    [(LAMBDA, {"SnapStart": "no", "ManagedInstances": "no"}), (LAMBDA, {}), (FARGATE, {"SnapStart": "yes"})],
)
def test_nothing_is_deleted_if_versions_cost_nothing(runtime: object, parameters: dict[str, str]):
    functions = Functions({"FunctionVersion": "5"})

    assert removed(functions, Stage(functions, runtime, **parameters)) == []


def test_a_version_that_stays_is_named():
    functions = Functions({"FunctionVersion": "5"}, stuck="2")
    stage = Stage(functions, SnapStart="yes")

    assert removed(functions, stage) == ["1", "3", "4"]
    assert stage.said[1].startswith("  version 2 of shop-dev-web stays with its snapshot, and goes on costing money: ")
    assert stage.said[1].endswith("; the next deploy tries again")
