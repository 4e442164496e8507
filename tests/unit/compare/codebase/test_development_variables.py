import pytest

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.compare.codebase.development_variables import development_variables


def loaded(*hosts: str, key: bool = True, https: tuple[str, ...] = ()) -> LoadedSettings:
    return LoadedSettings("config.settings", True, hosts, key, https, False, {})


@pytest.mark.parametrize("hosts", [(), ("*",), ("127.0.0.1", "localhost", "shop.example")])
def test_settings_that_accept_this_machine_are_not_changed(hosts):
    changes = development_variables(loaded(*hosts), {})

    assert (changes.variables, changes.notices) == ({}, ())


def test_this_machines_hosts_are_added_to_the_projects_hosts():
    changes = development_variables(loaded("shop.example", "localhost"), {})

    assert changes.variables == {"WEBAPP_ALLOWED_HOSTS": "shop.example,localhost,127.0.0.1,[::1]"}


def test_https_is_turned_off_unless_the_shell_sets_it():
    settings = loaded("*", https=("CSRF_COOKIE_SECURE",))

    assert development_variables(settings, {}).variables == {"WEBAPP_HTTPS": "0"}
    assert development_variables(settings, {"WEBAPP_HTTPS": "1"}).variables == {}


def test_a_missing_secret_key_is_generated_each_time():
    first, second = (development_variables(loaded(key=False), {}).variables["WEBAPP_SECRET_KEY"] for _ in range(2))

    assert first != second
    assert len(first) >= 50
