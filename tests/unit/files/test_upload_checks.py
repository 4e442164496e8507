import pytest
from django.contrib.sessions.middleware import SessionMiddleware

from django_runtimes.files.upload_checks import check_uploads


@pytest.fixture
def direct(settings):
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=True)


def test_the_guestbook_is_complete(direct):
    assert check_uploads() == []


def test_missing_urls_and_sessions(direct, settings):
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    settings.MIDDLEWARE = []

    assert [message.id for message in check_uploads()] == ["django_runtimes.E033", "django_runtimes.E034"]


class TenantSessions(SessionMiddleware): ...


@pytest.mark.parametrize("name", [f"{__name__}.TenantSessions", "shop.sessions.SessionMiddleware"])
def test_sessions_of_another_middleware(direct, settings, name):
    settings.MIDDLEWARE = ["shop.missing.Middleware", "django.middleware.common.CommonMiddleware", name]

    assert check_uploads() == []


@pytest.mark.parametrize("name", ["shop.missing.Middleware", "django.middleware.common.CommonMiddleware"])
def test_a_middleware_without_sessions(direct, settings, name):
    settings.MIDDLEWARE = [name]

    assert [message.id for message in check_uploads()] == ["django_runtimes.E034"]


def test_nothing_is_needed_without_direct_uploads(settings):
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    settings.MIDDLEWARE = []

    assert check_uploads() == []
