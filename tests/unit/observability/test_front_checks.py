"""System checks of a base path."""

import pytest
from django.conf import settings as django_settings
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path

from django_runtimes.config.http.front import Front
from django_runtimes.observability.front_checks import CHECKS


def view(request, **kwargs):
    return HttpResponse()


URLS = [
    path("api/items/<int:pk>", view),
    path("shop/", include([path("cart", view)])),
    path("deep/", include([path("er/", include([path("est/<slug:name>", view)]))])),
    re_path(r"^files/(?P<name>.*)$", view),
    re_path(r"^feeds?/$", view),
    re_path(r"^v1\.0/$", view),
    path("<int:year>/", view),
    path("empty/", include([])),
    *i18n_patterns(path("about/", view)),
]


class _Urls:
    urlpatterns = URLS


def warnings_for(base_path, *, is_stripped=None, **changes):
    """Return the IDs of the warnings, and their text."""
    front = Front(base_path, "Host", "X-Forwarded-Proto", is_stripped)
    settings = {
        "DJANGO_RUNTIMES": django_settings.DJANGO_RUNTIMES._replace(front=front),
        "ROOT_URLCONF": _Urls,
        "LANGUAGES": [("en", "English"), ("de", "German")],
        "LANGUAGE_CODE": "en",
        "STATIC_URL": f"{base_path}/static/",
        "MEDIA_URL": f"{base_path}/media/",
        "LOGIN_URL": f"{base_path}/accounts/login/",
        "LOGIN_REDIRECT_URL": f"{base_path}/accounts/profile/",
        "SESSION_COOKIE_PATH": base_path or "/",
        "CSRF_COOKIE_PATH": base_path or "/",
        "LANGUAGE_COOKIE_PATH": base_path or "/",
    }
    with override_settings(**settings | changes):
        messages = [message for check in CHECKS for message in check()]
    return [message.id for message in messages], " ".join(f"{message.msg} {message.hint}" for message in messages)


@pytest.mark.parametrize(
    "base_path",
    [
        *("/api", "/api/items", "/shop", "/deep", "/deep/er", "/deep/er/est", "/files", "/v1.0", "/feed", "/feeds"),
        *("/2026", "/en", "/de", "/static", "/media"),
    ],
)
def test_a_base_path_that_starts_a_url_is_ambiguous(base_path):
    ids, text = warnings_for(base_path)

    assert ids == ["webapp.W017"]
    assert f"WEBAPP_BASE_PATH={base_path!r}: " in text
    assert "Set WEBAPP_BASE_PATH_STRIPPED to 1 " in text


@pytest.mark.parametrize(
    "base_path", ["", "/ap", "/apis", "/items", "/api/other", "/shop2", "/er", "/v100", "/fr", "/cart", "/empty"]
)
def test_an_unambiguous_base_path_gives_no_warning(base_path):
    assert warnings_for(base_path) == ([], "")


def test_a_url_pattern_that_matches_any_word_is_ambiguous():
    class Urls:
        urlpatterns = [path("<slug:name>/", view)]

    assert warnings_for("/cart", ROOT_URLCONF=Urls)[0] == ["webapp.W017"]


@pytest.mark.parametrize("is_stripped", [True, False])
def test_declaring_whether_the_path_is_stripped_ends_the_warning(is_stripped):
    assert warnings_for("/api", is_stripped=is_stripped) == ([], "")


@pytest.mark.parametrize("is_stripped", [None, True, False])
@pytest.mark.parametrize("base_path", ["/healthz", "/readyz"])
def test_the_path_of_a_health_check_cannot_be_a_base_path(base_path, is_stripped):
    ids, text = warnings_for(base_path, is_stripped=is_stripped)

    assert ids == ["webapp.W017"]
    assert text.endswith("Choose another base path.")


@pytest.mark.parametrize(
    "change",
    [
        {"LOGIN_URL": "/login/"},
        {"LOGIN_REDIRECT_URL": "/cartoon"},
        {"LOGOUT_REDIRECT_URL": "/"},
        {"STATIC_URL": "/assets/"},
        {"MEDIA_URL": "/uploads/"},
        {"SESSION_COOKIE_PATH": "/"},
        {"CSRF_COOKIE_PATH": "/"},
        {"LANGUAGE_COOKIE_PATH": "/"},
    ],
)
def test_a_setting_outside_the_base_path_is_named(change):
    ids, text = warnings_for("/cart", **change)

    assert ids == ["webapp.W018"]
    assert text.startswith(
        f"{next(iter(change))}={next(iter(change.values()))!r} is not below WEBAPP_BASE_PATH='/cart'"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"LOGIN_URL": "login"},
        {"LOGIN_URL": "/cart/login/"},
        {"LOGOUT_REDIRECT_URL": None},
        {"STATIC_URL": "https://static.example/"},
        {"MEDIA_URL": "//media.example/"},
    ],
)
def test_url_names_and_other_hosts_give_no_warning(change):
    assert warnings_for("/cart", **change) == ([], "")


@pytest.mark.parametrize(
    ("static_url", "ids"),
    [("/cart/static/", []), ("/cart/assets/", ["webapp.W019"]), ("https://static.example/assets/", [])],
)
def test_the_static_prefix_must_match_the_static_url(static_url, ids):
    assert warnings_for("/cart", STATIC_URL=static_url, WHITENOISE_STATIC_PREFIX="/static/")[0] == ids
