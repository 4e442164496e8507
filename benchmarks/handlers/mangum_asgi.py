"""Mangum over Django's own ASGI handler."""

from mangum import Mangum

from benchmarks.application.asgi import application

# Django's handler knows no lifespan.
handler = Mangum(application, lifespan="off")
