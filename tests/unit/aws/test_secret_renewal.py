"""Variables get the new values of rotated secrets, and keep the former ones if AWS does not answer."""

import logging

import pytest

from django_runtimes.aws import secret_renewal
from django_runtimes.aws.secret_renewal import SecretRenewal
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.secret_references import SecretReference
from tests.unit.library_records import library_records

REFERENCES = {"API_KEY": SecretReference(parameter="/shop/key"), "DSN": SecretReference(parameter="/shop/dsn")}


class Stored:
    """The values in AWS, and the reads of them; the next reads fail with `failure`."""

    def __init__(self) -> None:
        self.values = {"API_KEY": "first", "DSN": "same"}
        self.failure: str | None = None
        self.reads = 0

    def read(self, references: object, region: str | None) -> dict[str, str]:
        assert (references, region) == (REFERENCES, "eu-west-1")
        self.reads += 1
        if self.failure:
            raise ConfigurationError(self.failure)
        return dict(self.values)


class Clock:
    """A moment that the test moves."""

    now_s = 0.0

    def __init__(self) -> None:
        self.at_s = self.now_s

    @classmethod
    def now(cls) -> "Clock":
        return cls()

    @property
    def age_s(self) -> float:
        return Clock.now_s - self.at_s


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    found = Stored()
    Clock.now_s = 0.0
    monkeypatch.setattr(secret_renewal, "read_secret_variables", found.read)
    monkeypatch.setattr(secret_renewal, "Moment", Clock)
    return found


@pytest.fixture
def environ(stored: Stored) -> dict[str, str]:
    return {**stored.values, "OTHER": "1"}


@pytest.fixture
def renewal(environ: dict[str, str]) -> SecretRenewal:
    return SecretRenewal(environ, REFERENCES, "eu-west-1", renew_after_s=300)


def test_a_new_value_is_read_once_the_former_is_old(renewal, stored, environ, caplog):
    caplog.set_level(logging.INFO, logger="django_runtimes")
    stored.values["API_KEY"] = "second"
    Clock.now_s = 299
    renewal()
    assert (stored.reads, environ["API_KEY"]) == (0, "first")

    Clock.now_s = 300
    renewal()
    renewal()

    assert stored.reads == 1
    assert environ == {"API_KEY": "second", "DSN": "same", "OTHER": "1"}
    assert [record.getMessage() for record in library_records(caplog)] == [
        "API_KEY changed in AWS; settings that were computed from the former value keep it"
    ]


def test_the_same_values_are_not_logged(renewal, stored, caplog):
    caplog.set_level(logging.INFO, logger="django_runtimes")
    Clock.now_s = 300

    renewal()

    assert (stored.reads, library_records(caplog)) == (1, [])


def test_a_read_that_fails_keeps_the_values_for_a_minute(renewal, stored, environ, caplog):
    stored.values["API_KEY"] = "second"
    stored.failure = "the secret arn cannot be read: AccessDeniedException"
    for second in (300, 301, 359):
        Clock.now_s = second
        renewal()

    assert (stored.reads, environ["API_KEY"]) == (1, "first")
    assert [(record.levelname, record.getMessage()) for record in library_records(caplog)] == [
        ("WARNING", "the secret arn cannot be read: AccessDeniedException; the former values are still used")
    ]

    stored.failure = None
    Clock.now_s = 360
    renewal()

    assert (stored.reads, environ["API_KEY"]) == (2, "second")
