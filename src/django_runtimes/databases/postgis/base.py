"""The engine `django_runtimes.databases.postgis`."""

from django_runtimes.databases.postgresql.postgis_wrapper import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
