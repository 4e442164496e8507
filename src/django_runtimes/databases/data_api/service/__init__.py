"""Calls of the Data API, and its errors as those of psycopg."""
