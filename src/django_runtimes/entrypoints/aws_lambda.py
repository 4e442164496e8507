"""The Lambda handler that serves requests."""

import gc

# The objects of the init phase stay alive, and collecting garbage among them takes a tenth of the cold start.
gc.disable()

from django_runtimes import get_lambda_handler  # noqa: E402

handler = get_lambda_handler()

gc.freeze()
gc.enable()
