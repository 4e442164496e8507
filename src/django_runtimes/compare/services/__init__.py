"""The servers that targets use: PostgreSQL, and PgBouncer in place of RDS Proxy."""
