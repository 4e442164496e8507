"""The engines that a comparison can measure."""

from collections.abc import Mapping

from django_runtimes.compare.engines.compared_engine import ComparedEngine
from django_runtimes.compare.engines.mariadb_compared import MARIADB_COMPARED
from django_runtimes.compare.engines.postgresql_compared import POSTGRESQL_COMPARED
from django_runtimes.config.values.data_paths import Engine

# MariaDB stands for the engine of MySQL, since no package that was found contains a MySQL server.
COMPARED_ENGINES: Mapping[Engine, ComparedEngine] = {
    Engine.POSTGRESQL: POSTGRESQL_COMPARED,
    Engine.MYSQL: MARIADB_COMPARED,
}
