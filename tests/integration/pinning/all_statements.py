"""Sends statements in every way that Django and psycopg support, and prints the recorded ones."""

import json
import os
import sys

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from django_runtimes.pinning.recorder import recording
from django_runtimes.pinning.rules import Statement


def _database(**options: object) -> dict[str, object]:
    address = conninfo_to_dict(os.environ["DATABASE_URL"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": address["host"],
        "PORT": address["port"],
        "USER": address["user"],
        "PASSWORD": address["password"],
        "NAME": address["dbname"],
        "TIME_ZONE": "Europe/Rome",
        "OPTIONS": options,
    }


settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes"],
    USE_TZ=True,
    DATABASES={
        "default": _database(),
        "pooled": _database(pool={"min_size": 1, "max_size": 1}),
        "binding": _database(server_side_binding=True),
        "preparing": _database(server_side_binding=True, prepare_threshold=0),
    },
)
django.setup()


def main() -> None:
    """Print [text, named] of all recorded statements, in the order in which they were sent."""
    seen: list[Statement] = []
    with recording(seen.append):
        _send_all()
    json.dump([[statement.text, statement.named] for statement in seen], sys.stdout)


def _send_all() -> None:
    from django.core.management import call_command
    from django.db import connections, transaction

    call_command("migrate", verbosity=0)
    for alias in settings.DATABASES:
        with transaction.atomic(using=alias), transaction.atomic(using=alias):
            _send_through_django(connections[alias], alias)
        _send_through_django(connections[alias], alias)
        _send_through_psycopg(connections[alias].connection)
        connections[alias].close()
        if alias == "pooled":
            connections[alias].close_pool()


def _send_through_django(connection, alias: str) -> None:
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.using(alias).create(app_label=f"label of {alias}", model="a 'quoted' model").delete()
    list(ContentType.objects.using(alias).iterator(chunk_size=1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2") if alias in ("default", "pooled") else cursor.execute("SELECT 1")
        cursor.executemany("SELECT %s::int", [[1], [2], [3]])
        cursor.callproc("pg_backend_pid")
        with cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
            list(copy)


def _send_through_psycopg(connection) -> None:
    connection.execute("LISTEN news")
    connection.execute("UNLISTEN *")
    with connection.transaction(), connection.transaction():
        connection.execute("SELECT 3", prepare=False)
    with connection.cursor("named", withhold=True) as cursor:
        cursor.execute("SELECT generate_series(1, 9)")
        cursor.fetchmany(2)
        cursor.scroll(3)
    with connection.pipeline():
        connection.execute("SELECT 4")
        connection.execute("SELECT 5")
    with connection.cursor() as cursor:
        list(cursor.stream("SELECT 6"))


main()
