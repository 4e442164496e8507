"""GeoDjango's DatabaseWrapper for PostGIS, with what `django_runtimes.databases.postgresql` adds to Django's."""

from typing import Any

import psycopg
from django.apps import apps
from django.contrib.gis.db.backends.postgis import base
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import router

from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin


class DatabaseWrapper(DatabaseWrapperMixin, base.DatabaseWrapper):
    """GeoDjango's, which teaches a connection PostGIS's types once, and not whenever a pool lends it."""

    def register_geometry_adapters(self, pg_connection: Any, clear_caches: bool = False) -> None:  # noqa: FBT001, FBT002  (Django's signature)
        """Django's; nothing for a connection that has them. A request's end leaves them where they are."""
        # None while a connection is made without a pool; what it has then is remembered when it is ready.
        session = getattr(pg_connection, "session", None)
        if session is None:
            super().register_geometry_adapters(pg_connection, clear_caches)
            return
        if not clear_caches and getattr(pg_connection, "geometry_types", None) == self._geometry_types():
            return
        super().register_geometry_adapters(pg_connection, clear_caches)
        pg_connection.geometry_types = self._geometry_types()
        session.keep_adapters(pg_connection)

    def _configure_connection(self, connection: psycopg.Connection) -> bool:
        if self._is_pooled:
            # The pool calls this for each connection that it makes; Django's own place is a loan.
            self.register_geometry_adapters(connection)
        return super()._configure_connection(connection)

    def _geometry_types(self) -> list[Any]:
        return [types.get(self.alias) for types in self._type_infos.values()]


class WhereNeededWrapper(DatabaseWrapper):
    """Makes the extension in those databases alone that have a model with a spatial field."""

    def prepare_database(self) -> None:
        """Django's; `migrate` calls it."""
        if self._has_spatial_fields():
            super().prepare_database()
        else:
            super(base.DatabaseWrapper, self).prepare_database()

    def _has_spatial_fields(self) -> bool:
        return any(
            isinstance(field, BaseSpatialField)
            for model in apps.get_models(include_auto_created=True)
            if router.allow_migrate_model(self.alias, model)
            for field in model._meta.local_fields
        )
