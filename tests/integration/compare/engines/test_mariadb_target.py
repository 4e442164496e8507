"""A target on MariaDB: its database is a copy of a migrated one, and its connections and rows are counted."""

import secrets
from contextlib import ExitStack
from pathlib import Path

import pytest

from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.codebase.preparation import prepare_application
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.engines.mariadb_compared import MARIADB_COMPARED
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.name import TargetName
from tests.guestbook import guestbook_workload

pytestmark = pytest.mark.profile_free


@pytest.fixture(scope="module")
def static_root(tmp_path_factory) -> Path:
    """The folder of the collected static files, which pages refer to."""
    return tmp_path_factory.mktemp("static")


@pytest.fixture(scope="module")
def template(compared_mariadb, static_root) -> str:
    """The name of the guestbook's migrated and filled database."""
    name = f"webapp_{secrets.token_hex(4)}"
    MARIADB_COMPARED.create_database(compared_mariadb, name)
    application = guestbook_workload().application
    url = compared_mariadb.application_url(name)
    environ = application_environ(application, database_url=url, static_root=static_root)
    prepare_application(application, environ, log=static_root.with_name("prepare.log"))
    return name


@pytest.mark.parametrize(("strategy", "opens_per_request"), [("per_request", True), ("persistent", False)])
async def test_the_connections_and_rows_of_a_function_are_counted(
    compared_mariadb, template, static_root, tmp_path: Path, strategy: str, opens_per_request: bool
):
    workload, name = guestbook_workload(), TargetName.parse(f"aws_lambda/{strategy}/direct@mysql")
    database, ledger = f"{template}_{strategy}", Ledger("1a", 0)
    url = compared_mariadb.application_url(database)
    environ = application_environ(workload.application, database_url=url, static_root=static_root)
    function = Function(
        "guestbook", "django_runtimes.entrypoints.aws_lambda.handler", target_environ(name, environ, None), tmp_path
    )
    with ExitStack() as stack:
        MARIADB_COMPARED.create_database(compared_mariadb, database, template=template)
        stack.callback(MARIADB_COMPARED.drop_database, compared_mariadb, database)
        sampler = ConnectionSampler(MARIADB_COMPARED.counter(compared_mariadb), [database])
        async with (
            sampler,
            LambdaTarget(function) as target,
            LoadGenerator(host=workload.application.host) as generator,
        ):
            before = await sampler.opened(database)
            requests = [request for request in workload.requests for _ in range(3)]
            outcomes = [await generator.single(target.url, request, ledger=ledger) for request in requests]
            opened = await sampler.opened(database) - before
        keys = MARIADB_COMPARED.found_keys(compared_mariadb.url(database), workload.rows.keys_sql)

    assert [outcome.error for outcome in outcomes] == [None] * len(requests)
    assert opened == (len(requests) if opens_per_request else 1)
    counted = ledger.reconcile(keys)
    assert (counted.violations, len(keys)) == ((), sum(request.scenario == "write" for request in requests))
    assert keys
