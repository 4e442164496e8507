"""The engine for Aurora DSQL, on the PostgreSQL engine."""
