import json
import logging
import time
from logging.config import DictConfigurator
from smtplib import SMTPException

import django
import pytest

from django_runtimes.config.logging_settings import logging_settings
from django_runtimes.config.values.choices import LogFormat, LogLevel
from tests.unit.library_records import library_records

AT_S = 1_796_133_700.77
ERROR = logging.makeLogRecord({"name": "django.request", "msg": "Sold out", "levelno": logging.ERROR})


@pytest.fixture
def _in_tokyo(monkeypatch):
    """Set the zone of the process, as Django does for TIME_ZONE."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("names_requests", [False, True])
@pytest.mark.usefixtures("_in_tokyo")
def test_the_times_of_json_lines_are_in_utc_and_say_so(names_requests):
    configurator = DictConfigurator(logging_settings(LogFormat.JSON, LogLevel.INFO, names_requests=names_requests))
    formatter = configurator.configure_formatter(configurator.config["formatters"]["line"])
    record = logging.makeLogRecord({"name": "shop", "msg": "Sold out", "levelname": "INFO"})
    record.created, record.msecs = AT_S, 770.0

    assert json.loads(formatter.format(record)) == {
        "time": "2026-12-01T14:01:40.770Z",
        "level": "INFO",
        "logger": "shop",
        "message": "Sold out",
    }


@pytest.fixture
def mail_handler(settings) -> logging.Handler:
    settings.ADMINS = ["ada@shop.example"] if django.VERSION >= (6, 0) else [("Ada", "ada@shop.example")]
    configurator = DictConfigurator(logging_settings(LogFormat.JSON, LogLevel.INFO, mails_errors=True))
    for name, each in configurator.config["filters"].items():
        configurator.config["filters"][name] = configurator.configure_filter(each)
    (name,) = configurator.config["loggers"]["django"]["handlers"]
    handler: logging.Handler = configurator.configure_handler(configurator.config["handlers"][name])
    return handler


def test_errors_are_mailed_to_admins(mail_handler, settings, mailoutbox):
    mail_handler.handle(ERROR)
    settings.DEBUG = True
    mail_handler.handle(ERROR)

    assert [mail.to for mail in mailoutbox] == [["ada@shop.example"]]


def test_a_mail_that_cannot_be_sent_does_not_hide_the_error(mail_handler, monkeypatch, caplog):
    def refuse(*arguments: object, **options: object) -> None:
        raise SMTPException("SES did not send\nthe mail")

    monkeypatch.setattr("django.core.mail.mail_admins", refuse)

    mail_handler.handle(ERROR)

    assert [record.getMessage() for record in library_records(caplog)] == [
        "Cannot mail an error to ADMINS: SMTPException: SES did not send the mail"
    ]


def test_no_level_lets_botocore_write_its_signed_requests():
    loggers = logging_settings(LogFormat.JSON, LogLevel.DEBUG)["loggers"]

    assert loggers["botocore"] == {"level": "INFO"}
