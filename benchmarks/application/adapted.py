"""Django's WSGI handler as an ASGI application, by a2wsgi."""

from a2wsgi import WSGIMiddleware

from benchmarks.application.wsgi import application as wsgi_application

application = WSGIMiddleware(wsgi_application)
