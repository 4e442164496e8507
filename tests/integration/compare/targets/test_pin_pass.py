"""The statements that would pin are read on the way from a target to its database."""

import secrets

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.pins.pin_pass import count_pins
from django_runtimes.compare.pins.statement_relay import StatementRelay
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.pinning.rules import Statement, pinning_rules
from tests.integration.compare.targets.conftest import NOTES


async def test_the_relay_forwards_connections_and_notes_their_statements(database_server):
    server = conninfo_to_dict(database_server.url(database_server.maintenance_database))
    noted: list[Statement] = []

    async with (
        StatementRelay(str(server["host"]), int(server["port"]), noted.append) as relay,
        await psycopg.AsyncConnection.connect(
            **{**server, "host": relay.host, "port": relay.port, "sslmode": "prefer"},
            autocommit=True,
            prepare_threshold=1,
        ) as connection,
    ):
        await connection.execute("SET work_mem = '8MB'")
        rows = [await (await connection.execute("SELECT %s::int", [number])).fetchone() for number in range(3)]
        async with connection.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
            copied = [row async for row in copy.rows()]

    assert rows == [(0,), (1,), (2,)]
    assert copied == [("1",)]
    found = [[rule.name for rule in pinning_rules(statement)] for statement in noted if pinning_rules(statement)]
    # psycopg prepares the statement when it is executed for the second time.
    assert found == [["session setting"], *[["prepared statement"]] * 3]


async def test_a_target_gets_each_request_twelve_times(notes_environ, tmp_path):
    workload = load_workload(NOTES)

    async with LoadGenerator(host=workload.application.host) as generator:
        pins = await count_pins(
            notes_environ("aws_ecs/pool/direct"),
            lambda environ: ContainerTarget(environ, log=tmp_path / "server.log"),
            workload,
            generator,
            Ledger(secrets.token_hex(4), 0),
        )

    assert pins.requests == 12 * len(workload.requests)
    assert pins.statements >= pins.requests
    # On the direct route the pool resets a session in which the application ran SQL of its own.
    assert pins.rules == {"discard": 12}


async def test_a_target_that_does_not_start_is_an_error(notes_environ, tmp_path):
    workload = load_workload(NOTES)
    environ = notes_environ("aws_ecs/pool/direct") | {"WEBAPP_DB_POOL_MAX_SIZE": "none"}

    async with LoadGenerator(host=workload.application.host) as generator:
        with pytest.raises(CompareError, match="WEBAPP_DB_POOL_MAX_SIZE='none'"):
            await count_pins(
                environ,
                lambda moved: ContainerTarget(moved, log=tmp_path / "server.log"),
                workload,
                generator,
                Ledger(secrets.token_hex(4), 0),
            )
