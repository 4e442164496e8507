"""The name under which Django's engine for MySQL imports its driver."""

import subprocess
import sys

_MODULES = """
import sys
import django_runtimes.databases.mysql.mysqldb_alias
import MySQLdb.constants.CLIENT, MySQLdb.converters, pymysql
assert pymysql.err.Error is sys.modules["pymysql.err"].Error
assert MySQLdb.err is pymysql.err
assert MySQLdb.converters is pymysql.converters
"""


def test_no_module_of_the_driver_is_loaded_twice():
    subprocess.run([sys.executable, "-c", _MODULES], check=True)
