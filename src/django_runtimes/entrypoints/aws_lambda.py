"""The handler that the image gives awslambdaric."""

import gc

# What the init phase makes stays: to look for garbage in it costs a tenth of the cold start.
gc.disable()

from django_runtimes import get_lambda_handler  # noqa: E402

handler = get_lambda_handler()

gc.freeze()
gc.enable()
