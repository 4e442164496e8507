"""The engine for MySQL and MariaDB, on Django's own and PyMySQL."""
