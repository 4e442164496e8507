"""Django's own ASGI handler, where the project's would stand."""

from django.core.asgi import get_asgi_application

from django_runtimes.serving.asgi.persistent import keeps_connections

application = keeps_connections(get_asgi_application())
