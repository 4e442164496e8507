import pytest

from django_runtimes.config.databases.connections import Route
from django_runtimes.config.environment import Environment
from django_runtimes.config.errors import ConfigurationError


def test_a_value_beats_the_tables_default():
    assert Environment({"PORT": "9000"}).integer("PORT") == 9000
    assert Environment({}).integer("PORT") == 8000


def test_a_secret_does_not_print_itself():
    assert "hunter2" not in repr(Environment({"WEBAPP_DB_PASSWORD": "hunter2"}).secret("WEBAPP_DB_PASSWORD"))


def test_a_default_is_nothing_that_was_set():
    assert Environment({"PORT": "8000"}).is_set("PORT")
    assert not Environment({"PORT": ""}).is_set("PORT")


def test_a_variable_that_the_table_lacks_cannot_be_read():
    with pytest.raises(KeyError):
        Environment({"WEBAPP_SURPRISE": "1"}).text("WEBAPP_SURPRISE")


@pytest.mark.parametrize("value", ["eighty", "-1", "70000", "8_0", "1.5", "٣"])
def test_what_is_no_port_is_refused(value):
    with pytest.raises(ConfigurationError) as error:
        Environment({"PORT": value}).integer("PORT", minimum=1, maximum=65535)

    assert str(error.value) == f"PORT={value!r} is not a whole number from 1 to 65535; unset it for the default (8000)"


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("True", True), ("off", False), ("0", False)])
def test_flags(value, expected):
    assert Environment({"WEBAPP_DEBUG": value}).flag("WEBAPP_DEBUG") is expected


def test_a_flag_that_is_neither_is_refused():
    with pytest.raises(ConfigurationError, match=r"WEBAPP_DEBUG='maybe' is not a flag; use 1 or 0"):
        Environment({"WEBAPP_DEBUG": "maybe"}).flag("WEBAPP_DEBUG")


def test_a_flag_without_default_is_none_when_unset():
    assert Environment({}).flag("WEBAPP_HTTPS") is None


def test_names_are_split_at_commas_without_blanks():
    assert Environment({"WEBAPP_ALLOWED_HOSTS": " a.example, ,.b.example "}).names("WEBAPP_ALLOWED_HOSTS") == [
        "a.example",
        ".b.example",
    ]


def test_a_choice_that_is_none_is_refused_with_the_choices():
    with pytest.raises(ConfigurationError) as error:
        Environment({"WEBAPP_DB_ROUTE": "detour"}).choice("WEBAPP_DB_ROUTE", Route, "route")

    assert str(error.value) == "WEBAPP_DB_ROUTE='detour' is not a route; choose one of: direct, proxy"


def test_a_misspelt_variable_is_found_with_its_neighbour():
    environment = Environment({"WEBAPP_DB_ROUT": "direct", "WEBAPP_ZZZ": "1", "HOME": "/"})

    assert environment.unknown_names() == [("WEBAPP_DB_ROUT", "WEBAPP_DB_ROUTE"), ("WEBAPP_ZZZ", None)]
