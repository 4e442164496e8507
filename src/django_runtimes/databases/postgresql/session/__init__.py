"""What one request leaves in a PostgreSQL session, and how it is noted and cleared."""
