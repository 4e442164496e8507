"""Zappa's ASGI mode with Django's WSGI handler, adapted by a2wsgi.

Zappa 0.63 sends http.disconnect right after the request. Django's own ASGI handler then cancels the view, and every
reply is an empty 200, so it cannot be measured.
"""

from zappa.handler import LambdaHandler, lambda_handler

# Zappa uses its first instance for the whole process; its command line would generate these settings.
LambdaHandler(settings_name="benchmarks.handlers.zappa_asgi_settings")
handler = lambda_handler
