"""Zappa with Django's WSGI handler."""

from zappa.handler import LambdaHandler, lambda_handler

# Zappa uses its first instance for the whole process; its command line would generate these settings.
LambdaHandler(settings_name="benchmarks.handlers.zappa_settings")
handler = lambda_handler
