"""Mangum with Django's own ASGI handler."""

from mangum import Mangum

from benchmarks.application.asgi import application

# Django's handler does not support lifespan.
handler = Mangum(application, lifespan="off")  # type: ignore[arg-type]  # the stubs name plain dictionaries
