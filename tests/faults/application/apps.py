"""An application that uses the database before its server forks."""

import json
import os
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.db import connection

from tests.faults.application.names import BACKEND_AT_START


class QueryingAtStart(AppConfig):
    """Queries the database while Django is set up, as too many applications do, and keeps the connection."""

    name = "tests.faults.application"
    label = "faults"

    def ready(self) -> None:
        """Run a query, and write this process and its backend to a file."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        identity = {"process": os.getpid(), "backend": backend}
        Path(settings.STATIC_ROOT, BACKEND_AT_START).write_text(json.dumps(identity))
