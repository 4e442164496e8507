"""An ASGI application with Django's own handler in place of the library's."""

from django.core.asgi import get_asgi_application

from django_runtimes.serving.asgi.persistent import require_lasting_threads

application = require_lasting_threads(get_asgi_application())
