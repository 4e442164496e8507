"""apig-wsgi with Django's WSGI handler."""

from apig_wsgi import make_lambda_handler

from benchmarks.application.wsgi import application

handler = make_lambda_handler(application)
