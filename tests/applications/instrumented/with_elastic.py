"""Settings with Elastic APM, which sends its data to a server that the test runs."""

import elasticapm

from instrumented.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "elasticapm.contrib.django"]  # noqa: F405


def note(number: int) -> None:
    elasticapm.label(tenant=str(number))
    elasticapm.set_user_context(user_id=str(number))
