"""compose.yaml provides everything that the image needs, and its PgBouncer works with the image."""

from collections.abc import Iterator, Mapping
from signal import SIGTERM
from typing import Any

import pytest
import yaml

from django_runtimes.cli import ports, processes
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.run_directory import run_directory
from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.variables.table import VARIABLES
from tests.image.containers import run_container
from tests.image.podman import CHECKOUT
from tests.listening import listening
from tests.prerequisites import require_program

_ROUTE = "${WEBAPP_DB_ROUTE:-direct}"


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    return yaml.safe_load((CHECKOUT / "compose.yaml").read_text())


@pytest.fixture
def database(database_server) -> Iterator[str]:
    """Return the URL of a database with the name in PgBouncer's configuration."""
    create_database(database_server, "webapp")
    yield database_server.url("webapp")
    drop_database(database_server, "webapp")


@pytest.fixture
def pgbouncer(compose, database) -> Iterator[int]:
    """Return the port of a PgBouncer with the configuration in compose.yaml, apart from addresses and the login."""
    require_program("pgbouncer")
    server, port = parse_database_url(database), ports.free_port()
    account = processes.server_account()
    with run_directory(account) as directory:
        users, configuration = directory / "users.txt", compose["configs"]["pgbouncer"]["content"]
        for theirs, ours in (
            ("host=postgres port=5432", f"host={server.host} port={server.port}"),
            ("listen_addr = *", "listen_addr = 127.0.0.1"),
            ("listen_port = 5432", f"listen_port = {port}\nunix_socket_dir ="),
            ("auth_type = scram-sha-256", "auth_type = trust"),
            ("/etc/webapp/users.txt", str(users)),
        ):
            assert configuration.count(theirs) == 1
            configuration = configuration.replace(theirs, ours)
        (directory / "pgbouncer.ini").write_text(configuration)
        users.write_text(f'"{server.user}" "{server.password or ""}"\n')
        log = directory / "pgbouncer.log"
        command = [str(processes.find_program("pgbouncer")), str(directory / "pgbouncer.ini")]
        with listening(command, port, environ={}, log=log, account=account, directory=directory):
            yield port


def test_web_waits_for_a_migrated_database(compose):
    services = compose["services"]

    assert services["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert services["migrate"]["command"] == ["migrate"]
    assert services["web"]["image"] == services["migrate"]["image"]
    assert services["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_only_this_machine_can_connect_and_the_password_is_local(compose):
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert not any("ports" in compose["services"][name] for name in ("postgres", "pgbouncer", "migrate"))
    address = parse_database_url(compose["services"]["web"]["environment"]["DATABASE_URL"])
    server = compose["services"]["postgres"]["environment"]
    assert (address.user, address.password, address.name) == (
        server["POSTGRES_USER"],
        server["POSTGRES_PASSWORD"],
        server["POSTGRES_DB"],
    )
    assert compose["configs"]["pgbouncer_users"]["content"] == f'"{address.user}" "{address.password}"\n'
    assert address.password == "local-development-only"


def test_every_variable_of_web_is_in_the_table_of_variables(compose):
    known = {variable.name for variable in VARIABLES}

    assert set(compose["services"]["web"]["environment"]) <= known


@pytest.mark.parametrize("route", ["direct", "proxy"])
def test_the_image_serves_both_routes_with_the_web_services_variables(image, compose, database, pgbouncer, route, log):
    web = compose["services"]["web"]
    environ = {**web["environment"], "DATABASE_URL": database, "WEBAPP_DB_PROXY_HOST": "127.0.0.1"}
    assert environ["WEBAPP_DB_ROUTE"] == _ROUTE
    environ |= {"WEBAPP_DB_ROUTE": route, "WEBAPP_DB_PROXY_PORT": str(pgbouncer)}

    with run_container(image, environ, log=log, arguments=compose["services"]["migrate"]["command"]) as migration:
        assert migration.wait() == 0, migration.logs()
    with run_container(image, environ, log=log) as container:
        container.wait_until_serving("/readyz")
        container.wait_until_serving("/")
        # Run the service's own health check, but on the port of this container.
        port = container.url.rpartition(":")[2]
        container.execute(*(word.replace(":8000/", f":{port}/") for word in web["healthcheck"]["test"][1:]))
        container.wait_for_log(f"on the {route} route")
        container.signal(SIGTERM)
        assert container.wait() == 0
