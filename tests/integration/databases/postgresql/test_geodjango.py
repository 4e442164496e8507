"""Runs a whole GeoDjango project on PostGIS, as separate processes."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.secret_key import SECRET_KEY

pytestmark = pytest.mark.profile_free

APPLICATIONS = Path(__file__).parents[3] / "applications"
VISIT = """
import django, json
django.setup()
from django.test import Client
client = Client(headers={"X-Forwarded-Proto": "https"}, SERVER_NAME="places.example")
for name, x in (("Rome", 12.5), ("Tivoli", 12.8), ("Paris", 2.3)):
    answer = client.post("/places", {"name": name, "x": x, "y": 41.9}, secure=True)
print(json.dumps(answer.json()))
"""
ENGINE = """
import django, sys
django.setup()
from django.db import connections
print(type(connections["default"]).__module__, any(name.startswith("django.contrib.gis") for name in sys.modules))
"""


def run(url: str, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a process of the project with a container's variables, which `environ` may override."""
    process = subprocess.run(
        [sys.executable, *command],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(APPLICATIONS),
            "DJANGO_SETTINGS_MODULE": "places.settings",
            "WEBAPP_RUNTIME": "aws_ecs",
            "WEBAPP_SECRET_KEY": SECRET_KEY,
            "WEBAPP_ALLOWED_HOSTS": "places.example",
            "DATABASE_URL": url,
            "WEBAPP_DB_CONNECT_TIMEOUT_S": "60",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process


def extensions(url: str) -> list[str]:
    with psycopg.connect(url, client_encoding="utf8") as connection:
        return [name for (name,) in connection.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'")]


@pytest.mark.parametrize(
    ("scheme", "runtime"),
    [
        ("postgresql", {"WEBAPP_RUNTIME": "aws_ecs"}),
        ("postgis", {"WEBAPP_RUNTIME": "aws_ecs", "WEBAPP_DB_STRATEGY": "persistent"}),
        ("postgis", {"WEBAPP_RUNTIME": "aws_lambda", "WEBAPP_DB_ROUTE": "direct"}),
    ],
    ids=["pool", "persistent", "lambda"],
)
def test_the_project_is_migrated_and_served(postgis_url, scheme, runtime):
    url = postgis_url.replace("postgresql", scheme, 1)

    gate = run(url, "-m", "webapp", "migration_gate", **runtime)
    run(url, "-m", "webapp", "migrate", **runtime)
    answer = run(url, "-c", VISIT, **runtime)

    assert "migrations to apply: 1;" in gate.stdout
    assert extensions(postgis_url) == ["postgis"]
    assert answer.stdout == '{"near": [["Rome", 12.5, 41.9], ["Tivoli", 12.8, 41.9]]}\n'


def test_no_extension_is_created_without_a_model_that_needs_it(postgis_url):
    run(postgis_url, "-m", "webapp", "migrate", DJANGO_SETTINGS_MODULE="places.spaceless")

    assert extensions(postgis_url) == []


def test_postgis_in_the_url_creates_the_extension_for_any_models(postgis_url):
    url = postgis_url.replace("postgresql", "postgis", 1)

    run(url, "-m", "webapp", "migrate", DJANGO_SETTINGS_MODULE="places.spaceless")

    assert extensions(postgis_url) == ["postgis"]


@pytest.mark.parametrize(
    ("settings", "scheme", "loaded"),
    [
        ("webapp.settings", "postgresql", "django_runtimes.databases.postgresql.plain False"),
        ("webapp.settings", "postgis", "django_runtimes.databases.postgresql.postgis_wrapper True"),
        ("places.settings", "postgresql", "django_runtimes.databases.postgresql.postgis_wrapper True"),
    ],
)
def test_geodjango_is_loaded_only_where_it_is_used(postgis_url, settings, scheme, loaded):
    url = postgis_url.replace("postgresql", scheme, 1)

    assert run(url, "-c", ENGINE, DJANGO_SETTINGS_MODULE=settings).stdout.strip() == loaded
