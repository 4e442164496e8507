"""GeoDjango's DatabaseWrapper for PostGIS, with the features of `django_runtimes.databases.postgresql`."""

from typing import Any

import psycopg
from django.apps import apps
from django.contrib.gis.db.backends.postgis import base
from django.contrib.gis.db.models.fields import BaseSpatialField
from django.db import router

from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin


class DatabaseWrapper(DatabaseWrapperMixin, base.DatabaseWrapper):
    """GeoDjango's wrapper, which registers PostGIS's types once for each connection, not at every checkout."""

    def register_geometry_adapters(self, pg_connection: Any, clear_caches: bool = False) -> None:  # noqa: FBT001, FBT002  (Django's signature)
        """Register the adapters, unless the connection has them; they stay registered when a request ends."""
        # The session is None while a connection without a pool is being made; `connect()` then records its adapters.
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
            # The pool calls this for each new connection; Django would register the adapters at each checkout.
            self.register_geometry_adapters(connection)
        return super()._configure_connection(connection)

    def _geometry_types(self) -> list[Any]:
        return [types.get(self.alias) for types in self._type_infos.values()]


class WhereNeededWrapper(DatabaseWrapper):
    """Creates the PostGIS extension only in databases that have a model with a spatial field."""

    def prepare_database(self) -> None:
        """Create the extension if a model needs it; `migrate` calls this method."""
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
