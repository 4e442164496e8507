"""The ASGI application that every runtime serves."""

import logging
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (Django's modules need the set-up)
from django.core.handlers.asgi import ASGIHandler  # noqa: E402

from webapp.database.readiness import check_database, close_database  # noqa: E402
from webapp.serving.health import HealthEndpoints  # noqa: E402
from webapp.serving.lifespan import Lifespan  # noqa: E402
from webapp.serving.one_thread import OneThreadASGIHandler  # noqa: E402

logging.getLogger(__name__).info(
    "serving as %s (%s), connections %s by the %s route",
    settings.RUNTIME_DETECTION.runtime,
    settings.RUNTIME_DETECTION.evidence,
    settings.PROFILE.connections.name,
    settings.PROFILE.route,
)

# Below the 5 s after which load balancers give a health check up.
_READINESS_TIMEOUT_S = 2.0

_handler = OneThreadASGIHandler() if settings.SERVE_ON_ONE_THREAD else ASGIHandler()
application = Lifespan(
    HealthEndpoints(_handler, check_readiness=check_database, timeout_s=_READINESS_TIMEOUT_S),
    on_shutdown=close_database,
)
