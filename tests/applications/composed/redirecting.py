"""Starlette redirects HTTP to HTTPS before the request reaches Django."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

from django_runtimes import get_asgi_application

application = HTTPSRedirectMiddleware(get_asgi_application())
