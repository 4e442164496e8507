"""Django's own ASGI handler, where the project's would stand."""

from django.core.asgi import get_asgi_application

from django_runtimes.serving.asgi.persistent import require_lasting_threads

application = require_lasting_threads(get_asgi_application())
