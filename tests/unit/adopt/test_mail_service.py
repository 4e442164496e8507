"""WEBAPP_MAIL and WEBAPP_MAIL_FROM replace the settings' mail."""

import pytest

from django_runtimes.adopt.steps import mail_service
from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import decisions_for, ready_project, settings_after

BACKEND = "django_runtimes.mail.ses_backend.SesBackend"
ON = {"WEBAPP_MAIL": "ses", "AWS_REGION": "eu-west-1", "WEBAPP_MAIL_FROM": "The shop <shop@mail.example>"}


def test_mail_goes_to_ses(monkeypatch):
    monkeypatch.setattr(mail_service, "_HAS_MAILERS", False)

    settings = settings_after(ready_project(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend"), **ON)

    assert settings["EMAIL_BACKEND"] == BACKEND
    assert settings["DEFAULT_FROM_EMAIL"] == settings["SERVER_EMAIL"] == "The shop <shop@mail.example>"


def test_mailers_of_django_6_1(monkeypatch):
    monkeypatch.setattr(mail_service, "_HAS_MAILERS", True)
    own = {"default": {"BACKEND": "shop.Backend"}, "news": {"BACKEND": "shop.News"}}

    settings = settings_after(ready_project(MAILERS=own), **ON)

    assert settings["MAILERS"] == {"default": {"BACKEND": BACKEND}, "news": {"BACKEND": "shop.News"}}
    assert "EMAIL_BACKEND" not in settings


@pytest.mark.parametrize("name", ["EMAIL_HOST", "EMAIL_BACKEND"])
def test_a_project_with_the_settings_before_mailers_keeps_them(monkeypatch, name):
    """Django 6.1 does not start with MAILERS beside EMAIL_HOST."""
    monkeypatch.setattr(mail_service, "_HAS_MAILERS", True)
    monkeypatch.setattr(mail_service, "_BEFORE_MAILERS", frozenset({"EMAIL_BACKEND", "EMAIL_HOST"}))

    settings = settings_after(ready_project(**{name: "smtp.example.com"}), **ON)

    assert settings["EMAIL_BACKEND"] == BACKEND
    assert "MAILERS" not in settings


def test_only_the_sender_is_replaced():
    settings = settings_after(ready_project(), WEBAPP_MAIL_FROM="shop@mail.example")

    assert settings["DEFAULT_FROM_EMAIL"] == "shop@mail.example"
    assert "EMAIL_BACKEND" not in settings


def test_nothing_changes_without_the_variables():
    assert not {"EMAIL_BACKEND", "MAILERS", "SERVER_EMAIL"} & settings_after(ready_project()).keys()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (
            {"AWS_REGION": ""},
            "WEBAPP_MAIL=ses, but AWS_REGION is not set; set it, or WEBAPP_MAIL_REGION to the region of the verified "
            "addresses",
        ),
        (
            {"WEBAPP_MAIL_FROM": ""},
            "WEBAPP_MAIL=ses needs a sender that is verified in SES, and the settings have no DEFAULT_FROM_EMAIL; set "
            "WEBAPP_MAIL_FROM",
        ),
        (
            {"WEBAPP_MAIL_FROM": "The shop"},
            "WEBAPP_MAIL_FROM='The shop' is not an address; write one such as shop@example.com, or The shop "
            "<shop@example.com>",
        ),
        (
            {"WEBAPP_MAIL_REGION": "Europe"},
            "WEBAPP_MAIL_REGION='Europe' is not a region; set it to a code such as eu-central-1",
        ),
        ({"WEBAPP_MAIL": "smtp"}, "WEBAPP_MAIL='smtp' is not a service; choose one of: ses"),
    ],
)
def test_mail_that_could_not_be_sent(changed, error):
    with pytest.raises(ConfigurationError) as caught:
        decisions_for(ready_project(), **ON | changed)

    assert str(caught.value) == error
