"""A function on the Data API serves requests through the stand-in, without any address of the database."""

from pathlib import Path

import pytest

from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.run.route_servers import RouteServers
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.config.database_url.url import parse_database_url
from tests.integration.compare.targets.conftest import NOTES


@pytest.fixture
def environ(notes_environ, notes_database, data_api) -> dict[str, str]:
    name = TargetName.parse("aws_lambda/per_request/data_api")
    database = parse_database_url(notes_database).name
    return RouteServers(data_api=data_api).environ(name, notes_environ(str(name)), database)


async def test_a_function_writes_and_reads_through_the_data_api(environ, notes_database, data_api, tmp_path: Path):
    assert "DATABASE_URL" not in environ
    workload = load_workload(NOTES)
    database = parse_database_url(notes_database).name
    before = data_api.calls(database)
    function = Function("notes", "django_runtimes.entrypoints.aws_lambda.handler", environ, tmp_path / "logs")

    async with LambdaTarget(function) as target, LoadGenerator(host=workload.application.host) as generator:
        outcomes = [
            await generator.single(target.url, request, ledger=Ledger("1a", 0)) for request in workload.requests
        ]

    assert [outcome.error for outcome in outcomes] == [None] * len(workload.requests)
    assert data_api.calls(database).since(before).calls >= len(workload.requests)
