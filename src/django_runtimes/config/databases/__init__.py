"""Where PostgreSQL is, how to log in and how to keep connections, from variables alone."""
