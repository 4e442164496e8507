"""What every entry point does first: set Django up, make its ASGI application, say how it will serve."""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.serving.application import Application
    from webapp.serving.one_hop import OneHopASGIHandler


def start_django(make_handler: "Callable[[], OneHopASGIHandler]") -> "tuple[Application, OneHopASGIHandler]":
    """Load the settings, set Django up, log the runtime with its evidence.

    Returns the ASGI application and the handler in it, which `make_handler` makes once Django is set up.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from webapp.serving.application import make_application

    application, handler = make_application(make_handler)
    from django.conf import settings

    logging.getLogger(__name__).info(
        "serving as %s (%s), connections %s by the %s route",
        settings.RUNTIME_DETECTION.runtime,
        settings.RUNTIME_DETECTION.evidence,
        settings.PROFILE.connections.name,
        settings.PROFILE.route,
    )
    return application, handler
