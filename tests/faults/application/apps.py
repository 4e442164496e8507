"""An application that uses the database before its server forks."""

import json
import os
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.db import connection

from tests.faults.application.names import ASKED_AT_START


class AskingAtStart(AppConfig):
    """Asks once while Django is set up, as too many applications do, and keeps its connection."""

    name = "tests.faults.application"
    label = "faults"

    def ready(self) -> None:
        """Ask, and write down who was asked."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        identity = {"process": os.getpid(), "backend": backend}
        Path(settings.STATIC_ROOT, ASKED_AT_START).write_text(json.dumps(identity))
