import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.application_variables import ALLOWED_HOSTS, DEBUG, SECRET_KEY_FALLBACKS
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_ROUTE
from django_runtimes.config.variables.database.database_login import DB_PASSWORD
from django_runtimes.config.variables.hops import HTTPS, TRUSTED_PROXIES
from django_runtimes.config.variables.server_variables import PORT, WORKERS


def test_a_value_beats_the_default():
    assert Environment({"PORT": "9000"})[PORT] == 9000
    assert Environment({})[PORT] == 8000


def test_an_unset_variable_without_default_is_none():
    assert Environment({})[WORKERS] is None
    assert Environment({"WEBAPP_HTTPS": ""})[HTTPS] is None


def test_secrets_are_masked():
    environment = Environment(
        {
            "WEBAPP_DB_PASSWORD": "hunter2",
            "WEBAPP_SECRET_KEY_FALLBACKS": "hunter2,hunter3",
            "DATABASE_URL": "postgresql://app:hunter2@db.internal/app",
        }
    )

    for variable in (DB_PASSWORD, SECRET_KEY_FALLBACKS, DATABASE_URL):
        assert "hunter" not in repr(environment[variable])
        assert variable.show(environment[variable]) == "********"


def test_an_empty_variable_is_not_set():
    assert Environment({"PORT": "8000"}).is_set(PORT)
    assert not Environment({"PORT": ""}).is_set(PORT)


@pytest.mark.parametrize("value", ["eighty", "-1", "0", "70000", "8_0", "1.5", "٣", " 80", "9" * 5000])
def test_an_invalid_port_is_refused(value):
    with pytest.raises(ConfigurationError) as error:
        Environment({"PORT": value})[PORT]

    assert str(error.value) == f"PORT={value!r} is not a whole number from 1 to 65535; unset it for the default (8000)"


def test_leading_zeros_change_nothing():
    assert Environment({"PORT": "0" * 5000 + "80"})[PORT] == 80


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("True", True), ("off", False), ("0", False)])
def test_a_flag_is_read_as_a_boolean(value, expected):
    assert Environment({"WEBAPP_DEBUG": value})[DEBUG] is expected


def test_an_invalid_flag_is_refused():
    with pytest.raises(ConfigurationError, match=r"WEBAPP_DEBUG='maybe' is not a flag; use 1 or 0"):
        Environment({"WEBAPP_DEBUG": "maybe"})[DEBUG]


def test_lists_are_split_at_commas_and_stripped():
    assert Environment({"WEBAPP_ALLOWED_HOSTS": " a.example, ,.b.example "})[ALLOWED_HOSTS] == [
        "a.example",
        ".b.example",
    ]


def test_each_read_returns_a_new_list():
    environment = Environment({})

    environment[TRUSTED_PROXIES].clear()

    assert len(environment[TRUSTED_PROXIES]) == 9


def test_the_error_for_an_invalid_choice_lists_the_valid_choices():
    with pytest.raises(ConfigurationError) as error:
        Environment({"WEBAPP_DB_ROUTE": "detour"})[DB_ROUTE]

    assert str(error.value) == "WEBAPP_DB_ROUTE='detour' is not a route; choose one of: data_api, direct, proxy"


def test_a_misspelt_variable_is_reported_with_a_suggestion():
    environment = Environment({"WEBAPP_DB_ROUT": "direct", "WEBAPP_ZZZ": "1", "HOME": "/"})

    assert environment.unknown_names() == [("WEBAPP_DB_ROUT", "WEBAPP_DB_ROUTE"), ("WEBAPP_ZZZ", None)]
