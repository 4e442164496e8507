from dataclasses import replace

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


def test_hosts_of_the_settings_that_match_nothing_are_left_out():
    changes = development_variables(loaded("shop.example:8000", "https://shop.example", "", ".shop.example"), {})

    assert changes.variables == {"WEBAPP_ALLOWED_HOSTS": ".shop.example,localhost,127.0.0.1,[::1]"}


def test_https_is_turned_off_unless_the_shell_sets_it():
    settings = loaded("*", https=("CSRF_COOKIE_SECURE",))

    assert development_variables(settings, {}).variables == {"WEBAPP_HTTPS": "0"}
    assert development_variables(settings, {"WEBAPP_HTTPS": "1"}).variables == {}


def test_cookies_that_need_https_turn_it_off():
    cookies = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SAMESITE")
    changes = development_variables(replace(loaded("*"), https_cookies=cookies), {})

    assert changes.variables == {"WEBAPP_HTTPS": "0"}
    assert changes.notices == (
        "SESSION_COOKIE_NAME, CSRF_COOKIE_NAME without the prefix, which browsers accept only over HTTPS "
        "(WEBAPP_HTTPS=0)",
        "CSRF_COOKIE_SAMESITE Lax instead of None, which browsers accept only over HTTPS (WEBAPP_HTTPS=0)",
    )


@pytest.mark.parametrize(
    ("domain", "remedy"),
    [
        (".shop.example", "add the line `127.0.0.1 shop.example` to /etc/hosts and open http://shop.example with"),
        ("shop.localhost", "open http://shop.localhost with"),
    ],
)
def test_a_cookie_for_another_host_is_reported(domain: str, remedy: str):
    domains = {"SESSION_COOKIE_DOMAIN": domain, "CSRF_COOKIE_DOMAIN": domain}
    changes = development_variables(replace(loaded("*"), cookie_domains=domains), {})

    assert changes.variables == {}
    assert changes.notices == (
        f"SESSION_COOKIE_DOMAIN, CSRF_COOKIE_DOMAIN={domain!r}, so browsers drop this cookie on 127.0.0.1 and logins "
        f"are lost; set it to None for development, or {remedy} this port",
    )


@pytest.mark.parametrize("domain", ["localhost", "127.0.0.1"])
def test_a_cookie_for_this_machine_is_not_reported(domain: str):
    changes = development_variables(replace(loaded("*"), cookie_domains={"SESSION_COOKIE_DOMAIN": domain}), {})

    assert changes.notices == ()


def test_a_missing_secret_key_is_generated_each_time():
    first, second = (development_variables(loaded(key=False), {}).variables["WEBAPP_SECRET_KEY"] for _ in range(2))

    assert first != second
    assert len(first) >= 50
