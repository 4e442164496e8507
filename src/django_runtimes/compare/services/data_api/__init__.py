"""A stand-in for the Aurora Data API: rds-data over HTTP in front of a PostgreSQL server."""
