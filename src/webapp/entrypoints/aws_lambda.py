"""The function handler that awslambdaric calls."""

import gc

# What the init phase makes stays: to look for garbage in it costs a tenth of the cold start.
gc.disable()

from webapp.entrypoints.start import start_django  # noqa: E402

start_django()

from django.conf import settings  # noqa: E402  (Django's modules need the set-up)

from webapp.database.readiness import check_database  # noqa: E402
from webapp.serving.direct_lambda import DirectLambdaHandler  # noqa: E402
from webapp.serving.health import HealthChecks  # noqa: E402

_health = HealthChecks(check_readiness=check_database, timeout_s=settings.READINESS_TIMEOUT_S)
handler = DirectLambdaHandler(answer_health=_health.answer)

gc.freeze()
gc.enable()
