"""This project's ASGI application, which the server and the Lambda handler serve."""

from webapp import get_asgi_application

application = get_asgi_application()
