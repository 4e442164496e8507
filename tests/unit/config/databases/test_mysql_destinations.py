"""TLS and the port of MySQL's entries whose OPTIONS name the server."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.database_url.mysql_destination import mysql_destination
from django_runtimes.config.databases.database_settings import database_settings, further_database_settings
from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.runtime import Runtime

FILE = {"read_default_file": "/etc/shop.cnf"}
IAM = {"WEBAPP_DB_CREDENTIALS": "iam", "AWS_REGION": "eu-west-1"}
ROOT = {"ssl": {"ca": "/etc/roots.pem"}}


def entry_of(runtime: Runtime = Runtime.AWS_ECS, *, variables=None, options=None, **entry: object) -> dict:
    environment = Environment(variables or {})
    project = {"ENGINE": "django.db.backends.mysql", "USER": "app", "OPTIONS": options or {}, **entry}
    return database_settings(environment, choose_profile(runtime, environment, project), project)


@pytest.mark.parametrize(
    ("host", "options", "destination"),
    [
        ("", {}, ""),
        ("db.example", {}, "db.example"),
        ("127.0.0.1", {"host": "db.example"}, "db.example"),
        ("db.example", {"host": ""}, ""),
        ("/run/mysqld.sock", {"host": "db.example"}, "/run/mysqld.sock"),
        ("/run/mysqld.sock", {"host": "db.example", "unix_socket": ""}, "db.example"),
        ("db.example", {"unix_socket": "/run/mysqld.sock"}, "/run/mysqld.sock"),
        ("", FILE, "the server that /etc/shop.cnf names"),
        ("", {"read_default_group": "shop"}, "the server that /etc/my.cnf names"),
        ("127.0.0.1", FILE, "127.0.0.1"),
    ],
)
def test_the_destination_is_the_drivers(host, options, destination):
    assert mysql_destination(host, options) == destination


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("", FILE),
        ("", {"read_default_group": "shop"}),
        ("", {"host": "db.example"}),
        ("127.0.0.1", {"host": "db.example"}),
        ("db.example", {"ssl": {}}),
        ("db.example", {"ssl": False}),
    ],
)
def test_a_server_across_a_network_is_verified(host, options):
    chosen = entry_of(HOST=host, options=options)["OPTIONS"]

    assert (chosen["sslmode"], chosen["sslrootcert"]) == ("verify-full", str(PACKAGED_ROOTS[Route.DIRECT]))
    with pytest.raises(ConfigurationError, match="sslmode='prefer' may send passwords and rows to"):
        entry_of(HOST=host, options=options | {"sslmode": "prefer"})


@pytest.mark.parametrize(
    ("host", "options"), [("db.example", {"host": "127.0.0.1"}), ("db.example", {"unix_socket": "/run/mysqld.sock"})]
)
def test_a_server_on_this_machine_needs_no_tls(host, options):
    assert entry_of(HOST=host, options=options)["OPTIONS"]["sslmode"] == "prefer"


@pytest.mark.parametrize(
    ("host", "mode"), [("db.example", "verify-full"), ("127.0.0.1", "verify-ca"), ("", "verify-ca")]
)
def test_named_roots_ask_for_verification_under_local_too(host, mode):
    options = entry_of(Runtime.LOCAL, HOST=host, options=ROOT)["OPTIONS"]

    assert (options["sslmode"], options["sslrootcert"]) == (mode, "/etc/roots.pem")


def test_roots_in_a_url_ask_for_verification_under_local_too():
    url = "mysql://app@db.example/shop?ssl-ca=%2Fetc%2Froots.pem"

    assert entry_of(Runtime.LOCAL, variables={"DATABASE_URL": url})["OPTIONS"]["sslmode"] == "verify-full"


def test_a_projects_roots_are_not_for_a_moved_address_on_this_machine():
    url = {"DATABASE_URL": "mysql://app@127.0.0.1/shop"}

    assert entry_of(HOST="db.example", options=ROOT, variables=url)["OPTIONS"]["sslmode"] == "prefer"


def test_a_mode_decides_before_named_roots_do():
    assert (
        entry_of(Runtime.LOCAL, HOST="db.example", options={**ROOT, "sslmode": "prefer"})["OPTIONS"]["sslmode"]
        == "prefer"
    )
    assert entry_of(Runtime.LOCAL, HOST="/run/mysqld.sock", options=ROOT)["OPTIONS"]["sslmode"] == "prefer"


def test_roots_of_a_server_ask_for_verification_of_its_proxy():
    variables = {"WEBAPP_DB_PROXY_HOST": "proxy.example", "WEBAPP_DB_ROUTE": "proxy"}
    options = entry_of(Runtime.LOCAL, HOST="db.example", options=ROOT, variables=variables)["OPTIONS"]

    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", str(PACKAGED_ROOTS[Route.PROXY]))


def test_a_host_in_options_does_not_lead_past_the_proxy():
    own = {"host": "db.example", "port": 3307, "unix_socket": "/run/mysqld.sock", "charset": "latin1"}
    entry = entry_of(Runtime.AWS_LAMBDA, options=own, variables={"WEBAPP_DB_PROXY_HOST": "proxy.example"})

    assert (entry["HOST"], entry["ROUTE"], entry["OPTIONS"]["charset"]) == ("proxy.example", Route.PROXY, "latin1")
    assert not {"host", "port", "unix_socket"} & entry["OPTIONS"].keys()


def test_a_further_database_whose_options_name_the_proxy_is_proxied():
    environment = Environment({"DATABASE_URL": "postgresql://app@db.example/shop"})
    own = {"ENGINE": "django.db.backends.mysql", "OPTIONS": {"host": "shop.proxy-abc.eu-west-1.rds.amazonaws.com"}}
    entry = further_database_settings(environment, choose_profile(Runtime.AWS_ECS, environment), own)

    assert entry["ROUTE"] is Route.PROXY
    assert entry["OPTIONS"]["host"] == own["OPTIONS"]["host"]
    assert entry["OPTIONS"]["sslmode"] == "verify-full"


def test_the_port_of_an_option_file_is_used():
    assert entry_of(options=FILE)["PORT"] == ""
    assert entry_of(options=FILE, HOST="db.example", PORT="")["PORT"] == ""


@pytest.mark.parametrize(
    ("given", "variables", "port"),
    [({"PORT": 3306}, {}, 3306), ({"PORT": "3307"}, {}, "3307"), ({}, {"WEBAPP_DB_PORT": "3308"}, 3308)],
)
def test_a_given_port_overrides_the_option_file(given, variables, port):
    assert entry_of(options=FILE, variables=variables, **given)["PORT"] == port


def test_variables_leave_out_the_option_file():
    for options in (FILE, {"read_default_group": "shop"}):
        entry = entry_of(options=options, variables={"DATABASE_URL": "mysql://app@db.example/shop"})

        assert (entry["HOST"], entry["PORT"]) == ("db.example", 3306)
        assert not options.keys() & entry["OPTIONS"].keys()


@pytest.mark.parametrize(
    ("options", "elsewhere"),
    [
        ({"host": "other.example"}, "other.example:3306, by OPTIONS"),
        ({"port": 3307}, "db.example:3307, by OPTIONS"),
        (FILE, "the address in /etc/shop.cnf"),
    ],
)
def test_a_token_for_another_address_is_refused(options, elsewhere):
    with pytest.raises(ConfigurationError, match="WEBAPP_DB_CREDENTIALS=iam makes tokens for HOST and PORT") as refused:
        entry_of(HOST="db.example", options=options, variables=IAM)

    assert f"the connection goes to {elsewhere}; write that address as HOST and PORT" in str(refused.value)


def test_a_token_for_a_server_that_only_a_file_names_is_refused():
    with pytest.raises(ConfigurationError, match=r"goes to the address in /etc/shop\.cnf; write"):
        entry_of(PORT=3306, options=FILE, variables=IAM)


@pytest.mark.parametrize("options", [{}, {"host": "db.example", "port": 3306}, FILE])
def test_a_token_for_the_same_address_is_accepted(options):
    entry = entry_of(HOST="db.example", PORT=3306, options=options, variables=IAM)

    assert entry["CREDENTIALS"].region == "eu-west-1"
