import json
import logging
import math
import time
from collections.abc import Callable
from logging.config import DictConfigurator
from smtplib import SMTPException

import django
import pytest
from django.test import RequestFactory

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


@pytest.fixture(name="line_of")
def _line_of() -> Callable[..., dict]:
    configurator = DictConfigurator(logging_settings(LogFormat.JSON, LogLevel.INFO))
    formatter = configurator.configure_formatter(configurator.config["formatters"]["line"])

    def line_of(**fields: object) -> dict:
        line = formatter.format(logging.makeLogRecord({"name": "shop", "msg": "Sold out", **fields}))
        return json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))

    return line_of


class NoText:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


class Tree(list):
    """A value that contains itself."""

    def __init__(self) -> None:
        super().__init__([1, self])


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({(1, 2): 3, "price": 4}, {"(1, 2)": 3, "price": 4}),
        ({NoText(): True}, {"<NoText>": True}),
        ([math.nan, math.inf, 1.5], ["nan", "inf", 1.5]),
        (Tree(), [1, "…"]),
        (10**5000, "<int>"),
        ([10**5000, 7, None], ["<int>", 7, None]),
        ([{(1,): NoText()}], [{"(1,)": "__could_not_encode__"}]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_field_of_the_application_costs_its_line(line_of, value, written):
    line = line_of(cart=value, user=7)

    assert (line["message"], line["cart"], line["user"]) == ("Sold out", written, 7)


def test_a_deeply_nested_value_is_cut(line_of):
    text = json.dumps(line_of(cart=nested(100_000))["cart"], ensure_ascii=False)

    assert text == "[" * 32 + '"…"' + "]" * 32


def test_a_request_in_such_a_field_has_no_query_string(line_of):
    request = RequestFactory().get("/reset?token=hunter2")

    assert line_of(seen={("a", 1): [request]})["seen"] == {"('a', 1)": ["GET /reset"]}


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({"msg": "%s and %s", "args": ("one",)}, {"message": "%s and %s", "arguments": ["one"]}),
        ({"msg": "%d left", "args": ("none",)}, {"message": "%d left", "arguments": ["none"]}),
        ({"msg": NoText()}, {"message": "<NoText>"}),
        ({"msg": {"cart": math.nan}}, {"cart": "nan"}),
    ],
)
def test_a_message_that_cannot_be_formatted_has_a_line(line_of, fields, written):
    assert written.items() <= line_of(**fields).items()


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
