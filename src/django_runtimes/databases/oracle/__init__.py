"""Django's engine for Oracle, on python-oracledb without Oracle's client libraries."""
