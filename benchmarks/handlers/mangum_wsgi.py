"""Mangum with Django's WSGI handler, adapted by a2wsgi."""

from a2wsgi import WSGIMiddleware
from mangum import Mangum

from benchmarks.application.wsgi import application

handler = Mangum(WSGIMiddleware(application), lifespan="off")
