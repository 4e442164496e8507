"""What every entry point does first: set Django up and say how it will serve."""

import logging
import os


def start_django() -> None:
    """Load the settings, set Django up, log the runtime with its evidence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    import django

    django.setup(set_prefix=False)
    from django.conf import settings

    logging.getLogger(__name__).info(
        "serving as %s (%s), connections %s by the %s route",
        settings.RUNTIME_DETECTION.runtime,
        settings.RUNTIME_DETECTION.evidence,
        settings.PROFILE.connections.name,
        settings.PROFILE.route,
    )
