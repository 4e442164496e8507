"""Lets Django's engine for MySQL, which imports MySQLdb, use PyMySQL; import this module before that engine."""

import sys

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.extras import NEEDED_BY, require_extra

require_extra("mysql", NEEDED_BY["mysql"])

import pymysql  # noqa: E402  (the error of a missing package names the extra)

if sys.modules.get("MySQLdb", pymysql) is not pymysql:
    raise ImproperlyConfigured(
        "mysqlclient is loaded, and Django's engine for MySQL has one driver in a process; remove imports of MySQLdb, "
        "and use the engine django_runtimes.databases.mysql for every MySQL database"
    )
pymysql.install_as_MySQLdb()
# Otherwise Django's imports of MySQLdb.converters and others would load them a second time, with other error classes.
for name, module in list(sys.modules.items()):
    if name.startswith("pymysql."):
        sys.modules[name.replace("pymysql", "MySQLdb", 1)] = module
