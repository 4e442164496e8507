"""Django's engine without a pool, in UTC, on the server behind the Data API."""

import json
import os

from tests.conformance.settings.postgresql import databases
from tests.conformance.settings.stock import *  # noqa: F403

os.environ["CONFORMANCE_POSTGRESQL"] = json.loads(os.environ["CONFORMANCE_DATA_API"])["postgresql"]

TIME_ZONE = "UTC"
DATABASES = databases("django.db.backends.postgresql", pool=False)
