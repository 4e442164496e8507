"""The servers that targets talk to: PostgreSQL, and PgBouncer as RDS Proxy's stand-in."""
