"""`call_command("migrate")` under the web role, as test runners call it on the profile's route."""

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from django_runtimes.databases.postgresql.administration.session_lock import LOCK_KEY


@pytest.mark.django_db
def test_call_command_takes_no_lock_and_keeps_the_timeouts(database_server):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        before = cursor.fetchone()
        with psycopg.connect(database_server.url(connection.settings_dict["NAME"]), autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])

            call_command("migrate", verbosity=0, wait=0, lock_timeout=1)

        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == before
