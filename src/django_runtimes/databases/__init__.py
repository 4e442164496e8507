"""What the application knows of its connections to PostgreSQL."""
