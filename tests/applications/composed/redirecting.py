"""Starlette redirects HTTP to HTTPS, before Django does."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

from django_runtimes import get_asgi_application

application = HTTPSRedirectMiddleware(get_asgi_application())
