"""The engine `django_runtimes.databases.postgis`."""

from django_runtimes.databases.postgis.wrapper import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
