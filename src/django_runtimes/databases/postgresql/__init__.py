"""An engine for PostgreSQL that survives changing credentials, server outages and forks."""
