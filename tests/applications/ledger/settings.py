"""The project's settings with only the ledger, so that its migrations start quickly."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*(app for app in INSTALLED_APPS if app.startswith("django_runtimes.")), "ledger"]
ROOT_URLCONF = "ledger.urls"
# Otherwise the check would report INSTALLED_APPS, which differs on purpose.
SILENCED_SYSTEM_CHECKS = ["django_runtimes.W020"]
