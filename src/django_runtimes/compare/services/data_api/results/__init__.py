"""Results of PostgreSQL as answers of the Data API."""
