"""This project's engine on the Data API, in front of Debian's PostgreSQL."""

import json
import os

from tests.conformance.settings.stock import *  # noqa: F403

_ENVIRON = json.loads(os.environ["CONFORMANCE_DATA_API"])["environ"]
os.environ.update({name: value for name, value in _ENVIRON.items() if name.startswith("AWS_")})

# The sessions of the service are in UTC.
TIME_ZONE = "UTC"
DATABASES = {
    name: {
        "ENGINE": "django_runtimes.databases.data_api",
        "NAME": f"engine_data_api_{name}",
        "OPTIONS": {
            "cluster_arn": _ENVIRON["WEBAPP_DB_CLUSTER_ARN"],
            "secret_arn": _ENVIRON["WEBAPP_DB_SECRET_ARN"],
        },
    }
    for name in ("default", "other")
}
