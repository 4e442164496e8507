"""The middleware of WEBAPP_THROTTLE."""

import pytest

from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.decisions import decide
from django_runtimes.adopt.explanation import explain
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.choices import ThrottleOutage
from django_runtimes.config.values.request_rate import RequestRate
from tests.unit.adopt.projects import decisions_for, new_project, ready_project, settings_after

SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
THROTTLE = "django_runtimes.ThrottleMiddleware"
ON = {"WEBAPP_THROTTLE": "100/m", "WEBAPP_STORE_URL": "redis://cache.example"}


def test_without_the_variable_nothing_changes():
    decided = decisions_for(ready_project(), WEBAPP_STORE_URL="redis://cache.example")

    assert THROTTLE not in decided.settings["MIDDLEWARE"]
    assert decided.adopted.throttle is None


def test_the_middleware_comes_before_sessions_and_after_static_files():
    project = ready_project(MIDDLEWARE=(SECURITY, SESSIONS, COMMON))

    assert settings_after(project, **ON)["MIDDLEWARE"] == (SECURITY, WHITENOISE, THROTTLE, SESSIONS, COMMON)


def test_responses_of_the_middleware_have_the_security_headers():
    middleware = settings_after(ready_project(), WEBAPP_SECURITY_HEADERS="1", **ON)["MIDDLEWARE"]

    assert middleware.index(THROTTLE) == 4
    assert middleware[5] == COMMON


def test_the_middleware_comes_after_derived_ones_of_the_project():
    project = ready_project(MIDDLEWARE=["shop.ExemptSecurityMiddleware", "shop.ShopCorsMiddleware", COMMON])

    assert settings_after(project, **ON)["MIDDLEWARE"] == [
        "shop.ExemptSecurityMiddleware",
        WHITENOISE,
        "shop.ShopCorsMiddleware",
        THROTTLE,
        COMMON,
    ]


def test_the_middleware_comes_first_in_a_project_without_these():
    assert settings_after(ready_project(MIDDLEWARE=[COMMON], STATIC_URL=None), **ON)["MIDDLEWARE"] == [THROTTLE, COMMON]


@pytest.mark.parametrize("name", [THROTTLE, "django_runtimes.throttling.throttle_middleware.ThrottleMiddleware"])
def test_the_projects_own_place_is_kept(name):
    project = ready_project(MIDDLEWARE=[SECURITY, WHITENOISE, SESSIONS, name])

    assert "MIDDLEWARE" not in decisions_for(project, **ON).settings


def test_the_rate_and_the_treatment_of_outages_are_recorded():
    adopted = decisions_for(ready_project(), WEBAPP_THROTTLE_OUTAGE="closed", **ON).adopted

    assert adopted.throttle == RequestRate(100, 60)
    assert adopted.throttle_outage is ThrottleOutage.CLOSED
    assert decisions_for(ready_project()).adopted.throttle_outage is ThrottleOutage.OPEN


@pytest.mark.parametrize(("url", "has_store"), [("memory://", True), ("", False)])
def test_whether_there_is_a_store_is_recorded(url, has_store):
    assert decisions_for(ready_project(), WEBAPP_STORE_URL=url).adopted.has_store is has_store


def test_processes_without_a_common_store_are_an_error_with_its_remedy():
    with pytest.raises(ConfigurationError) as raised:
        decisions_for(ready_project(), WEBAPP_THROTTLE="100/m")

    assert str(raised.value) == (
        "WEBAPP_THROTTLE='100/m' needs a store that all processes share, and WEBAPP_STORE_URL is not set; set it "
        "(memory:// counts in each process alone)"
    )


def test_one_process_on_a_laptop_needs_no_store():
    decided = decide(new_project(), {"WEBAPP_RUNTIME": "local", "WEBAPP_THROTTLE": "100/m"})

    assert THROTTLE in decided.settings["MIDDLEWARE"]


def test_an_unknown_treatment_of_outages_is_an_error():
    with pytest.raises(ConfigurationError, match="WEBAPP_THROTTLE_OUTAGE='shut' is not a way to treat requests that"):
        decisions_for(ready_project(), WEBAPP_THROTTLE_OUTAGE="shut", **ON)


def test_the_explanation_names_the_reason():
    project = ready_project()
    decided = decisions_for(project, **ON)

    text = explain(Call("config.settings", 9, project, decided.changes, decided.adopted))

    assert "WEBAPP_THROTTLE is set: this middleware counts the requests" in text


def test_each_change_of_the_middleware_names_what_it_adds():
    changes = decisions_for(ready_project(), WEBAPP_SECURITY_HEADERS="1", **ON).changes

    befores, afters = zip(*[(each.before, each.after) for each in changes if each.name == "MIDDLEWARE"], strict=True)
    assert befores[1:] == afters[:-1]
    assert [name for name in afters[-1] if name not in befores[-1]] == [THROTTLE]
