"""The sample's settings; the variable COMPOSED chooses among the ASGI applications of this package."""

import os

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.applications.composed.urls"
ASGI_APPLICATION = os.environ.get("COMPOSED", "tests.applications.composed.everything.application")
