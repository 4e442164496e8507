"""Mangum with Django's WSGI handler, adapted by a2wsgi."""

from mangum import Mangum

from benchmarks.application.adapted import application

handler = Mangum(application, lifespan="off")
