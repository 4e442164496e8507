"""The ASGI application that `django-admin startproject` writes."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
