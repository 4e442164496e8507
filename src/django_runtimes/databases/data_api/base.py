"""Django's DatabaseWrapper for PostgreSQL, whose statements are calls of the Data API."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import register_tzloader
from django.db.utils import NotSupportedError
from django.utils.functional import cached_property

from django_runtimes.databases.data_api.data_api_creation import DataApiCreation
from django_runtimes.databases.data_api.data_api_features import DataApiFeatures
from django_runtimes.databases.data_api.data_api_introspection import DataApiIntrospection
from django_runtimes.databases.data_api.data_api_operations import DataApiOperations
from django_runtimes.databases.data_api.data_api_shell import DataApiShell
from django_runtimes.databases.data_api.service.rds_data import DataApiCluster, RdsData
from django_runtimes.databases.data_api.session.data_api_connection import DataApiConnection
from django_runtimes.databases.data_api.session.data_api_cursor import DataApiCursor
from django_runtimes.databases.data_api.session.paged_cursor import PagedCursor
from django_runtimes.databases.data_api.statements.literals import data_api_adapters
from django_runtimes.databases.data_api.utc_names import UTC_NAMES

_OPTIONS = ("cluster_arn", "secret_arn")
_ADMINISTRATION_DATABASE = "postgres"
# The version of each cluster's server, which one call per process asks for.
_versions: dict[DataApiCluster, int] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """A database of an Aurora cluster; OPTIONS has the `cluster_arn` and the `secret_arn` of the login."""

    # The name by which the library finds this engine's answers.
    library_engine = "data_api"
    client_class = DataApiShell  # type: ignore[assignment]  # Django's own engine expects psql's client
    creation_class = DataApiCreation
    features_class = DataApiFeatures
    introspection_class = DataApiIntrospection
    ops_class = DataApiOperations
    pool = None

    def close_pool(self) -> None:
        """Do nothing: the service keeps the connections."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return the cluster, the secret and the database."""
        options = self.settings_dict["OPTIONS"]
        if missing := [name for name in _OPTIONS if not options.get(name)]:
            raise ImproperlyConfigured(
                f"DATABASES[{self.alias!r}]['OPTIONS'] has no {' and no '.join(missing)}; "
                "set WEBAPP_DB_CLUSTER_ARN and WEBAPP_DB_SECRET_ARN"
            )
        # An option that switches something off, as Django's `pool`, changes nothing.
        if unknown := sorted(name for name, value in options.items() if value and name not in _OPTIONS):
            raise ImproperlyConfigured(
                f"DATABASES[{self.alias!r}]['OPTIONS'] has {', '.join(unknown)}, which the Data API cannot honour; "
                f"it knows {' and '.join(_OPTIONS)}"
            )
        name = self.settings_dict["NAME"]
        if name == "":
            raise ImproperlyConfigured(f"DATABASES[{self.alias!r}] has no NAME; set WEBAPP_DB_NAME")
        return {**{option: options[option] for option in _OPTIONS}, "database": name or _ADMINISTRATION_DATABASE}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; the service is called by its first statement."""
        cluster = DataApiCluster(**conn_params)
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        adapters = data_api_adapters(settings.USE_TZ, self.timezone)
        return DataApiConnection(RdsData(cluster), adapters, self.timezone)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; one with a name reads its rows in pages."""
        self._require_utc()
        cursor = DataApiCursor(self.connection) if name is None else PagedCursor(self.connection)
        if self.connection.timezone != self.timezone:
            register_tzloader(self.timezone, cursor)
        return cursor

    def ensure_timezone(self) -> bool:
        """Change nothing: the sessions of the service are in UTC."""
        return False

    def is_usable(self) -> bool:
        """Return whether the server answers, in the open transaction if there is one."""
        if self.connection is None:
            return False
        try:
            with DataApiCursor(self.connection) as cursor:
                cursor.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    @cached_property
    def pg_version(self) -> int:
        """The server's version, as 150004 for 15.4."""
        with self.temporary_connection() as cursor:
            cluster = self.connection.service.cluster
            if cluster not in _versions:
                cursor.execute("SHOW server_version_num")
                _versions[cluster] = int(cursor.fetchone()[0])
            return _versions[cluster]

    def _configure_connection(self, connection: Any) -> bool:
        return False

    def _close(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                self.connection.close()

    def _require_utc(self) -> None:
        zone = self.timezone_name
        if zone not in UTC_NAMES:
            raise NotSupportedError(
                f"the time zone of DATABASES[{self.alias!r}] is {zone!r}, and the Data API has sessions in UTC only; "
                "set USE_TZ=True, or TIME_ZONE='UTC'"
            )
