from pathlib import Path

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.database_settings import database_settings
from django_runtimes.config.databases.tls import destination, encrypts, needs_encryption, with_libpq_variables
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.values.runtime import Runtime


def options_for(runtime: Runtime, host: str = "db.example", query: str = "", **environ: str) -> dict:
    environment = Environment({"DATABASE_URL": f"postgresql://app:x@{host}/shop{query}", **environ})
    return database_settings(environment, choose_profile(runtime, environment))["OPTIONS"]


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "127.8.0.1", "::1", "/run/postgresql", "@abstract"])
def test_a_host_on_this_machine_needs_no_encryption(host):
    assert not needs_encryption(host)


@pytest.mark.parametrize("host", ["db", "10.0.0.1", "127.0.0.1.example", "localhost.example", "127.0.0.1,db.example"])
def test_a_host_across_a_network_needs_encryption(host):
    assert needs_encryption(host)


def test_hostaddr_decides_whether_encryption_is_needed():
    assert needs_encryption("localhost", {"hostaddr": "10.0.0.1"})
    assert not needs_encryption("db.example", {"hostaddr": "127.0.0.1"})


def test_a_libpq_service_needs_encryption():
    assert needs_encryption("", {"service": "shop"})


def test_the_host_may_be_among_the_options():
    assert needs_encryption("", {"host": "db.example"})
    assert not needs_encryption("localhost", {"host": "db.example"})


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"PGHOST": "192.0.2.2"}, "192.0.2.2"),
        ({"PGHOSTADDR": "192.0.2.2"}, "192.0.2.2"),
        ({"PGSERVICE": "shop"}, "the service shop"),
        ({"PGHOST": "/run/postgresql"}, "/run/postgresql"),
    ],
)
def test_libpqs_variables_apply_where_no_option_is_set(environ, place):
    assert destination("", with_libpq_variables({}, Environment(environ))) == place
    assert destination("", with_libpq_variables({"hostaddr": "127.0.0.1"}, Environment(environ))) in {
        "127.0.0.1", "the service shop",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("host", "variables"),
    [
        ("localhost", {"PGHOSTADDR": "192.0.2.2"}),
        (":5499", {"PGHOST": "192.0.2.2"}),
        ("localhost", {"PGSERVICE": "shop"}),
    ],
)
def test_a_remote_server_in_a_libpq_variable_is_verified(host, variables):
    assert options_for(Runtime.AWS_ECS, host, **variables)["sslmode"] == "verify-full"
    with pytest.raises(ConfigurationError, match=r"rows to (192\.0\.2\.2|the service shop) in plain text"):
        options_for(Runtime.AWS_ECS, host, WEBAPP_DB_SSLMODE="prefer", **variables)


def test_an_explicit_host_beats_pghost():
    assert options_for(Runtime.AWS_ECS, "localhost", PGHOST="192.0.2.2")["sslmode"] == "prefer"


def test_pghostaddr_is_refused_on_the_proxy_route():
    with pytest.raises(ConfigurationError, match=r"^PGHOSTADDR is set, .*; unset it$"):
        options_for(Runtime.AWS_LAMBDA, WEBAPP_DB_PROXY_HOST="proxy.example", PGHOSTADDR="192.0.2.2")


def test_libpqs_default_allows_plain_text():
    assert not encrypts(None)


def test_the_servers_name_is_verified_outside_local():
    options = options_for(Runtime.AWS_ECS)

    assert options["sslmode"] == "verify-full"
    assert Path(options["sslrootcert"]).name == "rds.pem"


def test_a_proxy_is_verified_with_other_root_certificates():
    options = options_for(Runtime.AWS_LAMBDA, WEBAPP_DB_PROXY_HOST="proxy.example")

    assert options["sslmode"] == "verify-full"
    assert Path(options["sslrootcert"]).name == "amazon.pem"


def test_each_route_has_a_variable_for_its_root_certificates():
    variables = {
        "WEBAPP_DB_PROXY_HOST": "proxy.example",
        "WEBAPP_DB_ROOT_CERTIFICATES": "/direct.pem",
        "WEBAPP_DB_PROXY_ROOT_CERTIFICATES": "/proxy.pem",
    }

    assert options_for(Runtime.AWS_ECS, **variables)["sslrootcert"] == "/direct.pem"
    assert options_for(Runtime.AWS_LAMBDA, **variables)["sslrootcert"] == "/proxy.pem"


def test_loopback_uses_tls_only_if_the_server_offers_it():
    options = options_for(Runtime.AWS_ECS, host="127.0.0.1")

    assert options["sslmode"] == "prefer"
    assert "sslrootcert" not in options


def test_the_variable_applies_to_loopback_too():
    assert options_for(Runtime.AWS_ECS, host="127.0.0.1", WEBAPP_DB_SSLMODE="verify-full")["sslmode"] == "verify-full"


def test_an_option_of_the_url_beats_the_variable():
    options = options_for(Runtime.AWS_ECS, query="?sslmode=require", WEBAPP_DB_SSLMODE="verify-full")

    assert options["sslmode"] == "require"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_plain_text_across_a_network_is_refused_outside_local(mode):
    with pytest.raises(
        ConfigurationError, match=f"sslmode='{mode}' may send passwords and rows to db.example in plain"
    ):
        options_for(Runtime.AWS_ECS, WEBAPP_DB_SSLMODE=mode)

    assert options_for(Runtime.LOCAL)["sslmode"] == "prefer"


def test_a_misspelt_mode_is_refused():
    with pytest.raises(ConfigurationError, match="'verify_full' is not a sslmode; choose one of: allow, disable"):
        options_for(Runtime.AWS_ECS, WEBAPP_DB_SSLMODE="verify_full")


def test_a_misspelt_mode_in_the_url_is_refused():
    reason = r"sslmode='bogus' \(DATABASE_URL or OPTIONS\) is unknown to libpq; choose one of: allow"
    with pytest.raises(ConfigurationError, match=reason):
        options_for(Runtime.LOCAL, query="?sslmode=bogus")


def test_a_token_is_never_sent_in_plain_text_even_on_loopback():
    with pytest.raises(ConfigurationError, match="may send the token of WEBAPP_DB_CREDENTIALS=iam in plain text"):
        options_for(Runtime.AWS_ECS, host="127.0.0.1", WEBAPP_DB_CREDENTIALS="iam", AWS_REGION="eu-west-1")
