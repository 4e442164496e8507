"""The Django app with the commands that change a database."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "django_runtimes.operations"
    label = "django_runtimes_operations"
