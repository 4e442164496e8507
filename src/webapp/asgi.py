"""This project's ASGI application, which the server and the Lambda handler serve."""

from django_runtimes import get_asgi_application

application = get_asgi_application()
