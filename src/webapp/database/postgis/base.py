"""The engine `webapp.database.postgis`."""

from webapp.database.postgis.wrapper import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
