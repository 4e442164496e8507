import pytest
from django.conf import settings

from webapp.database.checks import check_encryption


def database(host: str, engine: str = "webapp.database.postgresql", **options: str) -> dict:
    return {"default": {"ENGINE": engine, "HOST": host, "OPTIONS": options}}


@pytest.mark.parametrize("engine", ["webapp.database.postgresql", "django.db.backends.postgresql"])
@pytest.mark.parametrize("options", [{}, {"sslmode": "disable"}, {"sslmode": "allow"}, {"sslmode": "prefer"}])
def test_plain_text_across_a_network_is_an_error(monkeypatch, engine, options):
    monkeypatch.setattr(settings, "DATABASES", database("db.example", engine, **options))

    (error,) = check_encryption()

    assert error.id == "webapp.E001"
    assert "to db.example in plain text" in error.msg


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_encryption_across_a_network_is_none(monkeypatch, mode):
    monkeypatch.setattr(settings, "DATABASES", database("db.example", sslmode=mode))

    assert check_encryption() == []


@pytest.mark.parametrize(
    "databases", [database("127.0.0.1"), database("db.example", "django.db.backends.sqlite3")], ids=["here", "sqlite"]
)
def test_nothing_is_said_of_loopback_and_other_engines(monkeypatch, databases):
    monkeypatch.setattr(settings, "DATABASES", databases)

    assert check_encryption() == []
