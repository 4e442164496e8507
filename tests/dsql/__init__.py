"""A stand-in for Aurora DSQL in front of a real PostgreSQL, which refuses what the service refuses."""
