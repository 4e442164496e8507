"""Zappa over Django's WSGI handler."""

from zappa.handler import LambdaHandler, lambda_handler

# Zappa keeps the first instance it makes for the whole process; its command line generates those settings.
LambdaHandler(settings_name="benchmarks.handlers.zappa_settings")
handler = lambda_handler
