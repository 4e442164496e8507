"""Django's engine for MySQL, with PyMySQL under the name of its driver."""

import pymysql

from tests.conformance.settings.mysql import mysql_databases
from tests.conformance.settings.stock import *  # noqa: F403

pymysql.install_as_MySQLdb()

DATABASES = mysql_databases("django.db.backends.mysql")
