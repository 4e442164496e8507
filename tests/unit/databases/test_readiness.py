"""Readiness of a project without a database."""

from django.db import connections

from django_runtimes.databases.readiness import check_database


def test_a_project_without_a_database_is_ready(monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "ENGINE", "django.db.backends.dummy")

    check_database()
