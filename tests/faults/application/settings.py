"""The project's settings, with the views of the fault cases beside its own."""

import os

from tests.faults.application.names import QUERY_AT_START, TOKEN_REFRESH_AFTER_S, TOKEN_USABLE_FOR_S
from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

ROOT_URLCONF = "tests.faults.application.urls"
if refresh_after_s := os.environ.get(TOKEN_REFRESH_AFTER_S):
    from django_runtimes.databases.credentials import iam

    # The library has no setting for these values, because AWS fixes the lifetime of a token.
    iam.IamProvider.__init__.__kwdefaults__["refresh_after_s"] = float(refresh_after_s)
    iam._USABLE_FOR_S = float(os.environ[TOKEN_USABLE_FOR_S])
if QUERY_AT_START in os.environ:
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.application.apps.QueryingAtStart"]
